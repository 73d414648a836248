"""Files of a real log, without any view."""

from tests.infra.imports.conftest import house, office, samples

__all__ = ["house", "office", "samples"]
