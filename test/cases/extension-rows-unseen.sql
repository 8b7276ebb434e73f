-- nodst:
-- The precheck has no destination to look at.
CREATE EXTENSION sampan_jobs; INSERT INTO step VALUES (1, NULL, NULL), (11, '[]', NULL);
