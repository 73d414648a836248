"""The first reading of a log: its statuses, the moves between them, its people and attributes."""

import itertools
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import field

from commands.imports.event_log import Attributes, Broken, Trace
from commands.imports.reading import Faulty, Reading, Record, field_type
from domain.errors import Kind, Refused
from domain.values.frozen import dataclass

_HOLDS_ALL = "text"
_MAX_ATTRIBUTES = 1000
_MAX_FAULTS_KEPT = 1000


@dataclass(frozen=True, slots=True)
class SeenStatus:
    """How many traces come into a status at all, and how many end in it."""

    name: str
    reached: int
    ended: int


@dataclass(slots=True)
class Survey:
    """What a project needs to take a log in, everything in the file's order.

    It grows with what is distinct in the log: by some 100 bytes for each person and each trace.
    """

    reading: Reading
    tasks: int = 0
    records: int = 0
    skipped: int = 0
    broken: int = 0
    faults: list[Broken] = field(default_factory=list)
    people: dict[str, None] = field(default_factory=dict)
    moves: dict[tuple[str, str], None] = field(default_factory=dict)
    _reached: Counter[str] = field(default_factory=Counter)
    _ended: Counter[str] = field(default_factory=Counter)
    _of_traces: dict[str, str] = field(default_factory=dict)
    _of_events: dict[str, str] = field(default_factory=dict)
    _first: dict[int, tuple[int, int]] = field(default_factory=dict)

    def add(self, found: Trace | Broken) -> None:
        """Raises Refused where the log has more statuses than a project may have."""
        if isinstance(found, Broken):
            self.tasks += found.begins is not None
            self.records += found.records
            self.leave_out(found)
            return
        self.tasks += 1
        self.records += len(found.events)
        try:
            _, records = self.understand(found)
        except Faulty as fault:
            self.leave_out(fault.of(found))
            return
        self._note_statuses(records)
        _learn(self._of_traces, found.attributes, self.reading.is_field_of_trace)
        for record in records:
            if record.resource is not None:
                self.people.setdefault(record.resource)
            _learn(self._of_events, record.attributes, self.reading.is_field_of_event)

    def understand(self, trace: Trace) -> tuple[str, tuple[Record, ...]]:
        """A trace's name and records. Raises Faulty; also for a name that an earlier trace has,
        in whichever reading of the file."""
        name = self.reading.name(trace)
        records = self.reading.records(trace)
        ordinal, line = self._first.setdefault(hash(name), (trace.ordinal, trace.line))
        if ordinal != trace.ordinal:
            raise Faulty(trace.line, f"a trace of this name begins at line {line} already")
        return name, records

    def leave_out(self, broken: Broken) -> None:
        """Count what cannot come in; the first thousand are kept to be listed."""
        self.broken += 1
        self.skipped += broken.records
        if len(self.faults) < _MAX_FAULTS_KEPT:
            self.faults.append(broken)

    @property
    def statuses(self) -> tuple[SeenStatus, ...]:
        return tuple(
            SeenStatus(name, reached, self._ended[name]) for name, reached in self._reached.items()
        )

    @property
    def attributes(self) -> Mapping[str, str]:
        """Attribute -> type of custom field that holds all its values. Those of traces come
        first: an event's stand whole in its record, a trace's nowhere else."""
        merged = dict(self._of_traces)
        for key, type_ in self._of_events.items():
            merged[key] = type_ if merged.get(key, type_) == type_ else _HOLDS_ALL
        return merged

    def _note_statuses(self, records: tuple[Record, ...]) -> None:
        names = [record.status for record in records]
        for before, after in itertools.pairwise(names):
            if before != after:
                self.moves.setdefault((before, after))
        self._reached.update(dict.fromkeys(names, 1))
        if names:
            self._ended[names[-1]] += 1
        if len(self._reached) > self.reading.limits.statuses:
            raise _too_many(self.reading)


def _learn(types: dict[str, str], attributes: Attributes, wanted: Callable[[str], bool]) -> None:
    """An attribute whose values are of several types is text, which holds them all."""
    for key, value in attributes.items():
        known = types.get(key)
        if known == _HOLDS_ALL:
            continue
        if known is None and (not wanted(key) or len(types) >= _MAX_ATTRIBUTES):
            continue
        type_ = field_type(value)
        if type_ is not None:
            types[key] = type_ if known in (None, type_) else _HOLDS_ALL


def _too_many(reading: Reading) -> Refused:
    classifier, most = reading.classifier, reading.limits.statuses
    keys = " + ".join(classifier.keys)
    return Refused(
        Kind.VALIDATION_FAILED,
        f"The classifier {classifier.name!r} ({keys}) gives the log more than {most} statuses, "
        "and a project has no more than that; choose another with --classifier.",
    )
