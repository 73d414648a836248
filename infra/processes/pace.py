"""How much to take at once: less after each failure of a batch, more again as batches succeed."""


class Pace:
    """A batch that the system cannot carry in one piece may get through in smaller ones."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.size = most

    def slower(self) -> None:
        self.size = max(1, self.size // 2)

    def faster(self) -> None:
        if self.size < self._most:
            self.size = min(self._most, self.size * 2)
