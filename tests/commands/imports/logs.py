"""Small logs for tests, written as a person would say them."""

from dataclasses import replace

from commands.imports.event_log import Attributes, Classifier, Header, LoggedEvent, Trace, Value
from commands.imports.plan_trace import Case, record_digest
from commands.imports.reading import Reading, reading
from commands.imports.survey import Survey
from domain.values.limits import Limits

LIMITS = Limits()
SECRET = b"a secret of the tests"


def event(name: str, who: str | None = None, at: str | None = None, **more: Value) -> LoggedEvent:
    """`at` is the time of day on one day of 2024; further attributes as they are."""
    attributes: dict[str, Value] = {"concept:name": name}
    if who is not None:
        attributes["org:resource"] = who
    if at is not None:
        attributes["time:timestamp"] = {"date": f"2024-03-04T{at}Z"}
    return LoggedEvent(attributes | more, 0)


def trace(name: str, *events: LoggedEvent, line: int = 1, **more: Value) -> Trace:
    return Trace({"concept:name": name, **more}, events, line, ordinal=1)


def by_name(limits: Limits = LIMITS, **defaults: Value) -> Reading:
    return reading(Header(event_defaults=defaults), None, limits)


def by_keys(*keys: str, defaults: Attributes | None = None) -> Reading:
    return reading(Header((Classifier("own", keys),), defaults or {}), None, LIMITS)


def surveyed(*traces: Trace, how: Reading | None = None) -> Survey:
    survey = Survey(how or by_name())
    for number, one in enumerate(traces, 1):
        survey.add(replace(one, line=one.line * 1000 + number, ordinal=number))
    return survey


def case_of(one: Trace, how: Reading) -> Case:
    records = how.records(one)
    digests = tuple(record_digest(record, SECRET) for record in records)
    return Case(how.name(one), one.attributes, records, digests)
