"""What the index holds of a task, and questions to it: the same words as in PostgreSQL.

Texts come as words that were taken out of them already, the stems of the same words in fields
beside them; the index takes nothing apart by itself. It keeps no text that could be read.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from projections.questions import Scope
from projections.search_query import AskedText, AskedWord, Clause
from projections.search_questions import MOST_HITS
from projections.search_texts import SearchTexts
from projections.search_words import stem, stems, stored_words

# Whenever documents of the same rows would come out differently.
SHAPE: Final = 1

# A hit there counts so many times.
_FIELDS: Final[Mapping[str, float]] = {
    "title": 3,
    "keys": 3,
    "description": 1,
    "comments": 1,
    "labels": 1,
}
_STEMS: Final = "_stems"
_MEANT: Final = 0.5
_MOST_BEGINNINGS: Final = 500

_WORDS: Final = {"type": "text", "analyzer": "words"}

INDEX: Final[Mapping[str, Any]] = {
    "settings": {
        "number_of_shards": 1,
        "auto_expand_replicas": "0-1",
        "refresh_interval": "-1",  # whoever writes says when
        "analysis": {"analyzer": {"words": {"type": "custom", "tokenizer": "whitespace"}}},
    },
    "mappings": {
        "dynamic": "strict",
        "_source": {"enabled": False},
        "properties": {
            "workspace_id": {"type": "keyword"},
            "project_id": {"type": "keyword"},
            "tags": {"type": "keyword"},
            "changed": {"type": "long"},
            **{name + end: _WORDS for name in _FIELDS for end in ("", _STEMS)},
        },
    },
}


def document(
    texts: SearchTexts, workspace_id: str, project_id: str | None, changed: int
) -> dict[str, Any]:
    """A task as the index has it."""
    found: dict[str, Any] = {
        "workspace_id": workspace_id,
        "project_id": project_id,
        "tags": texts.tags,
        "changed": changed,
    }
    for name, written in (
        ("title", [texts.title]),
        ("keys", [texts.key, *texts.former_keys, texts.external_id]),
        ("description", [texts.description]),
        ("comments", texts.said),
        ("labels", texts.tags),
    ):
        words = [stored_words(text) for text in written if text]
        found[name] = [" ".join(each) for each in words]
        found[name + _STEMS] = [" ".join(stems(each)) for each in words]
    return found


def question(
    scope: Scope,
    asked: AskedText,
    project_ids: Sequence[str],
    among: Sequence[str] | None,
    at_most: int,
) -> dict[str, Any]:
    """The body of a search for ids and scores, the best first."""
    clauses = [(clause.negated, _clause(clause)) for clause in asked.clauses]
    within: list[Any] = [_either(_scope(scope)), {"exists": {"field": "project_id"}}]
    if project_ids:
        within.append({"terms": {"project_id": list(project_ids)}})
    if among is not None:
        within.append({"ids": {"values": list(among)}})
    never = [query for negated, query in clauses if negated]
    if scope.hidden:
        never.append({"terms": {"project_id": list(scope.hidden)}})
    return {
        "size": at_most,
        "track_total_hits": MOST_HITS + 1,
        "query": {
            "bool": {
                "must": [query for negated, query in clauses if not negated],
                "must_not": never,
                "filter": within,
            }
        },
        "sort": ["_score", {"changed": "desc"}],
        "track_scores": True,
    }


def _scope(scope: Scope) -> Iterable[dict[str, Any]]:
    yield {"terms": {"workspace_id": list(scope.workspaces)}}
    yield {"terms": {"project_id": list(scope.projects)}}


def _clause(clause: Clause) -> dict[str, Any]:
    ways: list[dict[str, Any]] = []
    for name, boost in _FIELDS.items():
        if len(clause.words) == 1:
            ways += _word(name, boost, clause.words[0])
        else:
            ways += _phrase(name, boost, clause.words)
    if clause.tags:
        ways.append({"terms": {"tags": list(clause.tags)}})
    return _either(ways)


def _word(name: str, boost: float, asked: AskedWord) -> Iterable[dict[str, Any]]:
    """Itself, and all words of the same stem."""
    yield _term(name + _STEMS, stem(asked.word), boost)
    yield _term(name, asked.word, boost)
    if asked.also:
        meant = [stem(word) for word in asked.also]
        yield {"terms": {name + _STEMS: meant, "boost": boost * _MEANT}}
    if asked.begins:
        yield {"prefix": {name: {"value": asked.word, "boost": boost}}}


def _phrase(name: str, boost: float, words: Sequence[AskedWord]) -> Iterable[dict[str, Any]]:
    plain = [each.word for each in words]
    for variant in (plain, *_variants(words)):
        yield _adjacent("match_phrase", name + _STEMS, stems(variant), boost)
    yield _adjacent("match_phrase", name, plain, boost)
    if words[-1].begins:
        beginning = _adjacent("match_phrase_prefix", name, plain, boost)
        beginning["match_phrase_prefix"][name]["max_expansions"] = _MOST_BEGINNINGS
        yield beginning


def _variants(words: Sequence[AskedWord]) -> Iterable[list[str]]:
    """With another word for one of them."""
    for at, each in enumerate(words):
        for meant in each.also:
            yield [meant if n == at else word.word for n, word in enumerate(words)]


def _adjacent(kind: str, name: str, words: Sequence[str], boost: float) -> dict[str, Any]:
    return {kind: {name: {"query": " ".join(words), "boost": boost}}}


def _term(name: str, value: str, boost: float) -> dict[str, Any]:
    return {"term": {name: {"value": value, "boost": boost}}}


def _either(ways: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"bool": {"should": list(ways), "minimum_should_match": 1}}
