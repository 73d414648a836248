"""Carries out an erasure of which an operator approves, for want of anybody else."""

from commands.custody.approve_as_operator import ApproveErasureAsOperator
from domain.custody.state import CUSTODY, ErasureState, custody_of
from domain.errors import not_found
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_ACTOR
from domain.values.recorded import Origin
from domain.values.text_rules import normal_username
from infra.bootstrap import House, open_house
from infra.erasure.places import Places
from infra.settings import Settings
from projections.custody import render_erasure


@dataclass(frozen=True, slots=True)
class Approval:
    """`by` is the operator's name."""

    username: str
    erasure_id: str
    by: str
    reason: str


async def approve_erasure(settings: Settings, approval: Approval) -> bytes:
    """The erasure with its certificate, in JSON. Where this process dies after the approval, the
    scheduler's does what is left. Raises Refused."""
    async with open_house(settings) as house:
        user_id, places = await _asked_by(house, approval)
        for home in places.workspaces:
            custody = await house.executor.states.read(CUSTODY, custody_of(home))
            if custody is not None and approval.erasure_id in custody.erasures:
                break
        else:
            raise not_found("erasure")
        if custody.erasures[approval.erasure_id].user_id != user_id:
            raise not_found("erasure")
        command = ApproveErasureAsOperator(
            workspace_id=home,
            erasure_id=approval.erasure_id,
            found=places.workspaces,
            by=approval.by,
        )
        origin = Origin(actor=SYSTEM_ACTOR, via="cli", reason=approval.reason)
        outcome = await house.executor.execute([command], origin)
        custody = outcome.state(CUSTODY)
        erasure = custody.erasures[approval.erasure_id]
        if erasure.stage is ErasureState.APPROVED:
            custody = await house.eraser.carry_out(house.executor, home, erasure, places)
            erasure = custody.erasures[approval.erasure_id]
        return render_erasure(erasure, home)


async def _asked_by(house: House, approval: Approval) -> tuple[str, Places]:
    """Who it is, and where they are or were."""
    user_id = await house.store.claimed_by("username", normal_username(approval.username))
    if user_id is None:
        raise not_found("user")
    return user_id, await house.eraser.places_of(user_id, await house.store.head())
