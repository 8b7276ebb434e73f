-- Calls in a row that had no time for the chunk and could not make it smaller: it would be begun for ever.
ALTER TABLE sampan.chunk ADD COLUMN too_slow integer NOT NULL DEFAULT 0;
