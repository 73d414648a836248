"""Whatever is refused in any test here reads well and is right in form."""

import json
import re
from typing import Any

import pytest

from domain.errors import Kind, Problem, Refused

# Of what is wrong with a field, for programs.
CODES = {
    "blank", "characters", "fixed", "in-use", "incomplete", "invalid", "missing", "past",
    "repeated", "required", "too-deep", "too-long", "too-many", "trashed", "type",
    "unknown",
}  # fmt: skip

# Words with capitals inside: names of standards, and of the parts of a rule in RFC 5545.
CAPITALS = {
    "BR", "IANA", "ISO", "RFC", "TypeID", "URL", "UTC", "UTF-8", "YYYY-MM-DD", "YYYYMMDD",
    "YYYYMMDDTHHMMSSZ", "1FR", "1MO",
    "BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS", "BYWEEKNO",
    "BYYEARDAY", "COUNT", "DAILY", "FREQ", "INTERVAL", "MONTHLY",
    "MO", "TU", "WE", "TH", "FR", "SA", "SU", "UNTIL", "WEEKLY", "WKST", "YEARLY",
}  # fmt: skip

_POINTER = re.compile(r"(/([^~/]|~[01])*)*")
_QUOTED = re.compile(r"`[^`]*`|https?://\S+")
_SHOUTED = re.compile(r"\b\w*(?:[A-Z][A-Z]|[a-z][A-Z])[\w-]*\b")


@pytest.fixture(autouse=True)
def said(monkeypatch: pytest.MonkeyPatch) -> None:
    refused, wrong = Refused.__init__, Problem.__init__

    def checked_refusal(self: Refused, kind: Kind, detail: str, **fields: Any) -> None:
        assert isinstance(kind, Kind)
        assert_reads_well(detail)
        assert all(re.fullmatch("[a-z_]+", name) for name in fields), fields
        json.dumps(fields)
        refused(self, kind, detail, **fields)

    def checked_problem(self: Problem, pointer: str, code: str, detail: str) -> None:
        assert _POINTER.fullmatch(pointer), pointer
        assert code in CODES, code
        assert_reads_well(detail)
        wrong(self, pointer, code, detail)

    monkeypatch.setattr(Refused, "__init__", checked_refusal)
    monkeypatch.setattr(Problem, "__init__", checked_problem)


def assert_reads_well(detail: str) -> None:
    """Whole sentences, none of them shouted."""
    assert detail[:1].isupper(), detail
    assert detail.endswith("."), detail
    assert "None" not in detail, detail
    assert set(_SHOUTED.findall(_QUOTED.sub("", detail))) <= CAPITALS, detail
