-- The log: the only truth, and beside it what is derived from it.
-- Ids compare byte by byte (COLLATE "C"): faster, and no index depends on the machine's locale data.

CREATE TABLE log.head (
    one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    log_id uuid NOT NULL,
    position bigint NOT NULL DEFAULT 0 CHECK (position >= 0),
    recorded_at timestamptz NOT NULL
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
COMMENT ON TABLE log.head IS
    'One row: the last position and its time. Locking it is the right to append.';

CREATE TABLE log.incarnations (
    log_id uuid PRIMARY KEY,
    declared_at timestamptz NOT NULL,
    after_position bigint NOT NULL,
    reason text NOT NULL
);
COMMENT ON TABLE log.incarnations IS
    'Every identity this log has had, each valid for the positions after its own.';

CREATE TABLE log.events (
    position bigint PRIMARY KEY CHECK (position > 0),
    recorded_at timestamptz NOT NULL,
    number bigint CHECK (number > 0),
    version integer NOT NULL CHECK (version > 0),
    workspace_id text COLLATE "C" NOT NULL,
    stream text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    payload bytea NOT NULL,
    metadata bytea NOT NULL,
    CONSTRAINT events_stream_version UNIQUE (stream, version),
    CONSTRAINT events_size CHECK (octet_length(payload) + octet_length(metadata) <= 262144)
);
-- Sealed bytes do not compress: spare the attempt.
ALTER TABLE log.events ALTER payload SET STORAGE EXTERNAL, ALTER metadata SET STORAGE EXTERNAL;
COMMENT ON COLUMN log.events.number IS 'What the event drew from a gapless sequence.';

CREATE TABLE log.commits (
    command_id uuid PRIMARY KEY,
    position bigint NOT NULL CHECK (position >= 0),
    recorded_at timestamptz NOT NULL,
    main_version integer NOT NULL CHECK (main_version >= 0),
    workspace_id text COLLATE "C" NOT NULL,
    main_stream text COLLATE "C" NOT NULL,
    request_digest bytea,
    claims jsonb
);
CREATE INDEX commits_claims ON log.commits (position) WHERE claims IS NOT NULL;
COMMENT ON COLUMN log.commits.position IS
    'That of the commit''s last event; of a commit without events the head when it was stored.';
COMMENT ON COLUMN log.commits.claims IS
    'What it took and gave back, as HMACs: log.claims is rebuilt from here.';

CREATE TABLE log.stream_heads (
    stream text COLLATE "C" PRIMARY KEY,
    workspace_id text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    position bigint NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE log.guards (
    name text COLLATE "C" PRIMARY KEY,
    position bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE log.claims (
    scope text COLLATE "C" NOT NULL,
    value_hmac bytea NOT NULL,
    owner text COLLATE "C" NOT NULL,
    PRIMARY KEY (scope, value_hmac)
);

CREATE TABLE log.sequences (
    name text COLLATE "C" PRIMARY KEY,
    value bigint NOT NULL CHECK (value > 0)
) WITH (fillfactor = 50);

CREATE TABLE log.snapshots (
    stream text COLLATE "C" PRIMARY KEY,
    workspace_id text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    code text NOT NULL,
    state bytea NOT NULL
);
ALTER TABLE log.snapshots ALTER state SET STORAGE EXTERNAL;
COMMENT ON TABLE log.snapshots IS 'A cache of folded state; sealed, and free to be emptied.';
COMMENT ON COLUMN log.snapshots.code IS 'Digest of the code that folded it: other code folds anew.';

INSERT INTO log.incarnations VALUES (gen_random_uuid(), clock_timestamp(), 0, 'made');
INSERT INTO log.head (log_id, recorded_at) SELECT log_id, declared_at FROM log.incarnations;

CREATE FUNCTION log.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '%.% is append-only: % refused', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log.events
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log.commits
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log.incarnations
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();

ALTER TABLE log.events ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON log.events FOR SELECT TO taskledger_api USING (
    workspace_id = 'system'
    OR workspace_id = ANY (string_to_array(current_setting('taskledger.workspaces', true), ','))
);
CREATE POLICY every_tenant ON log.events FOR SELECT TO taskledger_worker USING (true);

GRANT SELECT ON log.head, log.incarnations, log.events, log.commits, log.stream_heads, log.guards,
    log.claims, log.sequences TO taskledger_api, taskledger_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON log.snapshots TO taskledger_api, taskledger_worker;

-- A decision folds a whole stream, whose id its asker knows, before it can tell who may see it: so
-- one stream may be read by its exact id whatever the row policies say.
CREATE FUNCTION log.read_stream(stream text, after integer, upto integer, most integer)
RETURNS SETOF log.events
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT e.* FROM log.events e
    WHERE e.stream = read_stream.stream AND e.version > after AND e.version <= upto
    ORDER BY e.version LIMIT most;
END;
REVOKE EXECUTE ON FUNCTION log.read_stream FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.read_stream TO taskledger_api, taskledger_worker;
