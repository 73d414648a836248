-- How far each answering view is behind the log. Names no tenant, so everyone may ask; it reads one
-- event's time past the row policies, which is why it is a function of the owner's.
CREATE FUNCTION ops.view_lags()
RETURNS TABLE (
    name text, version integer, "position" bigint, lag_events bigint, lag_seconds double precision,
    parked bigint
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT c.name, c.version, c.position, greatest(0, h.position - c.position),
        CASE WHEN c.position >= h.position THEN 0
            ELSE greatest(0, extract(epoch FROM clock_timestamp() - (
                SELECT e.recorded_at FROM log.events e WHERE e.position = c.position + 1
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
REVOKE EXECUTE ON FUNCTION ops.view_lags FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.view_lags TO taskledger_api, taskledger_worker;
