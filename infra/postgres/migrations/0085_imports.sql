-- Workspaces that came from another log keep the times at which that log recorded them. So that a
-- time of this log goes on being one place in it, all that came together counts, here, as recorded
-- when it came; within the workspace its own times tell its places.

CREATE TABLE log.imports (
    workspace_id text COLLATE "C" PRIMARY KEY,
    first_position bigint NOT NULL UNIQUE CHECK (first_position > 0),
    last_position bigint NOT NULL CHECK (last_position >= first_position),
    came_at timestamptz NOT NULL,
    log_id text NOT NULL,
    link bytea NOT NULL CHECK (octet_length(link) = 32)
);
COMMENT ON TABLE log.imports IS
    'Derived of the events WorkspaceImported: which positions hold what came from another log, and '
    'where the workspace''s chain ended there.';
GRANT SELECT ON log.imports TO taskledger_worker;

CREATE OR REPLACE FUNCTION log.position_at(moment timestamptz, inclusive boolean)
RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    low bigint := 0;
    high bigint;
    middle bigint;
    had timestamptz;
BEGIN
    SELECT h.position INTO STRICT high FROM log.head h;
    WHILE low < high LOOP
        middle := low + (high - low + 1) / 2;
        SELECT coalesce(
            (SELECT i.came_at FROM log.imports i
                WHERE middle BETWEEN i.first_position AND i.last_position),
            e.recorded_at)
        INTO STRICT had FROM log.events e WHERE e.position = middle;
        IF had < moment OR inclusive AND had = moment THEN
            low := middle;
        ELSE
            high := middle - 1;
        END IF;
    END LOOP;
    RETURN low;
END
$$;
COMMENT ON FUNCTION log.position_at(timestamptz, boolean) IS
    'The last position that this log had before a moment, or at it too where that is inclusive; 0 '
    'where it had nothing.';

-- Of a workspace that came from elsewhere after that moment, what it held there by then.
CREATE FUNCTION log.position_at(moment timestamptz, inclusive boolean, within text)
RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    low bigint;
    high bigint;
    middle bigint;
    recorded timestamptz;
BEGIN
    SELECT i.first_position - 1, i.last_position INTO low, high FROM log.imports i
    WHERE i.workspace_id = within
        AND (i.came_at > moment OR NOT inclusive AND i.came_at = moment);
    IF NOT FOUND THEN
        RETURN log.position_at(moment, inclusive);
    END IF;
    WHILE low < high LOOP
        middle := low + (high - low + 1) / 2;
        SELECT e.recorded_at INTO STRICT recorded FROM log.events e WHERE e.position = middle;
        IF recorded < moment OR inclusive AND recorded = moment THEN
            low := middle;
        ELSE
            high := middle - 1;
        END IF;
    END LOOP;
    RETURN low;
END
$$;
COMMENT ON FUNCTION log.position_at(timestamptz, boolean, text) IS
    'The last position that a workspace had recorded before a moment, here or, of what was imported, '
    'in the log that it came from; inclusive as above.';
REVOKE EXECUTE ON FUNCTION log.position_at(timestamptz, boolean, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.position_at(timestamptz, boolean, text)
    TO taskledger_api, taskledger_worker;

CREATE FUNCTION log.imported_after(moment timestamptz) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_object_agg(i.workspace_id, log.position_at(moment, true, i.workspace_id))
    FROM log.imports i WHERE i.came_at > moment
$$;
COMMENT ON FUNCTION log.imported_after IS
    'Of every workspace that came after a moment, the last position that it had recorded by then.';
REVOKE EXECUTE ON FUNCTION log.imported_after FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.imported_after TO taskledger_api, taskledger_worker;

-- What was imported waits since it came.
CREATE OR REPLACE FUNCTION ops.view_lags()
RETURNS TABLE (
    name text, version integer, "position" bigint, lag_events bigint, lag_seconds double precision,
    parked bigint
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT c.name, c.version, c.position, greatest(0, h.position - c.position),
        CASE WHEN c.position >= h.position THEN 0
            ELSE greatest(0, extract(epoch FROM clock_timestamp() - coalesce(
                (SELECT i.came_at FROM log.imports i
                    WHERE c.position + 1 BETWEEN i.first_position AND i.last_position),
                (SELECT e.recorded_at FROM log.events e WHERE e.position = c.position + 1)
            ))) END,
        coalesce((
            SELECT d.events FROM ops.dead_letter_counts d
            WHERE d.name = c.name AND d.version = c.version AND d.generation = c.generation
        ), 0)
    FROM ops.checkpoints c
    JOIN ops.projection_pointers p USING (name, version, generation)
    CROSS JOIN log.head h
    ORDER BY c.name, c.version;
END;
