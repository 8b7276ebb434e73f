-- The start that the destination's rows are compared for: what an earlier one has read may have been written to since it ended.
ALTER TABLE sampan.run ADD COLUMN compared_by text;
