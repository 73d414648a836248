"""Dataclasses that nobody changes: said to the type checker, and not paid for at run time.

A frozen dataclass sets each field through a function that would refuse anybody else, which makes
it four times as slow to build as one that trusts its users: a task's state 7 us where this takes
under 2, several times for each event. So `@dataclass(frozen=True, ...)` of this module is checked
by the type checker as the one of the standard library is, and hashed and compared alike; whoever
sets a field all the same is refused under Python's development mode (`python -X dev`) alone.
"""

import sys
from dataclasses import dataclass as _of_the_library
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(kind: type | None = None, /, *, frozen: bool = False, **options: Any) -> Any:
        """As `dataclasses.dataclass`."""

        def made(kind: type) -> type:
            if not frozen or sys.flags.dev_mode:
                return _of_the_library(kind, frozen=frozen, **options)
            # What is frozen is hashed by its fields unless it says otherwise itself.
            by_fields = options.get("eq", True) and "__hash__" not in kind.__dict__
            return _of_the_library(kind, unsafe_hash=by_fields, **options)

        return made if kind is None else made(kind)
