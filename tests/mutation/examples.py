"""Examples for mutants: the same ones in every run, those made by hand before the made-up ones."""

import pytest
from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "mutants",
    max_examples=10,  # a tenth of what tests ask for: see tests.domain.tried
    derandomize=True,
    database=None,
    deadline=None,
    # That a law fails is enough: nobody reads by which shortest example.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("mutants")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Most mutants fall to an example by hand, in milliseconds."""
    items.sort(key=_has_made_up_examples)


def _has_made_up_examples(item: pytest.Item) -> bool:
    made_up = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
    return bool(made_up) or item.name == "runTest"
