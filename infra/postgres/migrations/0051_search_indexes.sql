-- The indexes of searches outside of the database, each made from one generation of the view
-- `search`. What one shows and which of them answers stands here, with the checkpoints of the views:
-- an index that is lost takes nothing with it.
CREATE TABLE ops.search_indexes (
    name text COLLATE "C" PRIMARY KEY,
    log_id uuid NOT NULL,
    shape integer NOT NULL,
    version integer NOT NULL,
    generation integer NOT NULL,
    parked bigint NOT NULL,
    read_upto bigint NOT NULL DEFAULT 0,
    position bigint NOT NULL DEFAULT 0,
    answers boolean NOT NULL DEFAULT false,
    level_at timestamptz,
    problem text
);
COMMENT ON COLUMN ops.search_indexes.parked IS
    'Events that the view had parked: fewer now means that rows were healed, and all are read anew.';
COMMENT ON COLUMN ops.search_indexes.read_upto IS
    'Rows of the view are in the index whose last change is not after it; some may have changed.';
COMMENT ON COLUMN ops.search_indexes.position IS 'All of the log up to here is in the index.';
COMMENT ON COLUMN ops.search_indexes.level_at IS 'When the index last had all that the view had.';
CREATE UNIQUE INDEX search_indexes_answer 
    ON ops.search_indexes (log_id, version, shape) WHERE answers;

GRANT SELECT ON ops.search_indexes TO taskledger_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON ops.search_indexes TO taskledger_worker;
