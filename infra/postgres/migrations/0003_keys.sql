-- Keys that seal what people wrote and who they are, each wrapped by the master key, which is never
-- in the database. A row that is gone makes all that it sealed unreadable for ever.

CREATE TABLE keys.sealing_keys (
    key_id uuid PRIMARY KEY,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('content', 'identity', 'snapshot')),
    workspace_id text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    master_id text COLLATE "C" NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (kind, workspace_id, owner)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 0);
COMMENT ON TABLE keys.sealing_keys IS
    'content: of an author in a workspace; identity: of a person, workspace empty; snapshot: of a '
    'workspace, owner empty. Vacuumed soon after a row goes, so that its bytes go too.';
CREATE INDEX sealing_keys_owner ON keys.sealing_keys (owner);
CREATE INDEX sealing_keys_master ON keys.sealing_keys (master_id);

CREATE TABLE keys.destroyed (
    key_id uuid PRIMARY KEY,
    kind text COLLATE "C" NOT NULL,
    workspace_id text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    destroyed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE keys.root (
    one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    master_id text COLLATE "C" NOT NULL,
    wrapped bytea NOT NULL
);
COMMENT ON TABLE keys.root IS
    'The secret from which HMAC keys are derived: it outlives every rotation of the master key.';

GRANT SELECT, INSERT ON keys.sealing_keys, keys.root TO taskledger_api, taskledger_worker;
