-- How a row of the outbox stands: `waiting`, `retry` or `rejected`; when it is due
-- (0 for at once), how often it was tried, and why the last attempt failed.
ALTER TABLE outbox ADD COLUMN state TEXT NOT NULL DEFAULT 'waiting';
ALTER TABLE outbox ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN next INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN failure TEXT;
-- Who serves asks every second, also where thousands are rejected.
CREATE INDEX outbox_due ON outbox (connection, next) WHERE state <> 'rejected';

-- For a line about the remote: the object that was written there, as JSON; null for
-- what was written in Halo.
ALTER TABLE journal ADD COLUMN remote TEXT;
-- What the brake counts at each batch.
CREATE INDEX journal_archived ON journal (connection, kind, at)
    WHERE remote IS NOT NULL AND effect = 'removed';

-- What people are told of what was sent, or was not.
CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    connection TEXT NOT NULL,
    at INTEGER NOT NULL,
    level TEXT NOT NULL,
    text TEXT NOT NULL,
    kind TEXT NOT NULL,
    record INTEGER NOT NULL,
    title TEXT NOT NULL,
    address TEXT
) STRICT;
CREATE INDEX message_by_connection ON message (connection, id);
