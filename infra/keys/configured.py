"""The master keys that the settings name."""

from infra.keys.master import MasterKeys
from infra.settings import Settings


def master_keys(settings: Settings) -> MasterKeys:
    """From the setting itself, else from its file. Raises KeyUnusable."""
    if settings.master_key is not None:
        return MasterKeys.of(settings.master_key.get_secret_value())
    return MasterKeys.from_file(settings.key_file())
