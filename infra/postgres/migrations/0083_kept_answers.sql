-- First answers of calls about how somebody logs in, which are no commands, so that the same
-- Idempotency-Key gives them again. What is secret in them is left out before they come here.
CREATE TABLE people.kept_answers (
    slot     bytea       PRIMARY KEY,
    user_id  text        REFERENCES people.credentials ON DELETE CASCADE,
    digest   bytea       NOT NULL,
    answer   bytea,
    begun_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX kept_answers_of_nobody ON people.kept_answers (begun_at) WHERE user_id IS NULL;
CREATE INDEX kept_answers_of_user ON people.kept_answers (user_id) WHERE user_id IS NOT NULL;
COMMENT ON TABLE people.kept_answers IS
    'slot: an HMAC of the caller and their key; answer: sealed, null while the first call runs; '
    'those of callers without a token are swept.';
GRANT SELECT, INSERT, DELETE ON people.kept_answers TO taskledger_api;
GRANT UPDATE (answer, begun_at) ON people.kept_answers TO taskledger_api;
