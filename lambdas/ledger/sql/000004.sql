-- A snapshot's id counts from the beginning when the server starts: what it sees tells it from another one of the same id.
ALTER TABLE sampan.snapshot ADD COLUMN view text;
