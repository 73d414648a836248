"""Stored answers filled in as the door does, without a door."""

from collections.abc import Collection, Mapping

from projections.labels import tags_held
from projections.marks import LABELS, PERSON, TASKS, Marked
from projections.other_tasks import tasks_named, tasks_said
from projections.people import people_in


def people_of(doc: bytes) -> set[str]:
    """Everybody whose name belongs into the answer."""
    return set(people_in(Marked(doc).of(PERSON)).values())


def tasks_of(doc: bytes) -> set[str]:
    """The other tasks that it names."""
    return {each for ids in tasks_named(Marked(doc).of(TASKS)).values() for each in ids}


def filled(
    doc: bytes,
    names: Mapping[str, bytes] | None = None,
    labels: Mapping[str, Mapping[str, str | None]] | None = None,
    visible: Collection[str] = (),
) -> bytes:
    """`names`: as JSON by user id; `labels`: by workspace, what tags are called; `visible`: the
    tasks that the reader may see."""
    marked = Marked(doc)
    said = {
        held: (names or {}).get(each, b"null")
        for held, each in people_in(marked.of(PERSON)).items()
    }
    for held, tags in tags_held(marked.of(LABELS)).items():
        said[held] = tags.said((labels or {}).get(tags.workspace_id, {}))
    for held, ids in tasks_named(marked.of(TASKS)).items():
        said[held] = tasks_said(held, ids, visible)
    return marked.filled(said)
