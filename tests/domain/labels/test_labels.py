"""What may happen to labels, and what the tags of tasks mean by them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given as for_any
from hypothesis import strategies as st

from domain.errors import Kind, Refused
from domain.labels import decisions
from domain.labels.events import (
    LabelCreated,
    LabelDeleted,
    LabelMerged,
    LabelRecoloured,
    LabelRenamed,
    LabelRestored,
)
from domain.labels.state import LABELS, labels_of, shown_otherwise, standing, tags_meant
from tests.domain.given import LIMITS, START, WORKSPACE_ID, given, stamp
from tests.domain.tried import tried

STREAM = labels_of(WORKSPACE_ID)
A, B, C = (f"lbl_{n:026}" for n in (1, 2, 3))
FEW = replace(LIMITS, labels=2)


def made(label_id: str, name: str, tag: str | None = None) -> LabelCreated:
    return LabelCreated(label_id=label_id, tag=tag or name, name=name, colour="red")


def labels(*events: object) -> Any:
    return given(LABELS, STREAM, *events)


TWO = (made(A, "bug"), made(B, "backend"))


def test_a_label_is_made_once_whatever_its_case():
    (event,) = decisions.create(None, label_id=A, name="Bug", colour=None, limits=LIMITS)
    assert (event.tag, event.name) == ("Bug", "Bug")
    assert event.colour.startswith("#")
    case = labels(event)
    again = {"label_id": B, "colour": "red", "limits": LIMITS}
    case.when(decisions.create, name=" bUG", **again).refused(Kind.ALREADY_EXISTS, field="name")
    case.when(decisions.create, name="x" * 51, **again).invalid("/name")
    case.when(decisions.create, name=" ", **again).invalid("/name")
    wrong = again | {"colour": "#12345"}
    case.when(decisions.create, name="new", **wrong).invalid("/colour")


def test_names_that_no_label_has_become_labels_and_two_in_different_case_one():
    (event,) = decisions.first_use(None, ["Bug", "bug"], iter([A, B]), LIMITS, "/tags")
    assert (event.label_id, event.name) == (A, "Bug")
    case = labels(*TWO)
    assert decisions.first_use(case.state, ["BUG"], iter([C]), LIMITS, "/tags") == ()
    assert case.state.named("BUG").tag == "bug"


def test_a_workspace_has_only_so_many():
    case = labels(*TWO)
    case.when(decisions.first_use, ["c"], iter([C]), FEW, "/tags").invalid("/tags")
    case.when(decisions.create, label_id=C, name="c", colour=None, limits=FEW).invalid("/name")
    gone = labels(*TWO, LabelDeleted(label_id=A, name="bug"))
    (event,) = decisions.first_use(gone.state, ["c"], iter([C]), FEW, "/tags")
    full = labels(*gone.events, event)
    full.when(decisions.restore, A, FEW).invalid("")
    # Whoever makes and deletes them all day comes to an end as well.
    ever = [
        each
        for n in range(20)
        for each in (
            made(f"lbl_{n:026}", f"n{n}"),
            LabelDeleted(label_id=f"lbl_{n:026}", name=f"n{n}"),
        )
    ]
    labels(*ever).when(decisions.create, label_id=C, name="c", colour=None, limits=FEW).invalid(
        "/name"
    )


def test_a_colour_changes_and_goes_back_to_the_one_of_the_name():
    case = labels(*TWO)
    usual = decisions.create(None, label_id=A, name="bug", colour=None, limits=LIMITS)[0].colour
    blue = LabelRecoloured(label_id=A, name="bug", colour="blue", was="red")
    after = case.when(decisions.recolour, A, "blue").then(blue)
    assert [each.colour for each in after.by_id.values()] == ["blue", "red"]
    back = LabelRecoloured(label_id=A, name="bug", colour=usual, was="red")
    case.when(decisions.recolour, A, None).then(back)
    case.when(decisions.recolour, A, "red").nothing()
    case.when(decisions.recolour, A, "#12").invalid("/colour")
    case.when(decisions.recolour, C, "red").refused(Kind.NOT_FOUND)
    assert after.by_id[A].created_at == START + timedelta(seconds=1)


def test_a_name_is_free_once_its_label_was_merged_into_one_that_is_gone():
    gone = labels(
        *TWO,
        LabelMerged(label_id=A, name="bug", into=B, into_name="backend"),
        LabelDeleted(label_id=B, name="backend"),
    )
    assert dict(gone.state.by_name) == {"bug": A}
    (new,) = decisions.first_use(gone.state, ["bug"], iter([C]), LIMITS, "/tags")
    assert (new.label_id, new.tag) == (C, C)
    restored = LabelRestored(label_id=B, name="backend")
    after = gone.when(decisions.restore, B, LIMITS).then(restored)
    assert after.by_id[B].deleted is False
    assert after.named("backend") is after.by_id[B]


def test_no_label_leads_back_to_itself_whatever_the_log_says():
    ring = labels(
        *TWO,
        LabelMerged(label_id=A, name="bug", into=B, into_name="backend"),
        LabelMerged(label_id=B, name="backend", into=A, into_name="bug"),
        LabelMerged(label_id=C, name="x", into=C, into_name="x"),
    ).state
    assert (ring.by_id[A].merged_into, ring.by_id[B].merged_into) == (B, None)


def test_a_rename_changes_what_is_shown_and_not_what_is_held():
    case = labels(*TWO)
    renamed = LabelRenamed(label_id=B, name="server", was="backend")
    after = case.when(decisions.rename, B, "server", LIMITS)
    assert after.decide() == (renamed,)
    state = labels(*TWO, renamed).state
    assert shown_otherwise(state) == {"backend": "server"}
    assert state.named("server").tag == "backend"
    assert state.named("backend") is None
    assert tags_meant(state, "SERVER") == ("backend",)
    assert tags_meant(state, "backend") == ()
    assert tags_meant(state, "nothing") == ("nothing",)
    case.when(decisions.rename, B, "backend", LIMITS).nothing()
    case.when(decisions.rename, B, "Bug", LIMITS).refused(Kind.ALREADY_EXISTS, field="name")
    assert case.when(decisions.rename, B, "Backend", LIMITS).decide()[0].name == "Backend"
    case.when(decisions.rename, C, "x", LIMITS).refused(Kind.NOT_FOUND)
    # The freed name begins anew: its tag is told apart from the one that tasks hold.
    (new,) = decisions.first_use(state, ["backend"], iter([C]), LIMITS, "/tags")
    both = labels(*TWO, renamed, new).state
    assert new.tag == C
    assert tags_meant(both, "backend") == (C,)
    assert shown_otherwise(both) == {"backend": "server", C: "backend"}


def test_merged_labels_are_shown_as_one_and_can_be_parted_again():
    case = labels(*TWO)
    merged = LabelMerged(label_id=A, name="bug", into=B, into_name="backend")
    assert case.when(decisions.merge, A, B).decide() == (merged,)
    one = labels(*TWO, merged)
    assert standing(one.state, ("bug", "x", "backend")) == ("backend", "x")
    assert set(tags_meant(one.state, "backend")) == {"bug", "backend"}
    assert set(tags_meant(one.state, "bug")) == {"bug", "backend"}
    assert shown_otherwise(one.state) == {"bug": "backend"}
    one.when(decisions.merge, A, B).nothing()
    one.when(decisions.merge, B, A).invalid("/into unknown")
    one.when(decisions.merge, B, B).invalid("/into invalid")
    one.when(decisions.merge, B, C).invalid("/into unknown")
    one.when(decisions.rename, A, "x", LIMITS).refused(Kind.NOT_FOUND)
    restored = LabelRestored(label_id=A, name="bug")
    assert one.when(decisions.restore, A, LIMITS).decide() == (restored,)
    assert shown_otherwise(labels(*TWO, merged, restored).state) == {}
    # The name of a merged label may be taken; then it cannot come back under it.
    taken = LabelCreated(label_id=C, tag=C, name="bug", colour="red")
    assert decisions.create(one.state, label_id=C, name="bug", colour="red", limits=LIMITS) == (
        taken,
    )
    labels(*TWO, merged, taken).when(decisions.restore, A, LIMITS).refused(
        Kind.ALREADY_EXISTS, field="name"
    )


def test_a_deleted_label_is_shown_nowhere_until_it_is_restored():
    gone = LabelDeleted(label_id=A, name="bug")
    case = labels(*TWO)
    assert case.when(decisions.delete, A).decide() == (gone,)
    after = labels(*TWO, gone)
    assert shown_otherwise(after.state) == {"bug": None}
    assert standing(after.state, ("bug", "backend")) == ("backend",)
    after.when(decisions.delete, A).nothing()
    after.when(decisions.recolour, A, "red").refused(Kind.NOT_FOUND)
    back = labels(*TWO, gone, LabelRestored(label_id=A, name="bug"))
    assert shown_otherwise(back.state) == {}
    back.when(decisions.restore, A, LIMITS).nothing()
    (again,) = decisions.first_use(after.state, ["bug"], iter([C]), LIMITS, "/tags")
    assert again.tag == C, "tasks that had the deleted one do not get the new one"


_names = st.sampled_from(["a", "A", "b", "c", "d"])
_ids = st.sampled_from([A, B, C])
_step = st.one_of(
    st.tuples(st.just("use"), _names),
    st.tuples(st.just("rename"), _ids, _names),
    st.tuples(st.just("merge"), _ids, _ids),
    st.tuples(st.just("delete"), _ids),
    st.tuples(st.just("restore"), _ids),
)


@tried(200)
@for_any(steps=st.lists(_step, max_size=15))
def test_names_lead_to_one_label_and_tags_to_what_is_shown(steps: list[tuple[str, ...]]):
    state: Any = None
    version = 0
    ids = [A, B, C, *(f"lbl_{n:026}" for n in range(4, 30))]
    for kind, *rest in steps:
        try:
            match kind:
                case "use":
                    fresh = (each for each in ids if state is None or each not in state.by_id)
                    events: Any = decisions.first_use(state, rest, fresh, LIMITS, "/tags")
                case "rename":
                    events = decisions.rename(state, *rest, LIMITS)
                case "merge":
                    events = decisions.merge(state, *rest)
                case "delete":
                    events = decisions.delete(state, *rest)
                case _:
                    events = decisions.restore(state, *rest, LIMITS)
        except Refused:
            continue
        for event in events:
            version += 1
            state = LABELS.evolve(state, event, stamp(version, STREAM))
        if kind == "use":
            assert state.named(rest[0]) is not None
    if state is None:
        return
    live = [label for label in state.by_id.values() if label.is_live]
    assert len({label.name.lower() for label in live}) == len(live)
    assert len(state.by_tag) == len(state.by_id)
    for label in live:
        assert state.named(label.name) is label
        assert label.tag in tags_meant(state, label.name)
    shown = shown_otherwise(state)
    for tag in state.by_tag:
        name = shown.get(tag, tag)
        assert (name is None) == (standing(state, [tag]) == ())
        assert name is None or tag in tags_meant(state, name)
