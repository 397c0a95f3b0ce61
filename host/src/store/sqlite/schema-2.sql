-- How many records an import has changed since it began, for the brake. `confirms`
-- is the preview that a person has confirmed.
CREATE TABLE tally (
    connection TEXT NOT NULL,
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    since INTEGER NOT NULL,
    base INTEGER NOT NULL,
    confirms INTEGER,
    allowed INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    wanted INTEGER NOT NULL,
    PRIMARY KEY (connection, subject, kind)
) STRICT, WITHOUT ROWID;

-- The records that `changed` counts, so that each counts once.
CREATE TABLE tally_record (
    connection TEXT NOT NULL,
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    record INTEGER NOT NULL,
    PRIMARY KEY (connection, subject, kind, record)
) STRICT, WITHOUT ROWID;
