"""Every stored type comes back as it was written, today's and yesterday's."""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import domain
from domain.custody.events import ErasureApproved
from domain.project.events import ProjectFieldsChanged
from domain.project.fields import FieldDefinition
from domain.record.disclosure import key_id_of, place
from domain.task.events import (
    TaskDueDateChanged,
    TaskEstimateChanged,
    TaskRecordImported,
    TaskRetitled,
    TaskTrashed,
)
from domain.values.text import ERASED, Erased, readable
from infra.event_store.codec import Codec, EventUnknown, Unreadable
from infra.event_store.event_types import EVENT_TYPES, EventType, Upcaster
from infra.event_store.rows import StoredRow
from infra.event_store.sealing import Sealer
from infra.keys.content_keys import SealingKey
from tests.infra.event_store.made import task_created

KEY = SealingKey(b"k" * 16, b"s" * 32)
CODEC = Codec()

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.datetimes(timezones=st.just(UTC)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def event_of(kind: type) -> st.SearchStrategy[Any]:
    """Any event of a class, by its own declared types."""
    drawn = {each.drawn for each in EVENT_TYPES if each.event is kind}
    hints = get_type_hints(kind)
    return st.builds(
        kind, **{each.name: value_of(hints[each.name], each.name in drawn) for each in fields(kind)}
    )


def value_of(hint: Any, is_drawn: bool = False) -> st.SearchStrategy[Any]:
    if is_drawn:
        return st.none()
    if hint in (object, Any):
        return plain
    if hint is Erased:
        return st.just(ERASED)
    if hint is datetime:
        return st.datetimes(timezones=st.just(UTC))
    if hint is int:
        return st.integers(-(2**63), 2**63 - 1)
    if hint is float:
        return st.floats(allow_nan=False)
    if is_dataclass(hint):
        assert isinstance(hint, type)
        inner = get_type_hints(hint)
        return st.builds(hint, **{each.name: value_of(inner[each.name]) for each in fields(hint)})
    arguments = get_args(hint)
    if not arguments:
        return st.from_type(hint)
    origin = getattr(hint, "__origin__", None)
    if origin is tuple:
        return st.lists(value_of(arguments[0]), max_size=3).map(tuple)
    if origin is not None and issubclass(origin, Mapping):
        return st.dictionaries(st.text(), value_of(arguments[1]), max_size=3)
    return st.one_of(*[value_of(argument) for argument in arguments])


def stored(codec: Codec, event: Any, key: SealingKey = KEY) -> StoredRow:
    """The row of an event, sealed under one key."""
    of_type = codec.of(event)
    where = place("ws", "stream", 1, of_type.name)
    keys = {field.name: key for field in of_type.sealed}
    return StoredRow(
        1, "ws", "stream", 1, of_type.name, of_type.encode(event, Sealer(where, keys)), b"", 0
    )


def read(codec: Codec, row: StoredRow, key: SealingKey | None = KEY) -> Any:
    shape = codec.parse(row)
    return codec.build(row, shape, dict.fromkeys(map(key_id_of, codec.sealed(row, shape)), key))


@pytest.mark.parametrize("event_type", EVENT_TYPES, ids=lambda each: each.name)
def test_every_stored_type_comes_back_as_it_was_written(event_type: EventType) -> None:
    @settings(max_examples=40, deadline=None)
    @given(event_of(event_type.event))
    def comes_back(event: Any) -> None:
        assert read(CODEC, stored(CODEC, event)) == event

    comes_back()


def test_every_event_of_the_domain_is_in_the_table() -> None:
    unions = [
        get_args(union) or (union,)
        for module in pkgutil.walk_packages(domain.__path__, "domain.")
        if module.name.endswith(".events")
        for name, union in vars(importlib.import_module(module.name)).items()
        if name.endswith("Event")
    ]
    classes = {each for union in unions for each in union}
    assert classes == {event_type.event for event_type in EVENT_TYPES}


@pytest.mark.parametrize("event_type", EVENT_TYPES, ids=lambda each: each.name)
def test_everything_that_can_be_erased_is_sealed(event_type: EventType) -> None:
    hints = get_type_hints(event_type.event)
    erasable = {name for name, hint in hints.items() if Erased in get_args(hint)}
    assert erasable == {*event_type.content, *event_type.identity}
    assert not set(event_type.content) & set(event_type.identity)


def test_stored_shapes_never_change() -> None:
    """A line that differs is an event that the log holds already: another shape takes a new version
    of it and an upcaster, and the old line stays. Only what is new is added to the file; an
    attribute with a default may join a line, with a test that what was stored before still reads
    (`test_what_was_stored_before_reads_with_defaults`)."""
    kept = (Path(__file__).parent / "stored_shapes.txt").read_text().splitlines()
    assert len({line.split()[0] for line in kept}) == len(kept)
    assert [_shape(each) for each in EVENT_TYPES if _shape(each) not in kept] == []


def _shape(event_type: EventType) -> str:
    hints = get_type_hints(event_type.event)
    sealed = {
        **dict.fromkeys(event_type.content, "content"),
        **dict.fromkeys(event_type.identity, "identity"),
    }
    shape = "; ".join(
        f"{each.name}: {_spelled(hints[each.name])}"
        + (f" sealed by {sealed[each.name]}" if each.name in sealed else "")
        for each in fields(event_type.event)
        if each.name != event_type.drawn
    )
    return f"{event_type.name} {{{shape}}}"


def _spelled(hint: Any) -> str:
    if is_dataclass(hint) and hint is not Erased:
        assert isinstance(hint, type)
        hints = get_type_hints(hint)
        return (
            "{"
            + "; ".join(f"{each.name}: {_spelled(hints[each.name])}" for each in fields(hint))
            + "}"
        )
    arguments = get_args(hint)
    if not arguments:
        return "..." if hint is Ellipsis else hint.__name__
    origin = getattr(hint, "__origin__", None)
    spelled = [_spelled(argument) for argument in arguments]
    return (
        f"{origin.__name__}[{', '.join(spelled)}]"
        if origin in (tuple, Mapping)
        else " | ".join(spelled)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """As today's code has it: a title, and why it changed."""

    title: str | Erased
    why: str | Erased | None
    weight: int = 1


def _first_shape(values: dict[str, Any]) -> dict[str, Any]:
    name = values["name"]
    return {"title": name if isinstance(name, Erased) else name.strip(), "because": "v1"}


def _second_shape(values: dict[str, Any]) -> dict[str, Any]:
    return {"title": values["title"], "why": values["because"]}


NEWER = Codec(
    [EventType("Renamed.v3", Renamed, content=("title", "why"))],
    [
        Upcaster("Renamed.v1", "Renamed.v2", _first_shape),
        Upcaster("Renamed.v2", "Renamed.v3", _second_shape),
    ],
)


def _old_row(key: SealingKey) -> StoredRow:
    """As the first version of the code stored it."""
    where = place("ws", "stream", 1, "Renamed.v1")
    sealer = Sealer(where, {"name": key})
    name = msgspec.msgpack.Ext(1, sealer.seal("name", msgspec.msgpack.encode(" Ada ")))
    payload = msgspec.msgpack.encode({"name": name, "forgotten": [1, 2]})
    return StoredRow(1, "ws", "stream", 1, "Renamed.v1", payload, b"", 0)


def test_a_sealed_field_that_nobody_reads_stays_closed_and_fails_who_does() -> None:
    row = stored(CODEC, TaskRetitled(title="new", was="old"))
    shape = CODEC.parse(row)
    event = CODEC.build(row, shape, {KEY.key_id: KEY}, {TaskRetitled: {"was"}})
    assert event.title == "new"
    for look in (bool, str, readable, lambda text: text == "old"):
        with pytest.raises(LookupError):
            look(event.was)


def test_an_old_stored_event_is_read_as_a_new_one() -> None:
    assert read(NEWER, _old_row(KEY)) == Renamed(title="Ada", why="v1")


def test_an_old_stored_event_whose_key_is_gone_is_read_as_a_new_one() -> None:
    assert read(NEWER, _old_row(KEY), None) == Renamed(title=ERASED, why="v1")


def test_fields_of_newer_code_are_passed_over_and_missing_ones_take_their_default() -> None:
    payload = msgspec.msgpack.encode({"title": "", "why": None, "later": {"a": 1}})
    row = StoredRow(1, "ws", "stream", 1, "Renamed.v3", payload, b"", 0)
    assert read(NEWER, row) == Renamed(title="", why=None, weight=1)


def _as_stored(name: str, /, **values: Any) -> StoredRow:
    return StoredRow(1, "ws", "stream", 1, name, msgspec.msgpack.encode(values), b"", 0)


def test_what_was_stored_before_reads_with_defaults() -> None:
    """Fields without options' names, defaults and statuses; a project without types; tasks that
    stand below none, are no copies and were trashed with nobody else; an erasure that no operator
    approved."""
    approved = _as_stored("ErasureApproved.v1", erasure_id="ers_1", user_id="user_1", places=["w"])
    assert read(CODEC, approved) == ErasureApproved(
        erasure_id="ers_1", user_id="user_1", places=("w",)
    )
    old = {"field_id": "fld_1", "key": "size", "name": "Size", "type": "choice", "options": ["S"]}
    changed = read(CODEC, _as_stored("ProjectFieldsChanged.v1", fields=[old], was=[]))
    definition = FieldDefinition(
        field_id="fld_1", key="size", name="Size", type="choice", options=("S",)
    )
    assert changed == ProjectFieldsChanged(fields=(definition,), was=())
    assert (definition.option_names, definition.default, definition.required_at) == ({}, None, ())
    created = read(
        CODEC,
        _as_stored(
            "ProjectCreated.v1",
            key="WEB",
            name="",
            description="",
            view_type="board",
            is_private=False,
            owner_id="user_1",
            workflow={"initial": "a", "statuses": [], "transitions": []},
            columns=[],
        ),
    )
    assert [each.key for each in created.types] == ["task", "bug", "story", "epic"]
    assert read(CODEC, _as_stored("TaskTrashed.v1")) == TaskTrashed()
    made = read(
        CODEC,
        _as_stored(
            "TaskCreated.v1",
            project_id="proj_1",
            project_key="WEB",
            title="",
            description="",
            status="todo",
            status_category="todo",
            priority=5,
            rank="a",
        ),
    )
    assert (made.parent_task_id, made.copy_of) == (None, None)


def test_a_type_of_newer_code_is_nothing_rather_than_an_error() -> None:
    row = StoredRow(1, "ws", "stream", 1, "TaskTeleported.v9", b"\x80", b"", 0)
    assert read(CODEC, row) is None


def test_a_class_that_is_not_in_the_table_is_refused() -> None:
    with pytest.raises(EventUnknown):
        CODEC.of(Renamed(title="", why=None))


@pytest.mark.parametrize(
    "payload", [b"", b"\xc1", b"\x90", b"\x80", msgspec.msgpack.encode({"estimate": "much"})]
)
def test_a_payload_that_is_none_is_unreadable(payload: bytes) -> None:
    row = StoredRow(1, "ws", "stream", 1, "TaskEstimateChanged.v1", payload, b"", 0)
    with pytest.raises(Unreadable):
        read(CODEC, row)


@pytest.mark.parametrize(
    "event",
    [
        task_created(priority="high"),
        task_created(title=None),
        task_created(tags=["a list"]),
        task_created(number=7),
        task_created(fields={"who": object()}),
        TaskEstimateChanged(estimate=float("nan"), was=None),
        TaskDueDateChanged(
            due_date=datetime(2026, 1, 1),  # noqa: DTZ001 - the point
            due_all_day=False,
            was=None,
            was_all_day=False,
        ),
        TaskRecordImported(
            source="a",
            ordinal=1,
            status="a",
            was=None,
            activity=None,
            lifecycle=None,
            resource_id=None,
            resource=None,
            attributes={"at": datetime(2026, 1, 1)},  # noqa: DTZ001 - the point
        ),
    ],
    ids=["type", "null", "list", "number", "object", "nan", "naive", "naive inside"],
)
def test_what_would_not_come_back_is_never_stored(event: Any) -> None:
    with pytest.raises(TypeError):
        stored(CODEC, event)


def test_the_table_is_checked_when_it_is_read() -> None:
    kind = TaskTrashed
    with pytest.raises(ValueError, match="twice"):
        Codec([EventType("A.v1", kind), EventType("B.v1", kind)])
    with pytest.raises(ValueError, match="circle"):
        Codec([], [Upcaster("A.v1", "A.v2", dict), Upcaster("A.v2", "A.v1", dict)])
    with pytest.raises(ValueError, match="not in the table"):
        Codec([], [Upcaster("A.v1", "A.v2", dict)])
    with pytest.raises(ValueError, match="still written"):
        Codec([EventType("A.v1", kind)], [Upcaster("A.v1", "A.v1", dict)])
