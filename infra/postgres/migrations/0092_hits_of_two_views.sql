-- Tasks that meet a list's words, people and tags: `asked` by the words of search's `docs`, the rest
-- by the rows of `tasks`, both at once where both are named; null: not asked there. Under row-level
-- security these operators are plain filters, since they could leak what they look at, so it keeps
-- to the same workspaces by itself. Each of `tags` is an array, one of which a task has. Words that
-- are in more than a quarter of all tasks seem to be met soon on the way through the table; where a
-- workspace has them more seldom, that way leads through the tasks of all others.
--
-- Code of before asks the function of three parameters, by a table of terms of its own.
CREATE FUNCTION views.task_hits(
    tasks text, docs text, asked tsquery, project_ids text[], assignee_ids text[], tags text[],
    at_most integer
)
RETURNS SETOF text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off AS $$
DECLARE
    rows text := format('views.%I AS t', split_part(coalesce(tasks, docs), '.', -1));
    met text := 't.workspace_id = ANY'
        ' (string_to_array(current_setting(''taskledger.workspaces'', true), '',''))';
    held text;
BEGIN
    IF coalesce(tasks, docs) IS NULL OR tasks !~ '^(views[.])?tasks_tasks_v[0-9]+_g[0-9]+$'
        OR docs !~ '^(views[.])?search_docs_v[0-9]+_g[0-9]+$'
    THEN
        RAISE EXCEPTION 'not a table of tasks' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF tasks IS NOT NULL AND docs IS NOT NULL THEN
        rows := rows || format(' JOIN views.%I AS d USING (task_id)', split_part(docs, '.', -1));
    END IF;
    IF docs IS NOT NULL THEN
        met := met || ' AND terms @@ $1';
    END IF;
    IF cardinality(project_ids) > 0 THEN
        met := met || ' AND t.project_id = ANY ($2)';
    END IF;
    IF cardinality(assignee_ids) > 0 THEN
        met := met || ' AND t.assignee_ids && $3';
    END IF;
    FOREACH held IN ARRAY tags LOOP
        met := met || format(' AND t.tags && %L::text[]', held);
    END LOOP;
    RETURN QUERY EXECUTE format('SELECT task_id FROM %s WHERE %s LIMIT $4', rows, met)
        USING asked, project_ids, assignee_ids, at_most;
END
$$;

-- A role that may not create in a schema may not own what is in it.
GRANT CREATE ON SCHEMA views TO taskledger_search;
ALTER FUNCTION views.task_hits(text, text, tsquery, text[], text[], text[], integer)
    OWNER TO taskledger_search;
REVOKE CREATE ON SCHEMA views FROM taskledger_search;

REVOKE EXECUTE ON FUNCTION
    views.task_hits(text, text, tsquery, text[], text[], text[], integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    views.task_hits(text, text, tsquery, text[], text[], text[], integer)
    TO taskledger_api, taskledger_worker;
