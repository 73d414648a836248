-- Full text for everybody's search: as views.task_hits, through functions of the search role that
-- keep to the asked workspaces by themselves. Both extensions are trusted ones: whoever may create
-- in the database may have them.
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS btree_gin WITH SCHEMA public;

-- The tasks that meet `asked`, the last changed first, with how well each meets `ranked`: what
-- stands in a title (weight A) counts three times. `among`: these alone (null: all). `relation`
-- names a generation's table.
CREATE FUNCTION views.search_hits(
    relation text, asked tsquery, ranked tsquery, among text[], at_most integer,
    OUT task_ids text[], OUT scores real[]
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    workspaces text[] :=
        string_to_array(current_setting('taskledger.workspaces', true), ',');
    one text := CASE WHEN cardinality(workspaces) = 1 THEN workspaces[1] END;
    within text := CASE WHEN one IS NULL THEN 't.workspace_id = ANY ($4)' ELSE 't.workspace_id = $5' END;
BEGIN
    IF relation !~ '^search_docs_v[0-9]+_g[0-9]+$' THEN
        RAISE EXCEPTION 'not a table to search' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF among IS NOT NULL THEN
        within := within || ' AND t.task_id = ANY ($6)';
    END IF;
    -- The order is the index's where a word is so common that walking it meets enough of them.
    EXECUTE format(
        'SELECT array_agg(h.task_id), array_agg(ts_rank(''{0.3333,0.3333,0.3333,1}'', h.terms, $2))'
        ' FROM (SELECT t.task_id, t.terms FROM views.%I AS t'
        ' WHERE t.terms @@ $1 AND %s AND t.project_id IS NOT NULL'
        ' ORDER BY t.changed DESC LIMIT $3) AS h',
        relation, within
    ) INTO task_ids, scores USING asked, ranked, at_most, workspaces, one, among;
END
$$;

-- Words of the workspaces' vocabulary that look like this one, the most alike first.
CREATE FUNCTION views.search_words(relation text, meant text, likeness real, at_most integer)
RETURNS SETOF text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF relation !~ '^search_words_v[0-9]+_g[0-9]+$' THEN
        RAISE EXCEPTION 'not a vocabulary' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM set_config('pg_trgm.similarity_threshold', likeness::text, true);
    RETURN QUERY EXECUTE format(
        'SELECT t.word FROM views.%I AS t'
        ' WHERE t.workspace_id = ANY (string_to_array(current_setting(''taskledger.workspaces'', true), '',''))'
        ' AND t.word OPERATOR(public.%%) $1 AND length(t.word) BETWEEN length($1) - 2 AND length($1) + 2'
        ' GROUP BY t.word ORDER BY public.similarity(t.word, $1) DESC, t.word LIMIT $2',
        relation
    ) USING meant, at_most;
END
$$;

-- A role that may not create in a schema may not own what is in it.
GRANT CREATE ON SCHEMA views TO taskledger_search;
ALTER FUNCTION views.search_hits OWNER TO taskledger_search;
ALTER FUNCTION views.search_words OWNER TO taskledger_search;
REVOKE CREATE ON SCHEMA views FROM taskledger_search;

REVOKE EXECUTE ON FUNCTION views.search_hits, views.search_words FROM PUBLIC;
GRANT EXECUTE ON FUNCTION views.search_hits, views.search_words TO taskledger_api, taskledger_worker;
