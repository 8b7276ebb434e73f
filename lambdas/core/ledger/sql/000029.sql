-- What the start that has the run is for: plan, migrate or follow. A plan only looks at a run that another one has begun to migrate. Null:
-- it was opened by a Sampan before this was kept, and may have begun.
ALTER TABLE sampan.run ADD COLUMN mode text;
