"""The numbers of this process for Prometheus; several API processes add theirs up through files."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class _Times(Histogram):
    """Takes many observations at once: each by itself costs two writes to a file of all
    processes."""

    def add(self, counts: Sequence[int], seconds: float) -> None:
        """`counts` for each bucket and for what is beyond them all; `seconds` are their sum."""
        self._sum.inc(seconds)
        for bucket, count in zip(self._buckets, counts, strict=True):
            if count:
                bucket.inc(count)


@dataclass(slots=True)
class _Answered:
    """What was observed of one kind of request since it was written last."""

    seconds: float = 0.0
    counts: list[int] = field(default_factory=lambda: [0] * (len(_SECONDS) + 1))


class Metrics:
    """`shared` is the folder in which the processes of one box keep their numbers, else None."""

    def __init__(self, shared: Path | None = None) -> None:
        self._shared = shared
        if shared is not None:  # the library looks at its import, which was before a fork
            values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]  # it has none
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "taskledger_http_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = _Times(
            "taskledger_http_request_seconds",
            "Time to answer a request.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._commands = Counter(
            "taskledger_commands",
            "Commands by their outcome: done, nothing (nothing to do), replayed, or why refused.",
            ("command", "outcome"),
            registry=self._registry,
        )
        self._recordings = Counter(
            "taskledger_trail_recordings",
            "What is recorded of those who read the trail and of those who are refused.",
            ("what", "outcome"),
            registry=self._registry,
        )
        self._appended = {
            name: Counter(f"taskledger_append_{name}", does, registry=self._registry)
            for name, does in (
                ("batches", "Statements that appended to the log."),
                ("commits", "Commits in them: by batches, the size of a batch."),
                ("events", "Events in them."),
                ("seconds", "Time that they took."),
                ("refused", "Commits that the log refused."),
            )
        }
        # Written into what is shown now and then: each increment there costs a write to a file.
        self._times: defaultdict[tuple[str, str], _Answered] = defaultdict(_Answered)
        self._answered: defaultdict[tuple[str, str, int], int] = defaultdict(int)
        self._executed: defaultdict[tuple[str, str], int] = defaultdict(int)

    def request_done(self, method: str, route: str, status: int, seconds: float) -> None:
        """`route` is the path's pattern: a label with few values."""
        self._answered[method, route, status] += 1
        times = self._times[method, route]
        times.seconds += seconds
        times.counts[bisect_left(_SECONDS, seconds)] += 1

    def command_done(self, command: str, outcome: str) -> None:
        self._executed[command, outcome] += 1

    def recording_done(self, what: str, outcome: str) -> None:
        """`outcome`: recorded or failed."""
        self._recordings.labels(what, outcome).inc()

    def write(self) -> None:
        """What was counted since the last time into what is shown; to be called every second."""
        answered, self._answered = self._answered, defaultdict(int)
        for (method, route, status), count in answered.items():
            self._requests.labels(method, route, str(status)).inc(count)
        times, self._times = self._times, defaultdict(_Answered)
        for (method, route), each in times.items():
            self._seconds.labels(method, route).add(each.counts, each.seconds)
        executed, self._executed = self._executed, defaultdict(int)
        for labels, count in executed.items():
            self._commands.labels(*labels).inc(count)

    def appended(self, **since: float) -> None:
        """What came into the log since this was called last, by the names above."""
        for name, count in since.items():
            self._appended[name].inc(count)

    def exposition(self, gauges: Iterable[Gauge]) -> bytes:
        """Prometheus' text form: all processes' numbers, and `gauges` read just now."""
        self.write()
        registry = CollectorRegistry()
        if self._shared is None:
            text = generate_latest(self._registry)
        else:
            MultiProcessCollector(registry, path=str(self._shared))  # type: ignore[no-untyped-call]  # it has none
            text = generate_latest(registry)
        now = CollectorRegistry()
        for gauge in gauges:
            now.register(gauge)
        return text + generate_latest(now)
