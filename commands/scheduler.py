"""The product's clock, as whoever asks for what is due."""

from typing import Final

from commands.work import Work
from domain.values.ids import SYSTEM_ACTOR
from domain.values.recorded import Origin

SCHEDULER: Final = Origin(actor=SYSTEM_ACTOR, via="scheduler")


def is_scheduler(work: Work) -> bool:
    """No door lets commands in by this way."""
    return (work.actor, work.origin.via) == (SCHEDULER.actor, SCHEDULER.via)
