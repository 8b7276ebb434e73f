-- Columns, or attributes of them, of whose values only NULL and not NULL is compared.
ALTER TABLE sampan.relation ADD COLUMN not_compared text[] NOT NULL DEFAULT '{}';
