-- The comparison of both sides after the copy.

-- Validation reads the destination in pieces of its own; the digest is a sum, so pieces add up in any order.
CREATE TABLE sampan.digest_part (
  run          text    NOT NULL,
  id           integer NOT NULL,
  relation     oid     NOT NULL,
  lower        text,                              -- tid, inclusive
  upper        text,                              -- tid, exclusive
  bytes        bigint  NOT NULL DEFAULT 0,
  state        text    NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done')),
  rows         bigint,
  digest       numeric,
  milliseconds double precision,
  PRIMARY KEY (run, id),
  FOREIGN KEY (run, relation) REFERENCES sampan.relation (run, oid) ON DELETE CASCADE
);

-- What was found when a table that differs was looked into: numbers and places, never values.
CREATE TABLE sampan.difference (
  run          text    NOT NULL,
  relation     oid     NOT NULL,
  missing      bigint  NOT NULL,                  -- rows only on the source
  surplus      bigint  NOT NULL,                  -- rows only on the destination
  different    bigint  NOT NULL,                  -- rows of one key on both, with different values
  complete     boolean NOT NULL,                  -- false: looked into in part, the numbers are at least these
  source_changed boolean NOT NULL,                -- true: the source was written to since the copy, and counts as it is now
  places       jsonb   NOT NULL DEFAULT '[]',     -- [{"side": "source", "ctid": "(3,7)", "kind": "missing"}, ...], at most 20
  PRIMARY KEY (run, relation),
  FOREIGN KEY (run, relation) REFERENCES sampan.relation (run, oid) ON DELETE CASCADE
);
