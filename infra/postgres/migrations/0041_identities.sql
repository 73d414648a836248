-- Identities at others' providers, by which people sign on. As whom they are known there is kept as
-- an HMAC alone: it tells whether somebody is the same, and nobody who it is.
CREATE TABLE people.identities (
    identity_id  text        PRIMARY KEY,
    user_id      text        NOT NULL REFERENCES people.credentials ON DELETE CASCADE,
    issuer       text        NOT NULL,
    subject      bytea       NOT NULL UNIQUE,
    linked_at    timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz
);
CREATE INDEX identities_user ON people.identities (user_id);
COMMENT ON COLUMN people.identities.subject IS 'HMAC of issuer and subject.';

-- One row for each sign-on that came back from a provider: no cookie and no code is good twice.
CREATE TABLE people.sign_ons (
    flow       bytea       PRIMARY KEY,
    code       bytea,
    sealed     bytea,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX sign_ons_expiry ON people.sign_ons (expires_at);
COMMENT ON TABLE people.sign_ons IS
    'flow: SHA-256 of what the browser''s cookie says; code: SHA-256 of the code that tokens are had '
    'for; sealed: who the provider says it is, gone once it is used.';

-- Who has only an identity has no password.
ALTER TABLE people.credentials ALTER COLUMN password_hash DROP NOT NULL;

ALTER TABLE people.sessions
    ADD COLUMN identity_id text REFERENCES people.identities ON DELETE SET NULL,
    ADD COLUMN method text NOT NULL DEFAULT 'password' CHECK (method IN ('password', 'sign-on'));
CREATE INDEX sessions_identity ON people.sessions (identity_id) WHERE identity_id IS NOT NULL;
COMMENT ON COLUMN people.sessions.method IS 'How it was begun; identity_id: by which identity.';

GRANT SELECT, INSERT, DELETE ON people.identities, people.sign_ons TO taskledger_api;
GRANT UPDATE (last_used_at) ON people.identities TO taskledger_api;
GRANT UPDATE (code, sealed, used_at) ON people.sign_ons TO taskledger_api;
