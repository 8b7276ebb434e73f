-- How a relation travels and how it is cut, with the reasons: the plan can be read.
ALTER TABLE sampan.relation
  ADD COLUMN format_reason   text,                -- why it is text; null where it is binary
  ADD COLUMN text_digest_sql text,                -- digest_sql with every column as text, for the day the binary form fails
  ADD COLUMN cut_reason      text;                -- how it is cut into chunks, and why in that way
