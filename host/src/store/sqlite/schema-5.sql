-- What came in together and is not in the inbox yet; `events` is a list.
CREATE TABLE inbox_arrival (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    connection TEXT NOT NULL,
    received INTEGER NOT NULL,
    events BLOB NOT NULL
) STRICT;

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
CREATE INDEX inbox_waiting ON inbox (connection) WHERE state = 'waiting';
CREATE INDEX inbox_retry ON inbox (connection, next) WHERE state = 'retry';
CREATE INDEX inbox_done ON inbox (received) WHERE state IN ('applied', 'ignored');
