"""Tags for filters and questions that name labels."""

from collections.abc import Iterable
from dataclasses import replace

from api.http.call import Call
from domain.labels.state import tags_meant
from projections.search_query import AskedText
from projections.search_words import stored_words
from projections.task_questions import MeantTag, TaskFilter


async def with_meant_tags(
    call: Call, asked: TaskFilter, workspace_ids: Iterable[str], position: int | None = None
) -> TaskFilter:
    """The filter with the tags that tasks of these workspaces hold for the labels it names."""
    names = tuple(dict.fromkeys((*asked.tags, *asked.tags_any)))
    if not names:
        return asked
    meant = []
    for workspace_id in workspace_ids:
        labels = (await call.house.labels.of(workspace_id, position)).labels
        for name in names:
            tags = tags_meant(labels, name)
            if tags != (name,):
                meant.append(MeantTag(workspace_id, name, tags))
    return replace(asked, meant_tags=tuple(meant))


async def with_labels_called(
    call: Call, text: AskedText, workspace_ids: Iterable[str], position: int | None = None
) -> AskedText:
    """The question with the tags of labels that are called what it looks for, where that is not
    what tasks hold for them: a label that was renamed is found by its new name."""
    called: list[tuple[str, frozenset[str]]] = []
    for workspace_id in workspace_ids:
        shown = (await call.house.labels.of(workspace_id, position)).shown
        called += [(tag, frozenset(stored_words(name))) for tag, name in shown.items() if name]
    if not called:
        return text
    clauses = []
    for clause in text.clauses:
        asked = {each.word for each in clause.words}
        tags = tuple(tag for tag, words in called if asked <= words)
        clauses.append(replace(clause, tags=tags) if tags else clause)
    return AskedText(tuple(clauses))
