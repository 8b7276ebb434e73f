-- A range of a key that a call of a lane had no time for: the next call cuts it at its middle, which only the source knows.
ALTER TABLE sampan.chunk ADD COLUMN cut_due boolean NOT NULL DEFAULT false;
