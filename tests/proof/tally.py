"""What was tried, how often, and of what did not hold how to try it again."""

import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field


@dataclass
class Result:
    """`what` was tried so many times; `failed` names the cases that did not hold."""

    what: str
    tried: int = 0
    failed: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass
class Proof:
    """`share` of everything is tried, beginning with the seed `seed`."""

    seed: int
    share: float
    results: list[Result] = field(default_factory=list)

    def some(self, count: int) -> int:
        """So many of all, one at least."""
        return max(1, round(count * self.share))

    def seeds(self, count: int) -> list[str]:
        return [f"{self.seed + n}" for n in range(self.some(count))]

    def tried(self, what: str, cases: Iterable[str], holds: Callable[[str], bool]) -> None:
        """Every case holds; it is named so that the name is enough to try it again."""
        with self._counted(what) as count:
            for case in cases:
                count(case, holds(case))

    async def tried_live(
        self, what: str, cases: Iterable[str], holds: Callable[[str], Awaitable[bool]]
    ) -> None:
        with self._counted(what) as count:
            for case in cases:
                count(case, await holds(case))

    @contextlib.contextmanager
    def _counted(self, what: str) -> Iterator[Callable[[str, bool], None]]:
        result = Result(what)
        self.results.append(result)
        begun = time.perf_counter()

        def count(case: str, held: bool) -> None:
            result.tried += 1
            if not held:
                result.failed.append(case)

        yield count
        result.seconds = time.perf_counter() - begun
        assert result.tried, f"nothing was tried of: {what}"
        assert not result.failed, f"{what}: did not hold for {result.failed[:20]}"

    def table(self) -> Iterator[str]:
        yield f"{'seed ' + str(self.seed):<64}{'tried':>8}{'held':>8}{'seconds':>9}"
        for each in self.results:
            held = each.tried - len(each.failed)
            yield f"{each.what:<64}{each.tried:>8}{held:>8}{each.seconds:>9.1f}"
