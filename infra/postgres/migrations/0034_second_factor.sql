-- Second factors: one-time codes by time, and recovery codes for who lost the device. Never events.
CREATE TABLE people.totp (
    user_id      text        PRIMARY KEY REFERENCES people.credentials ON DELETE CASCADE,
    secret       bytea       NOT NULL,
    last_step    bigint      NOT NULL DEFAULT 0,
    confirmed_at timestamptz,
    begun_at     timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE people.totp IS
    'secret: sealed under a key that the master key wraps; last_step: of the last code that was '
    'taken, none of before or of the same is taken again; unconfirmed: not asked for yet.';

CREATE TABLE people.recovery_codes (
    user_id text  NOT NULL REFERENCES people.credentials ON DELETE CASCADE,
    digest  bytea NOT NULL,
    PRIMARY KEY (user_id, digest)
);
COMMENT ON TABLE people.recovery_codes IS 'HMACs; a code that is used is gone.';

GRANT SELECT, INSERT, DELETE ON people.totp, people.recovery_codes TO taskledger_api;
GRANT UPDATE (secret, last_step, confirmed_at, begun_at) ON people.totp TO taskledger_api;
