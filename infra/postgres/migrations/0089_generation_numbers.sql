-- The last number that each version of a view gave to a generation: none is given twice, so that
-- nobody who still has the number of one that is gone reads another that is being built.
CREATE TABLE ops.generation_numbers (
    name text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    last integer NOT NULL CHECK (last > 0),
    PRIMARY KEY (name, version)
);
COMMENT ON TABLE ops.generation_numbers IS
    'The last number given to a generation of each (name, version); none is given twice.';
INSERT INTO ops.generation_numbers
SELECT name, version, max(generation) FROM ops.projection_generations GROUP BY name, version;
GRANT SELECT, INSERT, UPDATE ON ops.generation_numbers TO taskledger_worker;
