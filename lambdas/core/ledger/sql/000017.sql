-- Nobody copies until it is taken back: lanes stand where they are, with their transactions open.
ALTER TABLE sampan.limits ADD COLUMN paused boolean NOT NULL DEFAULT false;
