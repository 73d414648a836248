-- What is mailed to people, the links in it, and from where they log in. Never events.

-- A mail waits here until it is sent; then only that it was is kept, for a while.
CREATE TABLE people.outbox (
    mail_id    uuid        PRIMARY KEY,
    once       text        NOT NULL UNIQUE,
    kind       text        NOT NULL,
    about      text        NOT NULL,
    sealed     bytea,
    state      text        NOT NULL
                           CHECK (state IN ('held', 'waiting', 'sent', 'not needed', 'given up')),
    attempts   integer     NOT NULL DEFAULT 0,
    due_at     timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((sealed IS NOT NULL) = (state IN ('held', 'waiting')))
);
COMMENT ON TABLE people.outbox IS
    'once: what makes the mail the only one of its cause; about: the stream that it is about; held: '
    'until that stream is in the log; sealed: to whom, and what it says, gone once it is sent.';
CREATE INDEX outbox_due ON people.outbox (due_at) WHERE state = 'waiting';
CREATE INDEX outbox_held ON people.outbox (about) WHERE state = 'held';
CREATE INDEX outbox_old ON people.outbox (created_at);

-- Tokens in mailed links, each good for one use; the database has their digests alone.
CREATE TABLE people.mail_tokens (
    digest     bytea       PRIMARY KEY,
    purpose    text        NOT NULL,
    user_id    text        REFERENCES people.credentials ON DELETE CASCADE,
    sealed     bytea       NOT NULL,
    issued_at  timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX mail_tokens_user ON people.mail_tokens (user_id, purpose);
CREATE INDEX mail_tokens_expiry ON people.mail_tokens (expires_at);

-- Places from which somebody has logged in: HMACs of account and address, by which the owner of an
-- account is told from those who guess at it.
CREATE TABLE people.known_places (
    user_id text        NOT NULL REFERENCES people.credentials ON DELETE CASCADE,
    place   bytea       NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, place)
);

ALTER TABLE people.sessions
    ADD COLUMN last_used_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN client bytea;
COMMENT ON COLUMN people.sessions.client IS
    'Sealed: the user agent and the address of the log-in, for its owner''s eyes; goes with the row.';

GRANT SELECT, INSERT, DELETE ON people.outbox, people.mail_tokens, people.known_places
    TO taskledger_api;
GRANT UPDATE (sealed, state, attempts, due_at) ON people.outbox TO taskledger_api;
GRANT UPDATE (used_at) ON people.mail_tokens TO taskledger_api;
GRANT UPDATE (seen_at) ON people.known_places TO taskledger_api;
GRANT UPDATE (last_used_at) ON people.sessions TO taskledger_api;
