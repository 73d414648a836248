-- Where each view stands: its generations, which of them answers, how far it is, what it parked.

CREATE TABLE ops.projection_generations (
    name text COLLATE "C" NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    generation integer NOT NULL CHECK (generation > 0),
    state text NOT NULL CHECK (state IN ('building', 'joining', 'live', 'retired')),
    fingerprint text NOT NULL,
    relations text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (name, version, generation)
);
COMMENT ON TABLE ops.projection_generations IS
    'One row for each set of tables of a view. building: by a rebuild, from the log; joining: nearly '
    'there, the projector may take it over; live: the projector writes it; retired: written until '
    'it is dropped, for readers that have not seen the pointer move.';
COMMENT ON COLUMN ops.projection_generations.fingerprint IS
    'Of the code that began it: an unfinished build is resumed only by the same code.';

CREATE TABLE ops.projection_pointers (
    name text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    generation integer NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (name, version),
    FOREIGN KEY (name, version, generation) REFERENCES ops.projection_generations
);
COMMENT ON TABLE ops.projection_pointers IS 'Which generation of (name, version) answers.';

CREATE TABLE ops.checkpoints (
    name text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    generation integer NOT NULL,
    position bigint NOT NULL DEFAULT 0 CHECK (position >= 0),
    epoch bigint NOT NULL DEFAULT 0,
    log_id uuid NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (name, version, generation),
    FOREIGN KEY (name, version, generation) REFERENCES ops.projection_generations ON DELETE CASCADE
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
COMMENT ON COLUMN ops.checkpoints.epoch IS
    'Raised by each new owner; a checkpoint moves only by compare-and-set with it.';

CREATE TABLE ops.dead_letters (
    name text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    generation integer NOT NULL,
    position bigint NOT NULL,
    workspace_id text COLLATE "C" NOT NULL,
    stream text COLLATE "C" NOT NULL,
    stream_version integer NOT NULL,
    type text COLLATE "C" NOT NULL,
    error text,
    attempts integer NOT NULL DEFAULT 0,
    parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (name, version, generation, position),
    FOREIGN KEY (name, version, generation) REFERENCES ops.projection_generations ON DELETE CASCADE
);
CREATE INDEX dead_letters_stream ON ops.dead_letters (workspace_id, stream);
COMMENT ON TABLE ops.dead_letters IS
    'Events that a view did not apply: one that could not be (error says why), and every later one '
    'of its stream.';

ALTER TABLE ops.dead_letters ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON ops.dead_letters FOR SELECT TO taskledger_api USING (
    workspace_id = ANY (string_to_array(current_setting('taskledger.workspaces', true), ','))
);
CREATE POLICY every_tenant ON ops.dead_letters FOR ALL TO taskledger_worker
    USING (true) WITH CHECK (true);

-- Counts name no tenant, so everyone may have them.
CREATE VIEW ops.dead_letter_counts AS
    SELECT name, version, generation, count(*) AS events, count(DISTINCT stream) AS streams
    FROM ops.dead_letters GROUP BY name, version, generation;

-- Moves every checkpoint of a batch or none. Called first in a batch's transaction: it also locks
-- them, so that whoever heals or drops a generation waits for the batch, and the batch for them.
CREATE FUNCTION ops.move_checkpoints(
    names text[], versions integer[], generations integer[], epochs bigint[],
    olds bigint[], news bigint[], log_id uuid
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    moved bigint;
BEGIN
    UPDATE ops.checkpoints c
    SET position = m.new, updated_at = clock_timestamp()
    FROM unnest(names, versions, generations, epochs, olds, news)
        AS m (name, version, generation, epoch, old, new)
    WHERE c.name = m.name AND c.version = m.version AND c.generation = m.generation
        AND c.epoch = m.epoch AND c.position = m.old AND c.log_id = move_checkpoints.log_id;
    GET DIAGNOSTICS moved = ROW_COUNT;
    IF moved <> cardinality(names) THEN
        RAISE EXCEPTION 'a checkpoint has another owner or has moved' USING ERRCODE = 'TL001';
    END IF;
END
$$;

GRANT SELECT ON ops.projection_generations, ops.projection_pointers, ops.checkpoints,
    ops.dead_letters, ops.dead_letter_counts TO taskledger_api, taskledger_search;
GRANT USAGE ON SCHEMA ops TO taskledger_search;
GRANT SELECT, INSERT, UPDATE, DELETE ON ops.projection_generations, ops.projection_pointers,
    ops.checkpoints, ops.dead_letters TO taskledger_worker;
GRANT SELECT ON ops.dead_letter_counts TO taskledger_worker;
