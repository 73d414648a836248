-- Words in few tasks. For the beginning of a word a GIN index takes all tasks that have it, of every
-- workspace, whatever else is asked, and the planner does not reckon with that. So it is found out
-- first in how many tasks words are looked for: where these are few, each of them is looked through.
-- Code of before asks the functions of fewer parameters, and views.search_found.

-- Whether looking through all tasks `within` what else the index of `docs` knows of them (null: in
-- the workspaces) takes less than asking it for the words. One that is looked through costs what the
-- index takes for some ten (measured: 2.2 and 0.14 to 0.3 us). VOLATILE for EXPLAIN alone, which says
-- how often the words are.
CREATE FUNCTION views.in_few_tasks(docs text, words tsquery, within tsquery, workspaces text[])
RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    there text := CASE WHEN within IS NULL THEN 't.workspace_id = ANY ($2)' ELSE 't.terms @@ $1' END;
    plan json;
    few integer;
    found bigint;
BEGIN
    EXECUTE format('EXPLAIN (FORMAT JSON) SELECT FROM views.%I AS t WHERE t.terms @@ %L', docs, words)
        INTO plan;
    few := greatest(1000, (plan #>> '{0,Plan,Plan Rows}')::double precision / 10);
    EXECUTE format('SELECT count(*) FROM (SELECT FROM views.%I AS t WHERE %s LIMIT $3) AS h', docs, there)
        INTO found USING within, workspaces, few + 1;
    RETURN found <= few;
END
$$;
REVOKE EXECUTE ON FUNCTION views.in_few_tasks FROM PUBLIC;
GRANT EXECUTE ON FUNCTION views.in_few_tasks TO taskledger_search;

-- As the function of seven parameters. `asked`: words alone; `within`: lexemes of tags and projects
-- beside them (null: none).
CREATE FUNCTION views.task_hits(
    tasks text, docs text, asked tsquery, within tsquery, project_ids text[],
    assignee_ids text[], tags text[], at_most integer
)
RETURNS SETOF text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off AS $$
DECLARE
    workspaces text[] :=
        string_to_array(current_setting('taskledger.workspaces', true), ',');
    rows text := format('views.%I AS t', split_part(coalesce(tasks, docs), '.', -1));
    met text := 't.workspace_id = ANY ($5)';
    held text;
BEGIN
    IF coalesce(tasks, docs) IS NULL OR tasks !~ '^(views[.])?tasks_tasks_v[0-9]+_g[0-9]+$'
        OR docs !~ '^(views[.])?search_docs_v[0-9]+_g[0-9]+$'
    THEN
        RAISE EXCEPTION 'not a table of tasks' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    docs := split_part(docs, '.', -1);
    IF tasks IS NOT NULL AND docs IS NOT NULL THEN
        rows := rows || format(' JOIN views.%I AS d USING (task_id)', docs);
    END IF;
    IF docs IS NOT NULL THEN
        -- No index is asked for what stands as a function.
        met := met || CASE WHEN views.in_few_tasks(docs, asked, within, workspaces)
            THEN ' AND ts_match_vq(terms, $1)' ELSE ' AND terms @@ $1' END;
    END IF;
    IF within IS NOT NULL THEN
        met := met || ' AND terms @@ $6';
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
        USING asked, project_ids, assignee_ids, at_most, workspaces, within;
END
$$;

-- How many tasks meet `asked`, at most one more than `most`; of `most` or, where there are more,
-- `few`, the last changed first, with how well each meets `ranked`: what stands in a title (weight A)
-- counts three times. `within`: what of `asked` are lexemes of projects (null: none); `among`: these
-- alone (null: all).
CREATE FUNCTION views.search_hits(
    relation text, asked tsquery, ranked tsquery, within tsquery, among text[],
    most integer, few integer,
    OUT total bigint, OUT task_ids text[], OUT scores real[]
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off AS $$
DECLARE
    workspaces text[] :=
        string_to_array(current_setting('taskledger.workspaces', true), ',');
    one text := CASE WHEN cardinality(workspaces) = 1 THEN workspaces[1] END;
    met text := 't.project_id IS NOT NULL AND '
        || CASE WHEN one IS NULL THEN 't.workspace_id = ANY ($2)' ELSE 't.workspace_id = $3' END;
BEGIN
    IF relation !~ '^search_docs_v[0-9]+_g[0-9]+$' THEN
        RAISE EXCEPTION 'not a table to search' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF among IS NOT NULL THEN
        met := met || ' AND t.task_id = ANY ($4) AND ts_match_vq(t.terms, $1)';
    ELSIF NOT views.in_few_tasks(relation, ranked, within, workspaces) THEN
        met := met || ' AND t.terms @@ $1';
    ELSE
        met := met || ' AND ts_match_vq(t.terms, $1)';
        IF within IS NOT NULL THEN
            met := met || ' AND t.terms @@ $5';
        END IF;
    END IF;
    -- In an order, so that words that are everywhere are met on the way through the tasks: putting
    -- together where each of them is, as the GIN index does, took five times as long.
    EXECUTE format(
        'SELECT count(*), array_agg(h.task_id),'
        ' array_agg(ts_rank(''{0.3333,0.3333,0.3333,1}'', h.terms, $7))'
        ' FROM (SELECT t.task_id, t.terms FROM views.%I AS t WHERE %s'
        ' ORDER BY t.changed DESC LIMIT $6) AS h', relation, met
    ) INTO total, task_ids, scores USING asked, workspaces, one, among, within, most + 1, ranked;
    IF total > most THEN
        task_ids := task_ids[:few];
        scores := scores[:few];
    END IF;
END
$$;

-- A role that may not create in a schema may not own what is in it.
GRANT CREATE ON SCHEMA views TO taskledger_search;
ALTER FUNCTION views.task_hits(text, text, tsquery, tsquery, text[], text[], text[], integer)
    OWNER TO taskledger_search;
ALTER FUNCTION views.search_hits(text, tsquery, tsquery, tsquery, text[], integer, integer)
    OWNER TO taskledger_search;
REVOKE CREATE ON SCHEMA views FROM taskledger_search;

REVOKE EXECUTE ON FUNCTION
    views.task_hits(text, text, tsquery, tsquery, text[], text[], text[], integer),
    views.search_hits(text, tsquery, tsquery, tsquery, text[], integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    views.task_hits(text, text, tsquery, tsquery, text[], text[], text[], integer),
    views.search_hits(text, tsquery, tsquery, tsquery, text[], integer, integer)
    TO taskledger_api, taskledger_worker;
