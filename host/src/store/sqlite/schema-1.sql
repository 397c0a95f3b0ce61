-- What the store knows about itself.
CREATE TABLE property (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Which connection wants to be told of changes of which kind.
CREATE TABLE push_kind (
    kind TEXT NOT NULL,
    connection TEXT NOT NULL,
    PRIMARY KEY (kind, connection)
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (
    connection TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (connection, name)
) STRICT, WITHOUT ROWID;

-- A row stays when its lane is given back: the fence must not start again.
CREATE TABLE lane (
    connection TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    fence INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    held INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE custom_field (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

-- `fields` is NULL for a record that a preview has removed. With a rowid, as
-- rows can be long and the key alone must stay quick to search.
CREATE TABLE record (
    layer INTEGER NOT NULL,
    kind TEXT NOT NULL,
    id INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    fields TEXT,
    PRIMARY KEY (layer, kind, id)
) STRICT;

-- The last id that was given: the id of a removed record is not used again.
CREATE TABLE last_id (
    layer INTEGER NOT NULL,
    kind TEXT NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (layer, kind)
) STRICT, WITHOUT ROWID;

-- External references. `record` is NULL for a key that a preview has removed.
CREATE TABLE record_key (
    layer INTEGER NOT NULL,
    connection TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    record INTEGER,
    PRIMARY KEY (layer, connection, kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX record_key_by_record ON record_key (layer, kind, record, connection, key);

-- Folded values by which records are looked up.
CREATE TABLE index_value (
    layer INTEGER NOT NULL,
    kind TEXT NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    record INTEGER NOT NULL,
    is_text INTEGER NOT NULL,
    PRIMARY KEY (layer, kind, field, value, record)
) STRICT, WITHOUT ROWID;

-- `value` is NULL for an entry that a preview has removed.
CREATE TABLE state_entry (
    layer INTEGER NOT NULL,
    connection TEXT NOT NULL,
    key TEXT NOT NULL,
    revision INTEGER NOT NULL,
    value BLOB,
    PRIMARY KEY (layer, connection, key)
) STRICT;

-- The highest revision of a removed entry: an entry that is made anew starts
-- above it, so revisions never go back and removed keys leave nothing behind.
CREATE TABLE state_floor (
    connection TEXT PRIMARY KEY,
    revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- `sealed` is NULL for a removed one, whose revision counts on.
CREATE TABLE secret (
    connection TEXT NOT NULL,
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    sealed BLOB,
    PRIMARY KEY (connection, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE task (
    connection TEXT NOT NULL,
    name TEXT NOT NULL,
    due INTEGER NOT NULL,
    every INTEGER,
    PRIMARY KEY (connection, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE settings_version (
    connection TEXT NOT NULL,
    revision INTEGER NOT NULL,
    json TEXT NOT NULL,
    author TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (connection, revision)
) STRICT;

-- AUTOINCREMENT: a run's number is also its layer's and must not come twice.
CREATE TABLE run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    connection TEXT NOT NULL,
    entity TEXT NOT NULL,
    mode TEXT NOT NULL,
    arguments TEXT NOT NULL,
    started INTEGER NOT NULL,
    ended INTEGER,
    state TEXT NOT NULL,
    failure TEXT
) STRICT;
CREATE INDEX run_by_connection ON run (connection, id);

-- In the order in which it is answered. `effect` and `changes` are filled when
-- the journal of a preview is dropped; before, they come from there.
CREATE TABLE report (
    run INTEGER NOT NULL REFERENCES run (id),
    key_length INTEGER NOT NULL,
    key TEXT NOT NULL,
    entity TEXT NOT NULL,
    title TEXT NOT NULL,
    address TEXT,
    facets TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT,
    kind TEXT NOT NULL,
    record INTEGER,
    effect TEXT,
    changes TEXT,
    PRIMARY KEY (run, key_length, key, entity)
) STRICT;

CREATE TABLE journal (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    layer INTEGER NOT NULL,
    at INTEGER NOT NULL,
    connection TEXT NOT NULL,
    run INTEGER,
    cause TEXT NOT NULL,
    kind TEXT NOT NULL,
    record INTEGER NOT NULL,
    key TEXT,
    effect TEXT NOT NULL,
    changes TEXT NOT NULL
) STRICT;
-- Each ends with the sequence, so that the newest lines are read without sorting.
CREATE INDEX journal_by_layer ON journal (layer);
CREATE INDEX journal_by_record ON journal (kind, record);
CREATE INDEX journal_by_run ON journal (run, kind, key) WHERE run IS NOT NULL;

CREATE TABLE outbox (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    connection TEXT NOT NULL,
    kind TEXT NOT NULL,
    record INTEGER NOT NULL,
    what TEXT NOT NULL,
    fields TEXT NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (connection, kind, record)
) STRICT;
CREATE INDEX outbox_by_time ON outbox (connection, at, sequence);
