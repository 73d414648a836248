-- API keys by their SHA-256: what an event of the log says of each, and when it was last used.
CREATE TABLE people.api_keys (
    key_id       text        PRIMARY KEY,
    digest       bytea       NOT NULL UNIQUE,
    user_id      text        NOT NULL,
    scopes       text[]      NOT NULL,
    workspace_id text,
    expires_at   timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    revoked_at   timestamptz,
    last_used_at timestamptz
);
CREATE INDEX api_keys_user ON people.api_keys (user_id);
CREATE INDEX api_keys_revoked ON people.api_keys (revoked_at) WHERE revoked_at IS NOT NULL;
COMMENT ON TABLE people.api_keys IS
    'workspace_id: nothing of another one is seen with the key; last_used_at: to the minute.';

-- A key is never made usable again, and never forgotten.
GRANT SELECT, INSERT ON people.api_keys TO taskledger_api;
GRANT UPDATE (revoked_at, last_used_at) ON people.api_keys TO taskledger_api;
ALTER TABLE people.api_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY api_reads ON people.api_keys FOR SELECT TO taskledger_api USING (true);
CREATE POLICY api_makes ON people.api_keys FOR INSERT TO taskledger_api
    WITH CHECK (revoked_at IS NULL AND last_used_at IS NULL);
CREATE POLICY api_uses ON people.api_keys FOR UPDATE TO taskledger_api
    USING (revoked_at IS NULL) WITH CHECK (true);
