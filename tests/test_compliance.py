"""The page for the officer names tests that there are."""

import re
from pathlib import Path

_HOUSE = Path(__file__).parent.parent
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
_CLAUSES = (
    "SEC 17a-4(f)", "21 CFR 11.10", "HIPAA 164.312(b)", "ISO 27001 A.8.15", "SOC 2 CC7",
    "SOC 2 CC8", "GDPR 15, 20", "GDPR 17", "GDPR 30", "DORA RTS",
)  # fmt: skip


def test_every_clause_has_a_test_and_every_test_that_is_named_exists() -> None:
    page = (_HOUSE / "docs" / "compliance.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| ")][1:]
    for clause in _CLAUSES:
        assert any(line.startswith(f"| {clause}") for line in rows), clause
    for line in rows:
        named = _NAMED.findall(line)
        assert named, line[:60]
        for path, name in named:
            assert re.search(
                rf"^(async )?def {name}\(", (_HOUSE / path).read_text(), re.MULTILINE
            ), name
