-- After an erasure the rows that answer lose what can no longer be read before all are built anew.
ALTER TABLE ops.projection_generations ADD COLUMN redacted_at timestamptz;
COMMENT ON COLUMN ops.projection_generations.redacted_at IS
    'When its rows last lost what was sealed under keys that had been destroyed until then.';

-- Whoever goes on with an erasure that another process left tells of the sessions that end by it.
GRANT SELECT (session_id, user_id, ended_at) ON people.sessions TO taskledger_worker;
