"""Say within how many days everything in the trail has to be reviewed."""

from commands.inverse import NoInverse
from commands.permissions import InWorkspace
from commands.spec import CommandSpec
from commands.work import Work
from domain.review import decisions
from domain.review.events import ReviewScheduleChanged
from domain.review.state import REVIEWS, reviews_of
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleReviews:
    """`every_days` None: nothing is ever overdue."""

    workspace_id: str
    every_days: int | None


async def schedule_reviews(command: ScheduleReviews, work: Work) -> str:
    stream = reviews_of(command.workspace_id)
    events = decisions.schedule(await work.load(REVIEWS, stream), command.every_days)
    work.record(REVIEWS, command.workspace_id, stream, *events)
    return stream if events or work.peek(REVIEWS, stream) else command.workspace_id


SCHEDULE_REVIEWS = CommandSpec(
    command=ScheduleReviews,
    handler=schedule_reviews,
    permission=InWorkspace(Right.EDIT_WORKSPACE),
    events=(ReviewScheduleChanged,),
    route="PUT /audit/reviews/schedule",
    inverse=NoInverse("set the days as they were before."),
    writes=lambda command: reviews_of(command.workspace_id),
)
