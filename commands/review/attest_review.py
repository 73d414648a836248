"""Attest that one has looked at a range of the trail."""

from commands.inverse import NoInverse
from commands.permissions import InWorkspace
from commands.spec import CommandSpec
from commands.work import Work
from domain.errors import invalid
from domain.review import decisions
from domain.review.events import TrailReviewed
from domain.review.state import REVIEWS, reviews_of
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestReview:
    """Of all events of the workspace from the position `first` to `last`, both included."""

    workspace_id: str
    first: int
    last: int
    note: str


async def attest_review(command: AttestReview, work: Work) -> str:
    if not command.first >= 1:
        raise invalid("/from", "Positions begin with 1.")
    if command.last > await work.head():
        raise invalid("/to", "The log does not go so far yet.")
    own_act = None
    if command.first <= command.last:
        own_act = await work.trail.first_act(
            command.workspace_id, work.actor, command.first, command.last
        )
    stream = reviews_of(command.workspace_id)
    await work.load(REVIEWS, stream)
    events = decisions.attest(
        first=command.first,
        last=command.last,
        note=command.note,
        own_act=own_act,
        limits=work.limits,
    )
    work.record(REVIEWS, command.workspace_id, stream, *events)
    return stream


ATTEST_REVIEW = CommandSpec(
    command=AttestReview,
    handler=attest_review,
    permission=InWorkspace(Right.READ_TRAIL),
    events=(TrailReviewed,),
    route="POST /audit/reviews",
    inverse=NoInverse("what was attested was attested; attest to it again with another note."),
    writes=lambda command: reviews_of(command.workspace_id),
)
