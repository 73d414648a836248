"""What a bulk does to each task, in plain values that can be kept."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

import msgspec

from commands.task.change_tasks import CHANGES

_KINDS: Final = {spec.command.__name__: spec.command for spec in CHANGES}


def as_values(changes: Sequence[Any]) -> list[dict[str, Any]]:
    """Commands on a task without which task it is; what they leave out stays out."""
    return [
        {
            "command": type(each).__name__,
            "says": {
                named.name: getattr(each, named.name)
                for named in fields(each)
                if getattr(each, named.name) is not msgspec.UNSET
            },
        }
        for each in changes
    ]


def from_values(values: Sequence[dict[str, Any]]) -> tuple[Any, ...]:
    return tuple(msgspec.convert(each["says"], _KINDS[each["command"]]) for each in values)
