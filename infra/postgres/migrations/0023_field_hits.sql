-- As views.task_hits, for custom fields: under row-level security containment is a plain filter,
-- since its operator could leak what it looks at. `relation` names a generation's table of fields;
-- a task is met whose fields contain one of the objects asked for.
CREATE FUNCTION views.field_hits(relation text, asked jsonb[], at_most integer)
RETURNS SETOF text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF relation !~ '^tasks_fields_v[0-9]+_g[0-9]+$' THEN
        RAISE EXCEPTION 'not a table of fields' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN QUERY EXECUTE format(
        'SELECT t.task_id FROM views.%I AS t WHERE t.fields @> ANY ($1) AND t.workspace_id = ANY'
        ' (string_to_array(current_setting(''taskledger.workspaces'', true), '','')) LIMIT $2',
        relation
    ) USING asked, at_most;
END
$$;

-- A role that may not create in a schema may not own what is in it.
GRANT CREATE ON SCHEMA views TO taskledger_search;
ALTER FUNCTION views.field_hits OWNER TO taskledger_search;
REVOKE CREATE ON SCHEMA views FROM taskledger_search;

REVOKE EXECUTE ON FUNCTION views.field_hits FROM PUBLIC;
GRANT EXECUTE ON FUNCTION views.field_hits TO taskledger_api, taskledger_worker;
