-- The remote's events. `state` is `waiting`, `retry`, `rejected`, `applied` or `ignored`;
-- the last two keep no payload, and go after a while.
CREATE TABLE inbox (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    connection TEXT NOT NULL,
    account TEXT NOT NULL,
    object TEXT NOT NULL,
    dedupe TEXT NOT NULL,
    payload BLOB NOT NULL,
    received INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    attempts INTEGER NOT NULL DEFAULT 0,
    next INTEGER NOT NULL DEFAULT 0,
    failure TEXT,
    UNIQUE (connection, dedupe)
) STRICT;
CREATE INDEX inbox_due ON inbox (connection, next) WHERE state IN ('waiting', 'retry');
CREATE INDEX inbox_done ON inbox (received) WHERE state IN ('applied', 'ignored');
