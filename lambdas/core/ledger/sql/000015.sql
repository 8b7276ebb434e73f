-- What travels at the moment: each lane says so every second, on its watch's session and outside of the transaction that copies. Not
-- logged, and of no run: a word is good for some seconds.
CREATE UNLOGGED TABLE sampan.under_way (
  run          text    NOT NULL,
  lane         integer NOT NULL,
  flight       bigint  NOT NULL,                  -- rises: what is said of a flight that has landed is too late
  relation     oid     NOT NULL,                  -- of its largest chunk
  bytes        bigint  NOT NULL,                  -- of the chunks' estimated bytes
  rows         bigint  NOT NULL,
  at           timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  PRIMARY KEY (run, lane)
) WITH (fillfactor = 20);
