"""Which statements one connection has prepared, by their text and the types of their parameters."""

from collections import OrderedDict
from typing import Final

MOST: Final = 200

Form = tuple[str, tuple[int, ...]]


class Statements:
    """Least recently used first out."""

    def __init__(self) -> None:
        self._names: OrderedDict[Form, bytes] = OrderedDict()
        self._made = 0

    def name(self, form: Form) -> bytes | None:
        """None for what is not prepared."""
        name = self._names.get(form)
        if name is not None:
            self._names.move_to_end(form)
        return name

    def fresh(self) -> bytes:
        """A name that was never used before."""
        self._made += 1
        return b"scoped_%d" % self._made

    def keep(self, form: Form, name: bytes) -> None:
        """It is prepared."""
        self._names[form] = name

    def forget(self) -> None:
        """None is prepared any more."""
        self._names.clear()

    def superfluous(self) -> bytes | None:
        """One that is no longer kept, and has to be let go of."""
        return self._names.popitem(last=False)[1] if len(self._names) > MOST else None
