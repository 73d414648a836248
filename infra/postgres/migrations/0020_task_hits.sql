-- Under row-level security a full-text condition is a plain filter, since its operator could leak
-- what it looks at: it would be tried on every row of the table. So it goes through a function of
-- the search role, which keeps to the same workspaces by itself. `relation` names a generation's
-- table of terms.
CREATE FUNCTION views.task_hits(relation text, asked tsquery, at_most integer)
RETURNS SETOF text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF relation !~ '^tasks_terms_v[0-9]+_g[0-9]+$' THEN
        RAISE EXCEPTION 'not a table of terms' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN QUERY EXECUTE format(
        'SELECT t.task_id FROM views.%I AS t WHERE t.terms @@ $1 AND t.workspace_id = ANY'
        ' (string_to_array(current_setting(''taskledger.workspaces'', true), '','')) LIMIT $2',
        relation
    ) USING asked, at_most;
END
$$;

-- A role that may not create in a schema may not own what is in it.
GRANT CREATE ON SCHEMA views TO taskledger_search;
ALTER FUNCTION views.task_hits OWNER TO taskledger_search;
REVOKE CREATE ON SCHEMA views FROM taskledger_search;

REVOKE EXECUTE ON FUNCTION views.task_hits FROM PUBLIC;
GRANT EXECUTE ON FUNCTION views.task_hits TO taskledger_api, taskledger_worker;
