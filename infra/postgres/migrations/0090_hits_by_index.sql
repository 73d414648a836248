-- Words that are in more than a quarter of all tasks seem to be met soon on the way through the
-- table; where a workspace has them more seldom, that way leads through the tasks of all others.
SET ROLE taskledger_search;
ALTER FUNCTION views.task_hits(text, tsquery, integer) SET enable_seqscan = off;
ALTER FUNCTION views.field_hits(text, jsonb[], integer) SET enable_seqscan = off;
RESET ROLE;
