-- The one way into the log: a batch of commits, each of which stands or falls alone.
--
-- Every array of a group has one entry for each member, in order. `*_commit` and `*_event` count
-- from 1 into the batch's commits and events.
--
--   commits   command_ids, workspaces, main_streams, main_versions, digests, last_events (the
--             commit's last event, 0 for none)
--   events    event_commits, event_workspaces, streams, versions, types, payloads, metadatas, draws
--             (the sequence to draw from, or NULL; the whole array NULL where nobody draws)
--   reads     each distinct (stream, version) that commits have only read, and who relies on it
--   guards    each guard that a commit asserts not to have been touched after a position
--   touches   each guard that an event touches
--   claims    each value that a commit takes, or gives back
--
-- What a stream's written events assert follows from their versions. The caller puts no two commits
-- into a batch of which one asserts what the other changes; the function raises where it finds any,
-- and then nothing of the batch is appended.
--
-- `numbers` has an entry for each event: what it drew, NULL for the rest (NULL where nobody drew).
-- The events of accepted commits stand at `head_before` + 1, + 2 ... in their order. `refused` is
-- NULL or holds an object for each commit that was not appended:
--   {commit, verdict: duplicate, position, recorded_at, main_stream, main_version, digest}
--   {commit, verdict: moved, streams: [...], guards: [...]}
--   {commit, verdict: claimed, claim}   the claim's place in the claims' arrays
--
-- Each step is a statement of its own: under READ COMMITTED each then sees all that was committed
-- before the head row was locked. The plans are pinned to index look-ups from the arrays, since
-- statistics of a young table or of a cached plan were seen to choose scans.
CREATE FUNCTION log.append(
    expected_log_id uuid,
    command_ids uuid[],
    workspaces text[],
    main_streams text[],
    main_versions integer[],
    digests bytea[],
    last_events integer[],
    event_commits integer[],
    event_workspaces text[],
    streams text[],
    versions integer[],
    types text[],
    payloads bytea[],
    metadatas bytea[],
    draws text[],
    read_streams text[],
    read_versions integer[],
    reader_commits integer[],
    reader_reads integer[],
    guard_commits integer[],
    guard_names text[],
    guard_positions bigint[],
    touch_events integer[],
    touch_names text[],
    claim_commits integer[],
    claim_scopes text[],
    claim_hmacs bytea[],
    claim_owners text[],
    claim_holding boolean[],
    OUT head_before bigint,
    OUT recorded_at timestamptz,
    OUT numbers bigint[],
    OUT refused jsonb
)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
DECLARE
    log_id_now uuid;
    last_recorded timestamptz;
    out_commits integer[] := '{}';
    moved_reads integer[];
    verdicts jsonb;
    judged integer[];
    malformed boolean;
    positions bigint[];
    appended bigint;
BEGIN
    SELECT h.log_id, h.position, h.recorded_at INTO STRICT log_id_now, head_before, last_recorded
    FROM log.head h FOR NO KEY UPDATE;
    IF log_id_now <> expected_log_id THEN
        RAISE EXCEPTION 'this log is %, not %', log_id_now, expected_log_id
            USING ERRCODE = 'TL010';
    END IF;
    recorded_at := greatest(clock_timestamp(), last_recorded);

    -- Commands that the log has already.
    SELECT array_agg(c.ordinal::integer),
        jsonb_agg(jsonb_build_object(
            'commit', c.ordinal, 'verdict', 'duplicate', 'position', k.position,
            'recorded_at', (extract(epoch FROM k.recorded_at) * 1000000)::bigint,
            'main_stream', k.main_stream, 'main_version', k.main_version,
            'digest', encode(k.request_digest, 'hex')))
    INTO judged, refused
    FROM unnest(command_ids) WITH ORDINALITY AS c (command_id, ordinal)
    JOIN log.commits k ON k.command_id = c.command_id;
    out_commits := coalesce(judged, out_commits);

    -- Streams and guards that somebody else has moved.
    SELECT array_agg(r.ordinal::integer) INTO moved_reads
    FROM unnest(read_streams, read_versions) WITH ORDINALITY AS r (stream, version, ordinal)
    LEFT JOIN log.stream_heads h ON h.stream = r.stream
    WHERE coalesce(h.version, 0) <> r.version;

    SELECT array_agg(v.commit), bool_or(v.malformed),
        jsonb_agg(jsonb_build_object('commit', v.commit, 'verdict', 'moved',
            'streams', v.streams, 'guards', v.guards))
    INTO judged, malformed, verdicts
    FROM (
        SELECT m.commit, bool_or(m.malformed) AS malformed,
            coalesce(array_agg(m.stream) FILTER (WHERE m.stream IS NOT NULL), '{}') AS streams,
            coalesce(array_agg(m.guard) FILTER (WHERE m.guard IS NOT NULL), '{}') AS guards
        FROM (
            SELECT w.commit, w.stream, NULL AS guard,
                NOT w.contiguous OR h.workspace_id <> w.workspace_id AS malformed
            FROM (
                SELECT e.commit, e.stream, min(e.version) - 1 AS version,
                    min(e.workspace_id) AS workspace_id,
                    max(e.version) - min(e.version) + 1 = count(*)
                        AND min(e.workspace_id) = max(e.workspace_id) AS contiguous
                FROM unnest(event_commits, streams, versions, event_workspaces)
                    AS e (commit, stream, version, workspace_id)
                GROUP BY e.commit, e.stream
            ) w
            LEFT JOIN log.stream_heads h ON h.stream = w.stream
            WHERE coalesce(h.version, 0) <> w.version
                OR NOT w.contiguous OR h.workspace_id <> w.workspace_id
            UNION ALL
            SELECT r.commit, read_streams[r.read], NULL, false
            FROM unnest(reader_commits, reader_reads) AS r (commit, read)
            WHERE r.read = ANY (moved_reads)
            UNION ALL
            SELECT a.commit, NULL, a.name, false
            FROM unnest(guard_commits, guard_names, guard_positions) AS a (commit, name, position)
            JOIN log.guards g ON g.name = a.name
            WHERE g.position > a.position
        ) m
        WHERE m.commit <> ALL (out_commits)
        GROUP BY m.commit
    ) v;
    IF malformed THEN
        RAISE EXCEPTION 'versions with a gap, or a stream of another workspace'
            USING ERRCODE = 'TL011';
    END IF;
    IF judged IS NOT NULL THEN
        out_commits := out_commits || judged;
        refused := coalesce(refused, '[]') || verdicts;
    END IF;

    -- Values that somebody else holds; one that the same commit gives back is free.
    IF claim_commits IS NOT NULL THEN
        IF EXISTS (SELECT FROM unnest(claim_commits) AS c (commit) WHERE last_events[c.commit] = 0)
        THEN
            RAISE EXCEPTION 'a claim in a commit without events' USING ERRCODE = 'TL011';
        END IF;
        SELECT array_agg(t.commit),
            jsonb_agg(jsonb_build_object('commit', t.commit, 'verdict', 'claimed',
                'claim', t.ordinal))
        INTO judged, verdicts
        FROM (
            SELECT c.commit, min(c.ordinal) AS ordinal
            FROM unnest(claim_commits, claim_scopes, claim_hmacs, claim_owners, claim_holding)
                WITH ORDINALITY AS c (commit, scope, value_hmac, owner, holding, ordinal)
            JOIN log.claims k ON k.scope = c.scope AND k.value_hmac = c.value_hmac
            WHERE c.holding AND k.owner <> c.owner AND c.commit <> ALL (out_commits)
                AND NOT EXISTS (
                    SELECT FROM unnest(claim_commits, claim_scopes, claim_hmacs, claim_owners,
                        claim_holding) AS b (commit, scope, value_hmac, owner, holding)
                    WHERE b.commit = c.commit AND NOT b.holding AND b.scope = c.scope
                        AND b.value_hmac = c.value_hmac AND b.owner = k.owner)
            GROUP BY c.commit
        ) t;
        IF judged IS NOT NULL THEN
            out_commits := out_commits || judged;
            refused := coalesce(refused, '[]') || verdicts;
        END IF;
    END IF;

    -- From here on everything is certain: what was not refused is appended.
    SELECT array_agg(CASE WHEN e.stands THEN head_before + e.nth END ORDER BY e.ordinal),
        count(*) FILTER (WHERE e.stands)
    INTO positions, appended
    FROM (
        SELECT c.ordinal, c.commit <> ALL (out_commits) AS stands,
            count(*) FILTER (WHERE c.commit <> ALL (out_commits)) OVER (ORDER BY c.ordinal) AS nth
        FROM unnest(event_commits) WITH ORDINALITY AS c (commit, ordinal)
    ) e;

    IF draws IS NOT NULL THEN
        INSERT INTO log.sequences AS s (name, value)
        SELECT d.name, count(*)
        FROM unnest(draws, positions) AS d (name, position)
        WHERE d.name IS NOT NULL AND d.position IS NOT NULL
        GROUP BY d.name
        ON CONFLICT (name) DO UPDATE SET value = s.value + excluded.value;

        SELECT array_agg(n.number ORDER BY n.ordinal) INTO numbers
        FROM (
            SELECT d.ordinal, s.value - count(*) OVER (PARTITION BY d.name)
                + row_number() OVER (PARTITION BY d.name ORDER BY d.ordinal) AS number
            FROM (
                SELECT e.ordinal, CASE WHEN e.position IS NOT NULL THEN e.name END AS name
                FROM unnest(draws, positions) WITH ORDINALITY AS e (name, position, ordinal)
            ) d
            LEFT JOIN log.sequences s ON s.name = d.name
        ) n;
    END IF;

    INSERT INTO log.events (position, recorded_at, number, version, workspace_id, stream, type,
        payload, metadata)
    SELECT e.position, append.recorded_at, e.number, e.version, e.workspace_id, e.stream, e.type,
        e.payload, e.metadata
    FROM unnest(positions, numbers, versions, event_workspaces, streams, types, payloads, metadatas)
        AS e (position, number, version, workspace_id, stream, type, payload, metadata)
    WHERE e.position IS NOT NULL;

    INSERT INTO log.stream_heads AS h (stream, workspace_id, version, position)
    SELECT e.stream, min(e.workspace_id), max(e.version), max(e.position)
    FROM unnest(positions, streams, event_workspaces, versions)
        AS e (position, stream, workspace_id, version)
    WHERE e.position IS NOT NULL
    GROUP BY e.stream
    ON CONFLICT (stream) DO UPDATE
        SET version = excluded.version, position = excluded.position;

    IF touch_events IS NOT NULL THEN
        INSERT INTO log.guards AS g (name, position)
        SELECT t.name, max(positions[t.event])
        FROM unnest(touch_events, touch_names) AS t (event, name)
        WHERE positions[t.event] IS NOT NULL
        GROUP BY t.name
        ON CONFLICT (name) DO UPDATE SET position = excluded.position;
    END IF;

    IF claim_commits IS NOT NULL THEN
        DELETE FROM log.claims k
        USING unnest(claim_commits, claim_scopes, claim_hmacs, claim_owners, claim_holding)
            AS c (commit, scope, value_hmac, owner, holding)
        WHERE NOT c.holding AND c.commit <> ALL (out_commits)
            AND k.scope = c.scope AND k.value_hmac = c.value_hmac AND k.owner = c.owner;

        INSERT INTO log.claims (scope, value_hmac, owner)
        SELECT c.scope, c.value_hmac, c.owner
        FROM unnest(claim_commits, claim_scopes, claim_hmacs, claim_owners, claim_holding)
            AS c (commit, scope, value_hmac, owner, holding)
        WHERE c.holding AND c.commit <> ALL (out_commits)
            AND NOT EXISTS (
                SELECT FROM log.claims k WHERE k.scope = c.scope
                    AND k.value_hmac = c.value_hmac AND k.owner = c.owner);
    END IF;

    INSERT INTO log.commits (command_id, position, recorded_at, main_version, workspace_id,
        main_stream, request_digest, claims)
    SELECT c.command_id, coalesce(positions[c.last_event], head_before), append.recorded_at,
        c.main_version, c.workspace_id, c.main_stream, c.digest,
        CASE WHEN claim_commits IS NOT NULL THEN (
            SELECT jsonb_agg(jsonb_build_object('scope', l.scope,
                'hmac', encode(l.value_hmac, 'hex'), 'owner', l.owner, 'holding', l.holding)
                ORDER BY l.ordinal)
            FROM unnest(claim_commits, claim_scopes, claim_hmacs, claim_owners, claim_holding)
                WITH ORDINALITY AS l (commit, scope, value_hmac, owner, holding, ordinal)
            WHERE l.commit = c.ordinal) END
    FROM unnest(command_ids, last_events, main_versions, workspaces, main_streams, digests)
        WITH ORDINALITY
        AS c (command_id, last_event, main_version, workspace_id, main_stream, digest, ordinal)
    WHERE c.ordinal <> ALL (out_commits);

    -- What one commit relied on must not have been changed by another of the same batch.
    IF EXISTS (
        SELECT FROM unnest(read_streams, read_versions) WITH ORDINALITY AS r (stream, version, read)
        LEFT JOIN log.stream_heads h ON h.stream = r.stream
        WHERE coalesce(h.version, 0) <> r.version AND (r.read = ANY (moved_reads)) IS NOT TRUE
    ) OR EXISTS (
        SELECT FROM unnest(guard_commits, guard_names) AS a (commit, name)
        JOIN unnest(touch_events, touch_names) AS t (event, name)
            ON t.name = a.name AND event_commits[t.event] <> a.commit
    ) THEN
        RAISE EXCEPTION 'one commit of the batch relies on what another changes'
            USING ERRCODE = 'TL012';
    END IF;

    UPDATE log.head h
    SET position = head_before + appended, recorded_at = append.recorded_at
    WHERE appended > 0;
END
$$;

REVOKE EXECUTE ON FUNCTION log.append FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.append TO taskledger_api, taskledger_worker;
