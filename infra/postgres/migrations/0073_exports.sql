-- Files of a workspace's trail: made by a job, kept for a while, and gone at once where a person in
-- them is forgotten.

ALTER TABLE jobs.jobs DROP CONSTRAINT jobs_kind_check;
ALTER TABLE jobs.jobs ADD CONSTRAINT jobs_kind_check
    CHECK (kind IN ('bulk', 'batch', 'undo', 'export'));

CREATE TABLE jobs.exports (
    export_id    text COLLATE "C" PRIMARY KEY,
    workspace_id text COLLATE "C" NOT NULL,
    owner_id     text COLLATE "C" NOT NULL,
    format       text NOT NULL,
    filter       jsonb NOT NULL,
    state        text NOT NULL DEFAULT 'running'
        CHECK (state IN ('running', 'done', 'failed', 'gone')),
    forgotten    integer NOT NULL DEFAULT 0,
    problem      jsonb,
    events       bigint,
    bytes        bigint,
    digest       text,
    position     bigint,
    created_at   timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz
);
CREATE INDEX exports_of_workspace ON jobs.exports (workspace_id) WHERE state IN ('running', 'done');
CREATE INDEX exports_old ON jobs.exports (finished_at) WHERE state = 'done';
COMMENT ON TABLE jobs.exports IS
    'state: gone, where the file was deleted again; forgotten: how often somebody of the workspace '
    'was forgotten since it was asked for: what was read before that is not kept; position: where '
    'the log says that it was made.';
GRANT SELECT, INSERT, DELETE ON jobs.exports TO taskledger_api, taskledger_worker;
GRANT UPDATE (state, forgotten, problem, events, bytes, digest, position, finished_at)
    ON jobs.exports TO taskledger_api, taskledger_worker;
GRANT USAGE ON SCHEMA jobs TO taskledger_worker;

-- The leaves of the tree over all chains as they stood after a position, in their order, and of one
-- workspace what is in its own: of the others it says nothing but how many there are.
CREATE FUNCTION record.chain_leaves(
    upto bigint, asked text, OUT hash bytea, OUT count bigint, OUT link bytea
)
RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH RECURSIVE workspaces (id) AS (
        (SELECT e.workspace_id FROM record.entries e ORDER BY e.workspace_id LIMIT 1)
        UNION ALL
        SELECT (
            SELECT e.workspace_id FROM record.entries e WHERE e.workspace_id > w.id
            ORDER BY e.workspace_id LIMIT 1
        ) FROM workspaces w WHERE w.id IS NOT NULL
    )
    SELECT sha256('\x00'::bytea || int4send(octet_length(w.id)) || convert_to(w.id, 'UTF8')
            || int8send(last.count) || last.link),
        CASE WHEN w.id = asked THEN last.count END,
        CASE WHEN w.id = asked THEN last.link END
    FROM workspaces w CROSS JOIN LATERAL (
        SELECT e.count, e.link FROM record.entries e
        WHERE e.workspace_id = w.id AND e.position <= upto ORDER BY e.count DESC LIMIT 1
    ) last
    ORDER BY w.id;
END;
REVOKE EXECUTE ON FUNCTION record.chain_leaves FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.chain_leaves TO taskledger_api, taskledger_worker;
