-- Large objects that runs have made here: of those a later view of the source may be without, and none else, the copy removes.
CREATE TABLE sampan.large_object_made (
  oid oid PRIMARY KEY
);
