-- The same append, for less: a batch in which nothing is refused, as nearly every one, is told by
-- one look; and arrays are read by subscript, since a scan of many `unnest`s costs more to set up
-- than the rows of a small batch cost to write. See 0004 for what goes in and what comes out.
CREATE OR REPLACE FUNCTION log.append(
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
    appended bigint := cardinality(streams);
    commit_claims jsonb[];
BEGIN
    SELECT h.log_id, h.position, h.recorded_at INTO STRICT log_id_now, head_before, last_recorded
    FROM log.head h FOR NO KEY UPDATE;
    IF log_id_now <> expected_log_id THEN
        RAISE EXCEPTION 'this log is %, not %', log_id_now, expected_log_id
            USING ERRCODE = 'TL010';
    END IF;
    recorded_at := greatest(clock_timestamp(), last_recorded);

    -- Whether there may be anything to refuse. An event that goes on from the one before it in its
    -- commit is as right as that one.
    IF claim_commits IS NOT NULL OR guard_commits IS NOT NULL OR EXISTS (
        SELECT FROM log.commits k WHERE k.command_id = ANY (command_ids)
    ) OR EXISTS (
        SELECT FROM generate_series(1, cardinality(read_streams)) AS r
        LEFT JOIN log.stream_heads h ON h.stream = read_streams[r]
        WHERE coalesce(h.version, 0) <> read_versions[r]
    ) OR EXISTS (
        SELECT FROM generate_series(1, cardinality(streams)) AS e
        LEFT JOIN log.stream_heads h ON h.stream = streams[e]
        WHERE (versions[e] = coalesce(h.version, 0) + 1
                AND event_workspaces[e] = coalesce(h.workspace_id, event_workspaces[e])
            OR versions[e] = versions[e - 1] + 1 AND streams[e] = streams[e - 1]
                AND event_commits[e] = event_commits[e - 1]
                AND event_workspaces[e] = event_workspaces[e - 1]) IS NOT TRUE
    ) THEN
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
                FROM unnest(guard_commits, guard_names, guard_positions)
                    AS a (commit, name, position)
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
            IF EXISTS (
                SELECT FROM unnest(claim_commits) AS c (commit) WHERE last_events[c.commit] = 0
            ) THEN
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
    END IF;

    -- From here on everything is certain: what was not refused is appended.
    IF out_commits = '{}' THEN
        positions := ARRAY(SELECT generate_series(head_before + 1, head_before + appended));
    ELSE
        SELECT array_agg(CASE WHEN e.stands THEN head_before + e.nth END ORDER BY e.ordinal),
            count(*) FILTER (WHERE e.stands)
        INTO positions, appended
        FROM (
            SELECT c.ordinal, c.commit <> ALL (out_commits) AS stands,
                count(*) FILTER (WHERE c.commit <> ALL (out_commits)) OVER (ORDER BY c.ordinal)
                    AS nth
            FROM unnest(event_commits) WITH ORDINALITY AS c (commit, ordinal)
        ) e;
    END IF;

    IF draws IS NOT NULL THEN
        INSERT INTO log.sequences AS s (name, value)
        SELECT draws[e], count(*)
        FROM generate_series(1, cardinality(draws)) AS e
        WHERE draws[e] IS NOT NULL AND positions[e] IS NOT NULL
        GROUP BY draws[e]
        ON CONFLICT (name) DO UPDATE SET value = s.value + excluded.value;

        SELECT array_agg(n.number ORDER BY n.ordinal) INTO numbers
        FROM (
            SELECT d.ordinal, s.value - count(*) OVER (PARTITION BY d.name)
                + row_number() OVER (PARTITION BY d.name ORDER BY d.ordinal) AS number
            FROM (
                SELECT e AS ordinal, CASE WHEN positions[e] IS NOT NULL THEN draws[e] END AS name
                FROM generate_series(1, cardinality(draws)) AS e
            ) d
            LEFT JOIN log.sequences s ON s.name = d.name
        ) n;
    END IF;

    INSERT INTO log.events (position, recorded_at, number, version, workspace_id, stream, type,
        payload, metadata)
    SELECT positions[e], append.recorded_at, numbers[e], versions[e], event_workspaces[e],
        streams[e], types[e], payloads[e], metadatas[e]
    FROM generate_series(1, cardinality(streams)) AS e
    WHERE positions[e] IS NOT NULL;

    INSERT INTO log.stream_heads AS h (stream, workspace_id, version, position)
    SELECT streams[e], min(event_workspaces[e]), max(versions[e]), max(positions[e])
    FROM generate_series(1, cardinality(streams)) AS e
    WHERE positions[e] IS NOT NULL
    GROUP BY streams[e]
    ON CONFLICT (stream) DO UPDATE
        SET version = excluded.version, position = excluded.position;

    IF touch_events IS NOT NULL THEN
        INSERT INTO log.guards AS g (name, position)
        SELECT touch_names[t], max(positions[touch_events[t]])
        FROM generate_series(1, cardinality(touch_events)) AS t
        WHERE positions[touch_events[t]] IS NOT NULL
        GROUP BY touch_names[t]
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

        SELECT array_agg(c.claims ORDER BY c.commit) INTO commit_claims
        FROM (
            SELECT g.commit, (
                SELECT jsonb_agg(jsonb_build_object('scope', l.scope,
                    'hmac', encode(l.value_hmac, 'hex'), 'owner', l.owner, 'holding', l.holding)
                    ORDER BY l.ordinal)
                FROM unnest(claim_commits, claim_scopes, claim_hmacs, claim_owners, claim_holding)
                    WITH ORDINALITY AS l (commit, scope, value_hmac, owner, holding, ordinal)
                WHERE l.commit = g.commit
            ) AS claims
            FROM generate_series(1, cardinality(command_ids)) AS g (commit)
        ) c;
    END IF;

    INSERT INTO log.commits (command_id, position, recorded_at, main_version, workspace_id,
        main_stream, request_digest, claims)
    SELECT command_ids[c], coalesce(positions[last_events[c]], head_before), append.recorded_at,
        main_versions[c], workspaces[c], main_streams[c], digests[c], commit_claims[c]
    FROM generate_series(1, cardinality(command_ids)) AS c
    WHERE c <> ALL (out_commits);

    -- What one commit relied on must not have been changed by another of the same batch.
    IF read_streams && streams OR guard_names && touch_names THEN
        IF EXISTS (
            SELECT FROM unnest(read_streams, read_versions) WITH ORDINALITY
                AS r (stream, version, read)
            LEFT JOIN log.stream_heads h ON h.stream = r.stream
            WHERE coalesce(h.version, 0) <> r.version
                AND (r.read = ANY (moved_reads)) IS NOT TRUE
        ) OR EXISTS (
            SELECT FROM unnest(guard_commits, guard_names) AS a (commit, name)
            JOIN unnest(touch_events, touch_names) AS t (event, name)
                ON t.name = a.name AND event_commits[t.event] <> a.commit
        ) THEN
            RAISE EXCEPTION 'one commit of the batch relies on what another changes'
                USING ERRCODE = 'TL012';
        END IF;
    END IF;

    UPDATE log.head h
    SET position = head_before + appended, recorded_at = append.recorded_at
    WHERE appended > 0;
END
$$;
