-- What somebody has asked of a start while it goes on (sampan limits, pause, resume), in the ledger of the task's first database: those that
-- begin later read it there. Null: nothing. Fields of Limits and `paused`, and `execution`: the start that it was asked of.
ALTER TABLE sampan.run ADD COLUMN asked jsonb;
