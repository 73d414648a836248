-- Witnesses sign a checkpoint after its log did: their lines are added to the note.
GRANT UPDATE (note) ON record.checkpoints TO taskledger_worker;
