"""What may happen to a workspace's requests to forget a person, and to its legal holds.

Who asks for either never decides it: another person approves.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from domain.custody.events import (
    CustodyEvent,
    ErasureApproved,
    ErasureAsked,
    ErasureCarriedOut,
    ErasureCompleted,
    ErasureWithdrawn,
    HoldKept,
    HoldLifted,
    HoldLiftProposed,
    HoldProposed,
    HoldSet,
    HoldWithdrawn,
)
from domain.custody.state import Custody, Erasure, ErasureState, Hold, HoldState
from domain.errors import Kind, Refused, invalid, not_found
from domain.user.state import User
from domain.values.limits import Limits
from domain.values.text_rules import one_line

# What has come to its end stays to be looked up.
_EVER = 10


def ask_erasure(
    custody: Custody | None,
    user: User | None,
    *,
    erasure_id: str,
    user_id: str,
    content: bool,
    everywhere: bool,
    why: str | None,
    limits: Limits,
) -> tuple[CustodyEvent, ...]:
    """Asked again while it is asked for, it changes nothing, unless more is to go."""
    if user is None:
        raise not_found("user")
    if why is not None:
        one_line(why, "/reason", limits.title)
    _require_not_erased(user)
    open_one = _open_of(custody, user_id)
    if open_one is not None:
        if (open_one.content, open_one.everywhere) == (content, everywhere):
            return ()
        raise Refused(
            Kind.ALREADY_EXISTS,
            "This is asked for already, otherwise; withdraw that first.",
            field="user_id",
            erasure_id=open_one.erasure_id,
        )
    if custody is not None and erasure_id in custody.erasures:
        raise Refused(Kind.ALREADY_EXISTS, "There is one with this id.", field="erasure_id")
    require_no_hold((custody,), user_id)
    _require_room((custody.erasures if custody else {}).values(), limits)
    return (
        ErasureAsked(
            erasure_id=erasure_id,
            user_id=user_id,
            content=content,
            everywhere=everywhere,
            why=why,
        ),
    )


def withdraw_erasure(custody: Custody | None, erasure_id: str) -> tuple[CustodyEvent, ...]:
    """Only what nobody has approved of yet."""
    erasure = known_erasure(custody, erasure_id)
    if erasure.stage is ErasureState.WITHDRAWN:
        return ()
    if erasure.stage is not ErasureState.ASKED:
        raise Refused(Kind.NOT_UNDOABLE, "It was approved; what was erased cannot come back.")
    return (ErasureWithdrawn(erasure_id=erasure_id, user_id=erasure.user_id),)


def may_approve(erasure: Erasure, actor: str) -> bool:
    """False where it is approved already."""
    if erasure.stage is ErasureState.WITHDRAWN:
        raise Refused(Kind.NOT_RESTORABLE, "It was withdrawn; it has to be asked for anew.")
    if erasure.stage is not ErasureState.ASKED:
        return False
    require_another(erasure.asked_by, actor)
    require_another(erasure.user_id, actor)
    return True


def require_nobody_else(erasure: Erasure, managers: Iterable[str]) -> None:
    """An operator stands in for those who manage the workspaces that the person is in, only where
    none of them could approve. Raises Refused(FORBIDDEN)."""
    if not {erasure.asked_by, erasure.user_id}.issuperset(managers):
        raise Refused(
            Kind.FORBIDDEN,
            "Somebody who manages the members of a workspace of theirs may approve of it; an "
            "operator only where there is nobody.",
        )


def approve_erasure(
    erasure: Erasure,
    user: User,
    places: Sequence[str],
    custodies: Iterable[Custody | None],
    operator: str | None = None,
) -> tuple[CustodyEvent, ...]:
    """`custodies`: those of every workspace in which the person is or has written."""
    _require_not_erased(user)
    require_no_hold(custodies, erasure.user_id)
    return (
        ErasureApproved(
            erasure_id=erasure.erasure_id,
            user_id=erasure.user_id,
            places=tuple(places),
            operator=operator,
        ),
    )


def note_carried_out(
    erasure: Erasure, key_ids: Sequence[str], counts: Mapping[str, int]
) -> tuple[CustodyEvent, ...]:
    if erasure.stage is not ErasureState.APPROVED:
        return ()
    return (
        ErasureCarriedOut(
            erasure_id=erasure.erasure_id,
            user_id=erasure.user_id,
            key_ids=tuple(key_ids),
            counts=dict(counts),
        ),
    )


def complete(erasure: Erasure, views: Mapping[str, int]) -> tuple[CustodyEvent, ...]:
    if erasure.stage is not ErasureState.CARRIED_OUT:
        return ()
    return (
        ErasureCompleted(erasure_id=erasure.erasure_id, user_id=erasure.user_id, views=dict(views)),
    )


def propose_hold(
    custody: Custody | None,
    *,
    hold_id: str,
    user_id: str | None,
    project_id: str | None,
    since: datetime | None,
    until: datetime | None,
    why: str,
    limits: Limits,
) -> tuple[CustodyEvent, ...]:
    """Proposed again as it is, it changes nothing; but lifting it is not proposed any more."""
    one_line(why, "/reason", limits.title)
    period = since is not None or until is not None
    if (user_id is not None) + (project_id is not None) + period != 1:
        raise invalid("", "Name one of a person, a project, and a period.")
    if since is not None and until is not None and until <= since:
        raise invalid("/until", "Must be after the beginning.")
    hold = custody.holds.get(hold_id) if custody else None
    if hold is None:
        _require_room((custody.holds if custody else {}).values(), limits)
        return (
            HoldProposed(
                hold_id=hold_id,
                why=why,
                user_id=user_id,
                project_id=project_id,
                since=since,
                until=until,
            ),
        )
    same = (hold.user_id, hold.project_id, hold.since, hold.until)
    if same != (user_id, project_id, since, until) or not hold.is_open:
        raise Refused(
            Kind.ALREADY_EXISTS, "There is a hold with this id; take a fresh one.", field="hold_id"
        )
    return (HoldKept(hold_id=hold_id),) if hold.stage is HoldState.LIFTING else ()


def lift_hold(custody: Custody | None, hold_id: str) -> tuple[CustodyEvent, ...]:
    """One that only was proposed is withdrawn; for one that stands, another person approves."""
    match known_hold(custody, hold_id).stage:
        case HoldState.PROPOSED:
            return (HoldWithdrawn(hold_id=hold_id),)
        case HoldState.STANDING:
            return (HoldLiftProposed(hold_id=hold_id),)
        case _:
            return ()


def approve_hold(custody: Custody | None, hold_id: str, actor: str) -> tuple[CustodyEvent, ...]:
    """Of setting it, or of lifting it, whichever is proposed."""
    hold = known_hold(custody, hold_id)
    match hold.stage:
        case HoldState.PROPOSED:
            require_another(hold.proposed_by, actor)
            return (HoldSet(hold_id=hold_id),)
        case HoldState.LIFTING:
            require_another(hold.proposed_by, actor)
            return (HoldLifted(hold_id=hold_id),)
        case HoldState.WITHDRAWN:
            raise Refused(Kind.NOT_RESTORABLE, "It was withdrawn; propose another one.")
        case _:
            return ()


def known_erasure(custody: Custody | None, erasure_id: str) -> Erasure:
    """Raises Refused(NOT_FOUND)."""
    erasure = custody.erasures.get(erasure_id) if custody else None
    if erasure is None:
        raise not_found("erasure")
    return erasure


def known_hold(custody: Custody | None, hold_id: str) -> Hold:
    """Raises Refused(NOT_FOUND)."""
    hold = custody.holds.get(hold_id) if custody else None
    if hold is None:
        raise not_found("hold")
    return hold


def require_no_hold(custodies: Iterable[Custody | None], user_id: str) -> None:
    """A hold on a project or a period is one on all who may have written there: everybody in the
    workspace. Raises Refused(LEGAL_HOLD)."""
    stopping = [
        hold
        for custody in custodies
        if custody is not None
        for hold in custody.standing()
        if hold.user_id in (None, user_id)
    ]
    if stopping:
        raise legal_hold(stopping)


def legal_hold(holds: Sequence[Hold]) -> Refused:
    return Refused(
        Kind.LEGAL_HOLD,
        "A legal hold keeps this; it has to be lifted first.",
        holds=[hold.hold_id for hold in holds],
    )


def require_another(first: str, actor: str) -> None:
    """Raises Refused(FORBIDDEN) for whoever would approve of what they asked for, or that it
    is done to themselves."""
    if first == actor:
        raise Refused(Kind.FORBIDDEN, "This takes two people; another one has to approve.")


def _open_of(custody: Custody | None, user_id: str) -> Erasure | None:
    erasures = custody.erasures.values() if custody else ()
    return next((each for each in erasures if each.is_open and each.user_id == user_id), None)


def _require_not_erased(user: User) -> None:
    if user.erased:
        raise Refused(Kind.ALREADY_EXISTS, "This person was erased already.", field="user_id")


def _require_room(kept: Iterable[Erasure | Hold], limits: Limits) -> None:
    some = list(kept)
    if sum(each.is_open for each in some) >= limits.custody or len(some) >= _EVER * limits.custody:
        raise invalid("", f"A workspace has at most {limits.custody} at once.", "too-many")
