-- What is derived of the log so that it can be proven: every event's link in its workspace's chain,
-- and what was signed. Only the sealer writes here; docs/record.md says what the bytes are.
CREATE SCHEMA record;
GRANT USAGE ON SCHEMA record TO taskledger_api, taskledger_worker;

CREATE TABLE record.entries (
    workspace_id text COLLATE "C" NOT NULL,
    count bigint NOT NULL CHECK (count > 0),
    position bigint NOT NULL CHECK (position > 0),
    link bytea NOT NULL CHECK (octet_length(link) = 32),
    PRIMARY KEY (workspace_id, count)
);
CREATE UNIQUE INDEX entries_position ON record.entries (position);
ALTER TABLE record.entries ALTER link SET STORAGE PLAIN;
COMMENT ON TABLE record.entries IS
    'Every event as a link of its workspace''s chain: the count-th event of the workspace.';

CREATE TABLE record.checkpoints (
    log_id uuid NOT NULL,
    size bigint NOT NULL CHECK (size > 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    note text NOT NULL,
    signed_at timestamptz NOT NULL,
    PRIMARY KEY (log_id, size)
);
COMMENT ON TABLE record.checkpoints IS
    'What was signed: the root of the tree over the first `size` events, and the signed note.';

ALTER TABLE record.entries ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON record.entries FOR SELECT TO taskledger_api USING (
    workspace_id = 'system'
    OR workspace_id = ANY (string_to_array(current_setting('taskledger.workspaces', true), ','))
);
CREATE POLICY every_tenant ON record.entries TO taskledger_worker USING (true) WITH CHECK (true);

GRANT SELECT ON record.entries, record.checkpoints TO taskledger_api;
GRANT SELECT, INSERT ON record.entries TO taskledger_worker;
GRANT SELECT, INSERT, DELETE ON record.checkpoints TO taskledger_worker;

CREATE TABLE record.summaries (
    position bigint PRIMARY KEY,
    upto bigint NOT NULL
);
COMMENT ON TABLE record.summaries IS 'Where the events ChainsSummed stand, and up to where each sums.';

CREATE TABLE record.asked (
    one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    upto bigint NOT NULL DEFAULT 0
);
INSERT INTO record.asked DEFAULT VALUES;
COMMENT ON TABLE record.asked IS 'One row: up to where somebody waits for the chains to be summed.';

GRANT SELECT ON record.summaries TO taskledger_api;
GRANT SELECT, INSERT ON record.summaries TO taskledger_worker;
GRANT SELECT, UPDATE ON record.asked TO taskledger_api, taskledger_worker;
