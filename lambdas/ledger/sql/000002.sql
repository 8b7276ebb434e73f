-- Why a relation travels as it does: told in the plan.
ALTER TABLE sampan.relation
  -- Why text and not binary; null where it is binary.
  ADD COLUMN format_reason text,
  -- The binary form was refused by a server: it is text from then on, for all its chunks.
  ADD COLUMN fell_back boolean NOT NULL DEFAULT false,
  -- The expression for digest_sql where the binary form turned out to be a wrong guess: all columns as text.
  ADD COLUMN text_digest_sql text,
  -- How the table is cut, and why in that way.
  ADD COLUMN cut_reason text;
