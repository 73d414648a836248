"""How often a law is tried: as often as its test says, or that share of it a profile asks for."""

from typing import Any

from hypothesis import settings

_WHOLE = 100  # examples of a test that says nothing, in the profile of all tests


def tried(max_examples: int, **other: Any) -> settings:
    share = settings.default.max_examples / _WHOLE
    return settings(max_examples=max(3, round(max_examples * share)), deadline=None, **other)
