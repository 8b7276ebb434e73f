-- Large objects that runs have made here: of those a later view of the source may be without, and none else, the copy removes.
CREATE TABLE sampan.large_object_made (
  oid oid PRIMARY KEY
);
-- What stood on the destination before the run, and stays: it is never dropped, nor given other rights.
ALTER TABLE sampan.object ADD COLUMN kept boolean NOT NULL DEFAULT false;
