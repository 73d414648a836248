-- Keys of single fields, as a bundle from another log discloses them. Whose they are stands with the
-- key that they came from, which itself never left that log: with it go all of its fields' keys.

CREATE TABLE keys.imported_keys (
    key_id uuid PRIMARY KEY,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('content', 'identity')),
    workspace_id text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    master_id text COLLATE "C" NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 0);
COMMENT ON TABLE keys.imported_keys IS
    'A key of another log, by the id that stands in what it sealed there; kind, workspace and owner '
    'as in sealing_keys. What is wrapped is no copy of it, but a key of this log that wraps the keys '
    'of single fields.';
CREATE INDEX imported_keys_owner ON keys.imported_keys (owner);
CREATE INDEX imported_keys_master ON keys.imported_keys (master_id);

CREATE TABLE keys.field_keys (
    key_id uuid NOT NULL REFERENCES keys.imported_keys ON DELETE CASCADE,
    commitment bytea NOT NULL CHECK (octet_length(commitment) = 32),
    wrapped bytea NOT NULL,
    PRIMARY KEY (key_id, commitment)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 0);
COMMENT ON TABLE keys.field_keys IS
    'Of one field each: the commitment stands in the sealed field and tells which key is its own.';

CREATE VIEW keys.every_key AS
    SELECT key_id, kind, workspace_id, owner FROM keys.sealing_keys
    UNION ALL
    SELECT key_id, kind, workspace_id, owner FROM keys.imported_keys;
COMMENT ON VIEW keys.every_key IS 'Whose keys there are, made here and imported.';

GRANT SELECT ON keys.imported_keys, keys.field_keys, keys.every_key
    TO taskledger_api, taskledger_worker;

CREATE OR REPLACE FUNCTION keys.destroy(ids uuid[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH made_here AS (
        DELETE FROM keys.sealing_keys WHERE key_id = ANY (ids)
        RETURNING key_id, kind, workspace_id, owner
    ), imported AS (
        DELETE FROM keys.imported_keys WHERE key_id = ANY (ids)
        RETURNING key_id, kind, workspace_id, owner
    ), gone AS (
        SELECT * FROM made_here UNION ALL SELECT * FROM imported
    ), snapshots AS (
        DELETE FROM log.snapshots
        WHERE workspace_id IN (SELECT workspace_id FROM gone WHERE kind = 'snapshot')
    )
    INSERT INTO keys.destroyed (key_id, kind, workspace_id, owner)
    SELECT key_id, kind, workspace_id, owner FROM gone
    ON CONFLICT (key_id) DO UPDATE SET destroyed_at = clock_timestamp();
END;
