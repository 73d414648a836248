-- The relay's cursor and pulse, and what each background process says about itself.

CREATE TABLE ops.relay (
    one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    log_id uuid NOT NULL,
    epoch bigint NOT NULL,
    cursor bigint NOT NULL CHECK (cursor >= 0),
    head bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('starting', 'running', 'waiting', 'stopped')),
    reason text,
    owner text NOT NULL,
    beat_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
COMMENT ON COLUMN ops.relay.cursor IS 'Never above what JetStream acknowledged.';
COMMENT ON COLUMN ops.relay.epoch IS 'Raised at each take-over and rewind: it is in message ids.';
COMMENT ON COLUMN ops.relay.state IS
    'waiting: for NATS. stopped: the log is not the one that was published, until a new incarnation '
    'is declared; reason says how it was seen.';

CREATE TABLE ops.processes (
    process text PRIMARY KEY,
    roles text[] NOT NULL,
    started_at timestamptz NOT NULL,
    reported_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    report jsonb NOT NULL
);
COMMENT ON TABLE ops.processes IS 'What each background process last said about itself.';

GRANT SELECT ON ops.relay, ops.processes TO taskledger_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON ops.relay, ops.processes TO taskledger_worker;
