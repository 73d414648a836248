"""Changes of one kind that come to one task within a minute are one notification."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from domain.values.ids import between
from domain.values.recorded import Recorded
from projections.other_tasks import task_marks
from projections.people import Named, named

WITHIN: Final = timedelta(seconds=60)

# So many of the latest changes are told one by one; of the others it is said how many they are.
TOLD: Final = 10

# Under this name a change tells of other tasks by id.
OTHER_TASKS: Final = "freed_by"


class Change(msgspec.Struct, array_like=True, frozen=True):
    """One change that somebody hears of. `told` is JSON-ready, but for ids of other tasks."""

    position: int
    actor: str
    at: datetime
    told: dict[str, Any]


class Bundle(msgspec.Struct, array_like=True, frozen=True):
    """Begun by the event at `position`, and closed a minute of the log's clock later. `count` are
    all changes in it, `by` how many of them each person made, `changes` the latest, oldest
    first."""

    position: int
    began: datetime
    count: int
    by: dict[str, int]
    changes: tuple[Change, ...]

    def is_open(self, at: datetime) -> bool:
        return at - self.began < WITHIN

    def id_for(self, type_: str, user_id: str) -> str:
        """The same whenever it is made: by the position and whom it is for."""
        return between("ntf", str(self.position), type_, user_id)


def grown(bundle: Bundle | None, recorded: Recorded, told: Mapping[str, Any]) -> Bundle:
    """With one change more; a new one where none is open."""
    stamp = recorded.stamp
    change = Change(stamp.position, stamp.actor, stamp.recorded_at, dict(told))
    if bundle is None or not bundle.is_open(stamp.recorded_at):
        return Bundle(stamp.position, stamp.recorded_at, 1, {stamp.actor: 1}, (change,))
    return Bundle(
        bundle.position,
        bundle.began,
        bundle.count + 1,
        {**bundle.by, stamp.actor: bundle.by.get(stamp.actor, 0) + 1},
        (*bundle.changes, change)[-TOLD:],
    )


class NotificationAnswer(msgspec.Struct, frozen=True):
    """A notification as `GET /notifications` shows it, without what its reader did with it.
    `actor` made the latest change, which `data` shows beside the count and the latest of all."""

    id: str
    notification_id: str
    type: str
    data: dict[str, Any]
    task_id: str | None
    project_id: str
    workspace_id: str
    actor: Named
    created_at: datetime
    updated_at: datetime
    position: int


_json = msgspec.json.Encoder()
_WITHOUT_ID: Final = len(b'{"id":"","notification_id":""')


def _shown(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """With places for other tasks, of which not everybody may see each."""
    return {
        name: task_marks(value) if name == OTHER_TASKS else value for name, value in told.items()
    }


@dataclass(slots=True)
class Told:
    """What all who hear of a bundle are told, and of what it is about. Most of them did nothing of
    it themselves: for them it is rendered once."""

    type: str
    workspace_id: str
    project_id: str
    task_id: str | None
    about: Mapping[str, Any]
    bundle: Bundle
    _others: bytes | None = field(default=None, compare=False)

    def doc(self, notification_id: str, user_id: str) -> bytes:
        """What one person is told: nothing of what they did themselves."""
        if user_id in self.bundle.by:
            answer = self._answer(user_id)
        else:
            if self._others is None:
                self._others = self._answer(user_id)
            answer = self._others
        own = notification_id.encode()
        return b'{"id":"%b","notification_id":"%b"%b' % (own, own, answer)

    def _answer(self, user_id: str) -> bytes:
        """The end of it, behind the id."""
        bundle = self.bundle
        changes = [each for each in bundle.changes if each.actor != user_id]
        latest = changes[-1]
        data = {
            **self.about,
            **_shown(latest.told),
            "count": bundle.count - bundle.by.get(user_id, 0),
            "changes": [
                {
                    "position": each.position,
                    "actor": named(each.actor),
                    "at": each.at,
                    **_shown(each.told),
                }
                for each in reversed(changes)
            ],
        }
        answer = NotificationAnswer(
            id="",
            notification_id="",
            type=self.type,
            data=data,
            task_id=self.task_id,
            project_id=self.project_id,
            workspace_id=self.workspace_id,
            actor=named(latest.actor),
            created_at=bundle.began,
            updated_at=latest.at,
            position=latest.position,
        )
        return _json.encode(answer)[_WITHOUT_ID:]
