-- Work on many tasks that one request asked for: what it is, how far it has come, what it did.

CREATE SCHEMA jobs;
GRANT USAGE ON SCHEMA jobs TO taskledger_api;

CREATE TABLE jobs.jobs (
    job_id       text COLLATE "C" PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN ('bulk', 'batch', 'undo')),
    owner_id     text COLLATE "C" NOT NULL,
    workspace_id text COLLATE "C",
    dry_run      boolean NOT NULL,
    state        text NOT NULL CHECK (state IN ('running', 'done', 'cancelled')),
    total        integer NOT NULL,
    request      bytea,
    request_key  bytea UNIQUE,
    digest       bytea,
    cancelled    boolean NOT NULL DEFAULT false,
    worker       text,
    leased_until timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz
);
CREATE INDEX jobs_running ON jobs.jobs (created_at) WHERE state = 'running';
CREATE INDEX jobs_of_owner ON jobs.jobs (owner_id) WHERE state = 'running';
CREATE INDEX jobs_old ON jobs.jobs (finished_at);
COMMENT ON TABLE jobs.jobs IS
    'workspace_id: where all of it is in one; request: sealed, what is to be done, gone once it is; '
    'request_key: an HMAC of its owner and their Idempotency-Key; worker: who works on it until '
    'leased_until, unless they say so again.';

CREATE TABLE jobs.items (
    job_id       text COLLATE "C" NOT NULL REFERENCES jobs.jobs ON DELETE CASCADE,
    ordinal      integer NOT NULL,
    workspace_id text COLLATE "C" NOT NULL,
    task_id      text COLLATE "C",
    position     bigint,
    outcome      text CHECK (outcome IN ('changed', 'unchanged', 'refused')),
    recorded     bigint,
    problem      jsonb,
    PRIMARY KEY (job_id, ordinal)
);
COMMENT ON TABLE jobs.items IS
    'position: of the change that is to be taken back; recorded: where the log has what was done; '
    'outcome: null until it is known.';

GRANT SELECT, INSERT, DELETE ON jobs.jobs, jobs.items TO taskledger_api;
GRANT UPDATE (state, request, cancelled, worker, leased_until, updated_at, finished_at)
    ON jobs.jobs TO taskledger_api;
GRANT UPDATE (outcome, recorded, problem) ON jobs.items TO taskledger_api;
