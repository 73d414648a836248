"""What a proof finds, and the table of it."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field


@dataclass
class Result:
    """`what` was tried so many times; `failed` says of each that did not hold how to try it
    again."""

    what: str
    tried: int = 0
    failed: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def held(self) -> bool:
        """Nothing tried is nothing proven."""
        return self.tried > 0 and not self.failed


def tried(what: str, cases: Iterable[str], holds: Callable[[str], bool]) -> Result:
    """Try every case, named so that the name is enough to try it again."""
    result = Result(what)
    begun = time.perf_counter()
    for case in cases:
        result.tried += 1
        if not holds(case):
            result.failed.append(case)
    result.seconds = time.perf_counter() - begun
    return result


def some(count: int, share: float) -> int:
    """So many of all, one at least."""
    return max(1, round(count * share))


def lines(results: Iterable[Result]) -> Iterator[str]:
    """A table, row by row as results come."""
    yield f"{'what':<72}{'tried':>8}{'held':>8}{'seconds':>9}"
    for each in results:
        held = each.tried - len(each.failed)
        yield f"{each.what:<72}{each.tried:>8}{held:>8}{each.seconds:>9.1f}"
        yield from (f"    did not hold: {case}" for case in each.failed[:20])
