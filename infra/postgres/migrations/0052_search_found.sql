-- How many tasks meet a text, at most so many: what of views.search_hits costs the least, so that it
-- need not rank more of them than anybody looks at where a word is everywhere.
CREATE FUNCTION views.search_found(relation text, asked tsquery, at_most integer)
RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    workspaces text[] :=
        string_to_array(current_setting('taskledger.workspaces', true), ',');
    one text := CASE WHEN cardinality(workspaces) = 1 THEN workspaces[1] END;
    within text := CASE WHEN one IS NULL THEN 't.workspace_id = ANY ($2)' ELSE 't.workspace_id = $4' END;
    found bigint;
BEGIN
    IF relation !~ '^search_docs_v[0-9]+_g[0-9]+$' THEN
        RAISE EXCEPTION 'not a table to search' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- In an order, so that words that are everywhere are met on the way through the tasks: putting
    -- together where each of them is, as the GIN index does, took five times as long.
    EXECUTE format(
        'SELECT count(*) FROM (SELECT FROM views.%I AS t WHERE t.terms @@ $1 AND %s'
        ' ORDER BY t.changed DESC LIMIT $3) AS h',
        relation, within
    ) INTO found USING asked, workspaces, at_most, one;
    RETURN found;
END
$$;

-- A role that may not create in a schema may not own what is in it.
GRANT CREATE ON SCHEMA views TO taskledger_search;
ALTER FUNCTION views.search_found OWNER TO taskledger_search;
REVOKE CREATE ON SCHEMA views FROM taskledger_search;

REVOKE EXECUTE ON FUNCTION views.search_found FROM PUBLIC;
GRANT EXECUTE ON FUNCTION views.search_found TO taskledger_api, taskledger_worker;
