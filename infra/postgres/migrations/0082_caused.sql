-- What a job did whose process died: in whatever workspaces, so the row policies are not asked. A
-- job's id stands in the metadata of each event that it caused, and nobody can guess one.
CREATE FUNCTION log.caused_by(job_id text, since timestamptz)
RETURNS TABLE (workspace_id text, "position" bigint, metadata bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT e.workspace_id, e.position, e.metadata
    FROM log.events e
    WHERE e.position > log.position_at(since, false)
        AND job_id LIKE 'job\_%'
        AND position(convert_to(job_id, 'UTF8') IN e.metadata) > 0
    ORDER BY e.position
$$;
COMMENT ON FUNCTION log.caused_by IS
    'Events recorded since then whose metadata holds the id of a job: those that it caused, and what '
    'else names it.';
REVOKE EXECUTE ON FUNCTION log.caused_by FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.caused_by TO taskledger_api;
