-- As views.task_hits, for what tasks were made with: under row-level security the overlap of arrays
-- is a plain filter, since its operator could leak what it looks at. `relation` names a generation's
-- table `made`; a task is met that names one of `asked`.
CREATE FUNCTION views.made_hits(relation text, asked text[], at_most integer)
RETURNS SETOF text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF relation !~ '^(views[.])?intervals_made_v[0-9]+_g[0-9]+$' THEN
        RAISE EXCEPTION 'not a table of what was made' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN QUERY EXECUTE format(
        'SELECT t.task_id FROM views.%I AS t WHERE t.held && $1 AND t.workspace_id = ANY'
        ' (string_to_array(current_setting(''taskledger.workspaces'', true), '','')) LIMIT $2',
        split_part(relation, '.', -1)
    ) USING asked, at_most;
END
$$;

-- A role that may not create in a schema may not own what is in it.
GRANT CREATE ON SCHEMA views TO taskledger_search;
ALTER FUNCTION views.made_hits OWNER TO taskledger_search;
REVOKE CREATE ON SCHEMA views FROM taskledger_search;

REVOKE EXECUTE ON FUNCTION views.made_hits FROM PUBLIC;
GRANT EXECUTE ON FUNCTION views.made_hits TO taskledger_api, taskledger_worker;
