-- Following the source: what is opened on it, where the destination stands, and what is asked of the follower.
CREATE TABLE sampan.stream (
  run         text PRIMARY KEY REFERENCES sampan.run ON DELETE CASCADE,
  slot        text NOT NULL,
  publication text NOT NULL,
  -- intended: they may be on the source. open: changes are kept for us. arrived: writers were stopped, and all changes are here.
  -- closed: nothing of it is on the source any more.
  state       text NOT NULL CHECK (state IN ('intended', 'open', 'arrived', 'closed')),
  generation  integer,                            -- of the view that the changes begin behind
  system      text,                               -- the source's system identifier and timeline: positions are of these
  timeline    integer,
  tables      jsonb,                              -- what is followed, with its columns as of that view
  receipt     pg_lsn,                             -- everything before it is in the destination, in the transaction that says so
  changes     bigint NOT NULL DEFAULT 0,
  healed      bigint NOT NULL DEFAULT 0,          -- parts that had to be applied one change after the other
  source_at   pg_lsn,                             -- where the source stood at the last look
  retained    bigint,                             -- bytes of WAL that it keeps for us
  looked_at   timestamptz,
  cutover_at  timestamptz,                        -- the operator says that writers are stopped
  withdrawn   text,                               -- why the last cutover was given up, and following goes on
  closed_because text
);

CREATE TRIGGER note_damage AFTER DELETE ON sampan.stream REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE PROCEDURE sampan.note_damage();
CREATE TRIGGER note_emptied AFTER TRUNCATE ON sampan.stream
  FOR EACH STATEMENT EXECUTE PROCEDURE sampan.note_damage();
