-- Schemas, and the roles that everything but migration runs as. Roles belong to the whole cluster:
-- several databases may be migrated at once, so making one that another has just made is no error.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['taskledger_api', 'taskledger_worker', 'taskledger_search'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role_name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS', role_name);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
        -- One login may then serve every role by SET ROLE; a superuser needs no grant.
        IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
            BEGIN
                EXECUTE format('GRANT %I TO CURRENT_USER', role_name);
            EXCEPTION WHEN unique_violation OR insufficient_privilege THEN
                RAISE NOTICE 'role % was not granted to %', role_name, current_user;
            END;
        END IF;
    END LOOP;
END
$$;

CREATE SCHEMA log;
CREATE SCHEMA keys;
CREATE SCHEMA people;
CREATE SCHEMA views;
-- `ops` holds the record of migrations and stands already.

GRANT USAGE ON SCHEMA log, keys, people, ops, views TO taskledger_api, taskledger_worker;
GRANT SELECT ON ops.migrations TO taskledger_api, taskledger_worker;
GRANT USAGE ON SCHEMA views TO taskledger_search;
GRANT CREATE ON SCHEMA views TO taskledger_worker;
