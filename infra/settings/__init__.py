"""Every setting of the product: read from the environment here, and nowhere else."""

from infra.settings.settings import (
    PREFIX,
    NothingServed,
    Settings,
    SettingsError,
    child_environment,
)

__all__ = ["PREFIX", "NothingServed", "Settings", "SettingsError", "child_environment"]
