-- Records that are parts of what a row is, as a JSON list; null for none.
ALTER TABLE report ADD COLUMN parts TEXT;
