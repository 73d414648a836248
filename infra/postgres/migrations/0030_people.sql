-- Credentials, sessions and refresh tokens: what lets a person in. Never events, never in a view.
CREATE SCHEMA IF NOT EXISTS people;
REVOKE ALL ON SCHEMA people FROM PUBLIC;
GRANT USAGE ON SCHEMA people TO taskledger_api;

CREATE TABLE people.credentials (
    user_id       text        PRIMARY KEY,
    password_hash text        NOT NULL,
    state         text        NOT NULL DEFAULT 'inactive'
                              CHECK (state IN ('inactive', 'active', 'suspended')),
    created_at    timestamptz NOT NULL DEFAULT now(),
    changed_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX credentials_orphans ON people.credentials (created_at) WHERE state = 'inactive';

-- One row a log-in. Its refresh tokens are its family: it ends as a whole.
CREATE TABLE people.sessions (
    session_id text        PRIMARY KEY,
    user_id    text        NOT NULL REFERENCES people.credentials ON DELETE CASCADE,
    started_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    ended_at   timestamptz,
    end_reason text
);
CREATE INDEX sessions_open ON people.sessions (user_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_ended ON people.sessions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX sessions_expiry ON people.sessions (expires_at);

CREATE TABLE people.refresh_tokens (
    digest     bytea       PRIMARY KEY,
    session_id text        NOT NULL REFERENCES people.sessions ON DELETE CASCADE,
    issued_at  timestamptz NOT NULL DEFAULT now(),
    used_at    timestamptz
);
CREATE INDEX refresh_tokens_session ON people.refresh_tokens (session_id);

-- The api role: a credential begins inactive, and only one that never became active goes again.
GRANT SELECT, INSERT, DELETE ON people.credentials TO taskledger_api;
GRANT UPDATE (password_hash, state, changed_at) ON people.credentials TO taskledger_api;
GRANT SELECT, INSERT, DELETE ON people.sessions TO taskledger_api;
GRANT UPDATE (expires_at, ended_at, end_reason) ON people.sessions TO taskledger_api;
GRANT SELECT, INSERT ON people.refresh_tokens TO taskledger_api;
GRANT UPDATE (used_at) ON people.refresh_tokens TO taskledger_api;

ALTER TABLE people.credentials ENABLE ROW LEVEL SECURITY;
CREATE POLICY api_reads ON people.credentials FOR SELECT TO taskledger_api USING (true);
CREATE POLICY api_begins ON people.credentials FOR INSERT TO taskledger_api
    WITH CHECK (state = 'inactive');
CREATE POLICY api_changes ON people.credentials FOR UPDATE TO taskledger_api
    USING (true) WITH CHECK (true);
CREATE POLICY api_sweeps ON people.credentials FOR DELETE TO taskledger_api
    USING (state = 'inactive');
