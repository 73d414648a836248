"""What a projector counts, from the start of its process on."""

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    """`events`: folded into views and committed, each counted for each view. `events_from_log`:
    taken from the log because the stream did not have them. `fenced`: times that somebody else
    had changed a checkpoint. `poisoned`: batches in which something could not be applied."""

    events: int = 0
    batches: int = 0
    events_from_log: int = 0
    fenced: int = 0
    poisoned: int = 0
