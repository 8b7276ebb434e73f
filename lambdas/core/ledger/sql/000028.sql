-- The cutover of a run that follows several databases: one decision for all, in the ledger of the task's first one.
CREATE TABLE sampan.cutover (
  run       text PRIMARY KEY REFERENCES sampan.run ON DELETE CASCADE,
  asked_at  timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  -- asked: each database locks its source and waits for its changes. agreed: all have them, and none goes back any more.
  -- withdrawn: one of them could not, and all go on following.
  state     text NOT NULL CHECK (state IN ('asked', 'agreed', 'withdrawn')),
  wanted    integer NOT NULL,                     -- how many databases there are
  arrived   text[] NOT NULL DEFAULT '{}',         -- whose changes are all here, behind their locks
  digested  text[] NOT NULL DEFAULT '{}',         -- which of them have kept what the source has come to as well
  why       text
);

CREATE TRIGGER note_damage AFTER DELETE ON sampan.cutover REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE PROCEDURE sampan.note_damage();
CREATE TRIGGER note_emptied AFTER TRUNCATE ON sampan.cutover
  FOR EACH STATEMENT EXECUTE PROCEDURE sampan.note_damage();
