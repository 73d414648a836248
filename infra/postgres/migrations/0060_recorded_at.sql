-- When a position was recorded, NULL where there is none: what time it was there. It is nobody's
-- secret, as it says nothing of what was recorded.
CREATE FUNCTION log.recorded_at(place bigint) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT e.recorded_at FROM log.events e WHERE e.position = place;
END;
REVOKE EXECUTE ON FUNCTION log.recorded_at FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.recorded_at TO taskledger_api, taskledger_worker;
