"""What was tried, how often, and of what did not hold how to try it again."""

import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final


@dataclass
class Result:
    """`what` was tried so many times; `failed` names the cases in which a tamper was not found,
    or, of what `is_untouched`, something was."""

    what: str
    is_untouched: bool
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

    def seeds(self, count: int, *, least: int = 1) -> list[str]:
        return [f"{self.seed + n}" for n in range(max(least, self.some(count)))]

    def tried(
        self,
        what: str,
        cases: Iterable[str],
        holds: Callable[[str], bool],
        *,
        is_untouched: bool = False,
    ) -> None:
        """Every case holds; it is named so that the name is enough to try it again."""
        with self.counted(what, is_untouched=is_untouched) as count:
            for case in cases:
                count(case, holds(case))

    async def tried_live(
        self,
        what: str,
        cases: Iterable[str],
        holds: Callable[[str], Awaitable[bool]],
        *,
        is_untouched: bool = False,
    ) -> None:
        with self.counted(what, is_untouched=is_untouched) as count:
            for case in cases:
                count(case, await holds(case))

    @contextlib.contextmanager
    def counted(
        self, what: str, *, is_untouched: bool = False
    ) -> Iterator[Callable[[str, bool], None]]:
        """Give the name of each case, and whether it held."""
        result = Result(what, is_untouched)
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
        """In Markdown."""
        yield _LINE.format(f"seed {self.seed}", "tried", "found", "false alarms", "seconds")
        yield _LINE.format("---", *["---:"] * 4)
        for each in self.results:
            wrong = len(each.failed)
            found = ("", wrong) if each.is_untouched else (each.tried - wrong, "")
            yield _LINE.format(each.what, each.tried, *found, f"{each.seconds:.1f}")


_LINE: Final = "| {:<60} | {:>6} | {:>6} | {:>12} | {:>7} |"
