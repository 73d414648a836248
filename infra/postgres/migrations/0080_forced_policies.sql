-- Tables of views that stand already hold their owner to their row policies too; of those that are
-- being built, the build forces them when its rows are in (infra/postgres/views/ddl.py).
DO $$
DECLARE
    relation text;
BEGIN
    FOR relation IN
        SELECT r FROM ops.projection_generations g, unnest(g.relations) AS r
        JOIN pg_catalog.pg_class c ON c.oid = to_regclass(r)
        WHERE g.state <> 'building' AND c.relrowsecurity
    LOOP
        EXECUTE 'ALTER TABLE ' || relation || ' FORCE ROW LEVEL SECURITY';
    END LOOP;
END
$$;
