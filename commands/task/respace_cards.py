"""Give the cards around one whose rank has grown long new ranks, in the same order."""

from collections.abc import Sequence
from typing import Final

from commands.inverse import NoInverse
from commands.permissions import OfTask
from commands.ports import StreamMoved
from commands.spec import Access, CommandSpec
from commands.task.on_task import loaded_tasks
from commands.work import Work
from domain.errors import not_found
from domain.project.board import column_of
from domain.project.state import PROJECT
from domain.task.events import TaskRespaced
from domain.task.state import TASK, order_guard, spaced_guard, status_guard
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_ACTOR
from domain.values.rank import LONG_RANK, fresh_rank, spread

# On each side of the card, tried one after another until the ranks come out short enough: so one
# commit changes twice as many cards as the last says, at most.
REACHES: Final = (16, 48, 128)

_SHORT_ENOUGH: Final = LONG_RANK * 2 // 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RespaceCards:
    project_id: str
    task_id: str


@dataclass(frozen=True, slots=True)
class BySystem:
    """Nobody may ask for it: the product does it by itself."""

    def __str__(self) -> str:
        return "nobody: the product by itself"

    async def check(self, command: OfTask, work: Work) -> Access:
        task = await work.load(TASK, command.task_id)
        if task is None or work.actor != SYSTEM_ACTOR:
            raise not_found("task")
        await work.load(PROJECT, task.project_id)
        return Access(task.workspace_id)


async def respace_cards(command: RespaceCards, work: Work) -> str:
    """Whoever puts a card into the column meanwhile moves a guard, and whoever has read ranks that
    are new now decides again. Cards in the trash keep their place among the others."""
    task = work.seen(TASK, command.task_id)
    project = work.seen(PROJECT, task.project_id)
    if len(task.rank) < LONG_RANK:
        return task.task_id
    statuses = column_of(project.columns, task.status).statuses
    position = await work.head()
    cards = await work.board.stretch(
        project.project_id, statuses, task.task_id, REACHES[-1] + 1, position
    )
    for status in statuses:
        work.guard(status_guard(project.project_id, status), position)
        work.guard(order_guard(project.project_id, status), position)
    place = next((at for at, (task_id, _) in enumerate(cards) if task_id == task.task_id), None)
    if place is None:
        return task.task_id
    some, ranks = _spaced(cards, place, work)
    loaded = await loaded_tasks(work, [task_id for task_id, _ in some])
    for card, (task_id, known), rank in zip(loaded, some, ranks, strict=True):
        if card is None or card.rank != known:
            raise StreamMoved((task_id,))
        work.record(TASK, card.workspace_id, task_id, TaskRespaced(rank=rank, was=known))
    return task.task_id


_Cards = Sequence[tuple[str, str]]


def _spaced(cards: _Cards, place: int, work: Work) -> tuple[_Cards, Sequence[str]]:
    """The cards (id, rank) that get new ranks, and those: as few as make them short enough."""
    tried = (_spaced_within(cards, place, reach, work) for reach in REACHES)
    found = next(tried)
    while max(map(len, found[1])) > _SHORT_ENOUGH:
        wider = next(tried, None)
        if wider is None:
            break
        found = wider
    return found


def _spaced_within(
    cards: _Cards, place: int, reach: int, work: Work
) -> tuple[_Cards, Sequence[str]]:
    """Between the nearest cards beyond `reach`."""
    start, end = max(0, place - reach), min(len(cards), place + reach + 1)
    some = cards[start:end]
    lower = cards[start - 1][1] if start else None
    upper = cards[end][1] if end < len(cards) else None
    newest = fresh_rank(work.now, work.tail())
    if upper is None and some[-1][1] < newest:
        upper = newest  # what is made after this goes behind them all
    return some, spread(lower, upper, len(some), work.tail)


RESPACE_CARDS = CommandSpec(
    command=RespaceCards,
    handler=respace_cards,
    permission=BySystem(),
    events=(TaskRespaced,),
    route="after POST /tasks/{id}/move",
    inverse=NoInverse("no card has passed another by it."),
    writes=lambda command: spaced_guard(command.project_id),
)
