"""Erasures and holds as answers: read off their state, which is no view's."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from domain.custody.state import Erasure, ErasureState, Hold, HoldState, Step
from domain.values.text import readable

_json = msgspec.json.Encoder()


class StepAnswer(msgspec.Struct, frozen=True):
    """Who did something, when, and where the log has it."""

    user_id: str
    at: datetime
    position: int


class CertificateAnswer(msgspec.Struct, frozen=True):
    """What was done. `destroyed_keys`: without them nothing that they sealed can be read, in the
    log and in any copy of it. `workspaces`: in these also all that the person wrote. `removed`:
    what went beside, by kind. `views`: up to where each is rewritten without them, once all are."""

    destroyed_keys: tuple[str, ...]
    workspaces: tuple[str, ...]
    removed: Mapping[str, int]
    views: Mapping[str, int]


class ErasureAnswer(msgspec.Struct, frozen=True):
    """A request to forget a person. `steps`: each state that it has come to, how it came there.
    `operator`: the name of whoever runs the product, who approved since nobody else could.
    `certificate`: once it was carried out."""

    id: str
    erasure_id: str
    workspace_id: str
    user_id: str
    content: bool
    everywhere: bool
    reason: str | None
    state: ErasureState
    steps: Mapping[str, StepAnswer]
    operator: str | None
    certificate: CertificateAnswer | None


class HoldAnswer(msgspec.Struct, frozen=True):
    """A legal hold. `proposed_by`: who proposed what waits for an approval, or did last."""

    id: str
    hold_id: str
    workspace_id: str
    user_id: str | None
    project_id: str | None
    since: datetime | None
    until: datetime | None
    reason: str | None
    state: HoldState
    proposed_by: str
    steps: Mapping[str, StepAnswer]


def render_erasure(erasure: Erasure, workspace_id: str) -> bytes:
    done = erasure.stage in (ErasureState.CARRIED_OUT, ErasureState.COMPLETED)
    certificate = CertificateAnswer(erasure.key_ids, erasure.places, erasure.counts, erasure.views)
    return _json.encode(
        ErasureAnswer(
            id=erasure.erasure_id,
            erasure_id=erasure.erasure_id,
            workspace_id=workspace_id,
            user_id=erasure.user_id,
            content=erasure.content,
            everywhere=erasure.everywhere,
            reason=readable(erasure.why),
            state=erasure.stage,
            steps=_steps(erasure.steps),
            operator=readable(erasure.operator),
            certificate=certificate if done else None,
        )
    )


def render_hold(hold: Hold, workspace_id: str) -> bytes:
    return _json.encode(
        HoldAnswer(
            id=hold.hold_id,
            hold_id=hold.hold_id,
            workspace_id=workspace_id,
            user_id=hold.user_id,
            project_id=hold.project_id,
            since=hold.since,
            until=hold.until,
            reason=readable(hold.why),
            state=hold.stage,
            proposed_by=hold.proposed_by,
            steps=_steps(hold.steps),
        )
    )


def _steps(steps: Mapping[str, Step]) -> dict[str, StepAnswer]:
    return {str(name): StepAnswer(step.by, step.at, step.position) for name, step in steps.items()}
