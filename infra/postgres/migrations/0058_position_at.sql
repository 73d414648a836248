-- The log's time never goes back along positions, so a time is a place in it, found by halving.
CREATE FUNCTION log.position_at(moment timestamptz, inclusive boolean)
RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    low bigint := 0;
    high bigint;
    middle bigint;
    recorded timestamptz;
BEGIN
    SELECT h.position INTO STRICT high FROM log.head h;
    WHILE low < high LOOP
        middle := low + (high - low + 1) / 2;
        SELECT e.recorded_at INTO STRICT recorded FROM log.events e WHERE e.position = middle;
        IF recorded < moment OR inclusive AND recorded = moment THEN
            low := middle;
        ELSE
            high := middle - 1;
        END IF;
    END LOOP;
    RETURN low;
END
$$;
COMMENT ON FUNCTION log.position_at IS
    'The last position that was recorded before a moment, or at it where that is inclusive; 0 where '
    'nothing was.';
REVOKE EXECUTE ON FUNCTION log.position_at FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.position_at TO taskledger_api, taskledger_worker;
