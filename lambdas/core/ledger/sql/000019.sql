-- Columns of the source that stay behind; they are none of "columns".
ALTER TABLE sampan.relation ADD COLUMN excluded text[] NOT NULL DEFAULT '{}';
