-- The sums of a run that has ended, as JSON; null while it runs, where its report has
-- changed since, and for runs of before: those are counted when somebody looks.
ALTER TABLE run ADD COLUMN counts TEXT;
-- The last run of each entity and mode, and the last one with a failure.
CREATE INDEX run_by_kind ON run (connection, entity, mode);
CREATE INDEX run_failed ON run (connection, entity, mode) WHERE failure IS NOT NULL;

-- By writer too, as lines of a quiet one lie far apart beside those of a busy one. In the
-- place of that by layer alone: each line of each import pays for each index.
DROP INDEX journal_by_layer;
CREATE INDEX journal_by_writer ON journal (layer, connection);

-- What nobody tries any more, newest first: paid for when an event is applied, and not
-- when it comes in.
CREATE INDEX inbox_settled ON inbox (connection)
    WHERE state NOT IN ('waiting', 'retry');

-- What an import did not bring, which people look for among all that it did.
CREATE INDEX report_kept_out ON report (run, key_length, key, entity)
    WHERE outcome IN ('conflict', 'failed', 'waiting', 'skipped');
