-- Where each process stands of those that build a view together, each from the workspaces of one
-- shard. The generation's own checkpoint stays where it is until all of them have come as far.
CREATE TABLE ops.build_shards (
    name text NOT NULL,
    version integer NOT NULL,
    generation integer NOT NULL,
    shard integer NOT NULL CHECK (shard >= 0),
    position bigint NOT NULL DEFAULT 0 CHECK (position >= 0),
    PRIMARY KEY (name, version, generation, shard),
    FOREIGN KEY (name, version, generation) REFERENCES ops.projection_generations ON DELETE CASCADE
);

-- As ops.move_checkpoints, of one shard. It holds on to the generation's checkpoint, so that whoever
-- takes that over or drops it waits for the batch, and is heard by the next one.
CREATE FUNCTION ops.move_build_shard(
    name text, version integer, generation integer, epoch bigint, log_id uuid,
    shard integer, old bigint, new bigint
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM ops.checkpoints AS c
    WHERE c.name = move_build_shard.name AND c.version = move_build_shard.version
        AND c.generation = move_build_shard.generation AND c.epoch = move_build_shard.epoch
        AND c.log_id = move_build_shard.log_id
    FOR SHARE;
    IF FOUND THEN
        UPDATE ops.build_shards AS s SET position = new
        WHERE s.name = move_build_shard.name AND s.version = move_build_shard.version
            AND s.generation = move_build_shard.generation AND s.shard = move_build_shard.shard
            AND s.position = old;
    END IF;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'a checkpoint has another owner or has moved' USING ERRCODE = 'TL001';
    END IF;
END
$$;

GRANT SELECT, INSERT, UPDATE, DELETE ON ops.build_shards TO taskledger_worker;
