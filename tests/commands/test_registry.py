"""The page about commands says what the registry says."""

from pathlib import Path

from commands.registry import page

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"


def test_the_page_is_up_to_date():
    """Where this fails: python -m commands.registry > docs/commands.md"""
    assert PAGE.read_text(encoding="utf-8") == page()
