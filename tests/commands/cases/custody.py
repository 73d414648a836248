"""Cases of the audit: erasures, holds, reviews, exports, the trail."""

from datetime import UTC, datetime

from commands.custody.approve_as_operator import ApproveErasureAsOperator
from commands.custody.approve_erasure import ApproveErasure, CompleteErasure, NoteErasure
from commands.custody.ask_erasure import AskErasure, WithdrawErasure
from commands.custody.holds import ApproveHold, LiftHold, ProposeHold
from commands.export.record_export import RecordExport
from commands.review.attest_review import AttestReview
from commands.review.schedule_reviews import ScheduleReviews
from commands.security.note_security import NoteSecurity
from commands.security.record_own_read import RecordOwnRead
from commands.security.record_trail_read import RecordTrailRead
from domain.security.events import ApiKeyUsed
from infra.ids import new_id
from tests.commands.cases.table import ADMINS, ANYBODY, NOBODY, TRAIL_READERS, Cases
from tests.commands.cases.workspaces import newcomer
from tests.commands.conftest import House

CASES = Cases()


@CASES.of(RecordExport, "done done F F done -")
async def _record_export(house: House, actor: str) -> object:
    return RecordExport(
        workspace_id=house.workspace_id,
        export_id=new_id("exp"),
        format="bundle",
        events=3,
        digest="00" * 32,
    )


@CASES.of(RecordTrailRead, TRAIL_READERS)
async def _record_trail_read(house: House, actor: str) -> object:
    return RecordTrailRead(
        workspace_id=house.workspace_id, filter={}, events=0, goes_on=False, upto=1
    )


@CASES.of(RecordOwnRead, ANYBODY)
async def _record_own_read(house: House, actor: str) -> object:
    return RecordOwnRead(user_id=house.people[actor], workspaces=(house.workspace_id,), upto=1)


@CASES.of(NoteSecurity, NOBODY)
async def _note_security(house: House, actor: str) -> object:
    return NoteSecurity(workspace_id=house.workspace_id, event=ApiKeyUsed(key_id=new_id("key")))


async def _asked(house: House, actor: str) -> tuple[str, str]:
    """An erasure that somebody else than the actor has asked for, and of whom."""
    user_id, erasure_id = await newcomer(house), new_id("ers")
    by = house.admin if actor == "ann" else house.ann
    ask = AskErasure(workspace_id=house.workspace_id, user_id=user_id, erasure_id=erasure_id)
    await house.run(by, ask)
    return erasure_id, user_id


async def _proposed(house: House, actor: str) -> str:
    hold_id = new_id("hold")
    by = house.admin if actor == "ann" else house.ann
    await house.run(by, _a_hold(house, hold_id))
    return hold_id


def _a_hold(house: House, hold_id: str) -> ProposeHold:
    return ProposeHold(
        workspace_id=house.workspace_id,
        hold_id=hold_id,
        reason="Case 7",
        since=datetime(2100, 1, 1, tzinfo=UTC),
    )


@CASES.of(AskErasure, ADMINS)
async def _ask_erasure(house: House, actor: str) -> object:
    return AskErasure(workspace_id=house.workspace_id, user_id=await newcomer(house))


@CASES.of(WithdrawErasure, ADMINS)
async def _withdraw_erasure(house: House, actor: str) -> object:
    erasure_id, user_id = await _asked(house, actor)
    return WithdrawErasure(workspace_id=house.workspace_id, user_id=user_id, erasure_id=erasure_id)


@CASES.of(ApproveErasure, ADMINS)
async def _approve_erasure(house: House, actor: str) -> object:
    erasure_id, _ = await _asked(house, actor)
    return ApproveErasure(workspace_id=house.workspace_id, erasure_id=erasure_id, found=())


@CASES.of(ApproveErasureAsOperator, NOBODY)
async def _approve_as_operator(house: House, actor: str) -> object:
    erasure_id, _ = await _asked(house, actor)
    return ApproveErasureAsOperator(
        workspace_id=house.workspace_id, erasure_id=erasure_id, found=(), by="Olga"
    )


@CASES.of(NoteErasure, NOBODY)
async def _note_erasure(house: House, actor: str) -> object:
    erasure_id, _ = await _asked(house, actor)
    return NoteErasure(
        workspace_id=house.workspace_id, erasure_id=erasure_id, key_ids=(), counts={}
    )


@CASES.of(CompleteErasure, NOBODY)
async def _complete_erasure(house: House, actor: str) -> object:
    erasure_id, _ = await _asked(house, actor)
    return CompleteErasure(workspace_id=house.workspace_id, erasure_id=erasure_id, views={})


@CASES.of(ProposeHold, ADMINS)
async def _propose_hold(house: House, actor: str) -> object:
    return _a_hold(house, new_id("hold"))


@CASES.of(LiftHold, ADMINS)
async def _lift_hold(house: House, actor: str) -> object:
    return LiftHold(workspace_id=house.workspace_id, hold_id=await _proposed(house, actor))


@CASES.of(ApproveHold, ADMINS)
async def _approve_hold(house: House, actor: str) -> object:
    return ApproveHold(workspace_id=house.workspace_id, hold_id=await _proposed(house, actor))


@CASES.of(AttestReview, TRAIL_READERS)
async def _attest_review(house: House, actor: str) -> object:
    """Of what they did nothing in themselves: that somebody else registered."""
    return AttestReview(workspace_id=house.workspace_id, first=1, last=1, note="Looked at.")


@CASES.of(ScheduleReviews, ADMINS)
async def _schedule_reviews(house: House, actor: str) -> object:
    every_days = 1 + len(await house.log()) % 300
    return ScheduleReviews(workspace_id=house.workspace_id, every_days=every_days)
