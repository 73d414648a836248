-- Erasure: what no role may do by itself, it may do here, and only whole.

CREATE INDEX destroyed_at ON keys.destroyed (destroyed_at);
CREATE INDEX destroyed_owner ON keys.destroyed (owner, kind, workspace_id);
GRANT SELECT ON keys.destroyed TO taskledger_api, taskledger_worker;

CREATE FUNCTION keys.destroy(ids uuid[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH gone AS (
        DELETE FROM keys.sealing_keys WHERE key_id = ANY (ids)
        RETURNING key_id, kind, workspace_id, owner
    ), snapshots AS (
        DELETE FROM log.snapshots
        WHERE workspace_id IN (SELECT workspace_id FROM gone WHERE kind = 'snapshot')
    )
    INSERT INTO keys.destroyed (key_id, kind, workspace_id, owner)
    SELECT key_id, kind, workspace_id, owner FROM gone
    ON CONFLICT (key_id) DO UPDATE SET destroyed_at = clock_timestamp();
END;
COMMENT ON FUNCTION keys.destroy IS
    'Whoever calls it has written the ids down outside the database before.';

-- All that lets somebody in. The row of the account stays, without what opens it, so that whoever
-- remembers a session or a key of theirs learns that it has ended.
CREATE FUNCTION people.forget(whom text) RETURNS TABLE (kind text, number bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY WITH closed AS (
        UPDATE people.credentials
        SET state = 'suspended', password_hash = NULL, changed_at = now()
        WHERE user_id = whom AND password_hash IS NOT NULL RETURNING 1
    ), sessions AS (
        UPDATE people.sessions
        SET ended_at = coalesce(ended_at, now()), end_reason = coalesce(end_reason, 'erased'),
            client = NULL
        WHERE user_id = whom AND (ended_at IS NULL OR client IS NOT NULL) RETURNING 1
    ), tokens AS (
        DELETE FROM people.refresh_tokens
        WHERE session_id IN (SELECT session_id FROM people.sessions WHERE user_id = whom)
    ), api_keys AS (
        UPDATE people.api_keys SET revoked_at = now()
        WHERE user_id = whom AND revoked_at IS NULL RETURNING 1
    ), factors AS (
        DELETE FROM people.totp WHERE user_id = whom RETURNING 1
    ), codes AS (
        DELETE FROM people.recovery_codes WHERE user_id = whom
    ), identities AS (
        DELETE FROM people.identities WHERE user_id = whom RETURNING 1
    ), links AS (
        DELETE FROM people.mail_tokens WHERE user_id = whom
    ), places AS (
        DELETE FROM people.known_places WHERE user_id = whom
    ), mails AS (
        DELETE FROM people.outbox WHERE about = whom RETURNING 1
    ), answers AS (
        DELETE FROM people.kept_answers WHERE user_id = whom
    ), asked AS (
        DELETE FROM jobs.jobs WHERE owner_id = whom RETURNING 1
    )
    SELECT 'accounts', count(*) FROM closed
    UNION ALL SELECT 'sessions', count(*) FROM sessions
    UNION ALL SELECT 'api_keys', count(*) FROM api_keys
    UNION ALL SELECT 'second_factors', count(*) FROM factors
    UNION ALL SELECT 'identities', count(*) FROM identities
    UNION ALL SELECT 'mails', count(*) FROM mails
    UNION ALL SELECT 'jobs', count(*) FROM asked;
END
$$;

REVOKE EXECUTE ON FUNCTION keys.destroy, people.forget FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keys.destroy, people.forget TO taskledger_api, taskledger_worker;
GRANT USAGE ON SCHEMA people TO taskledger_worker;
