"""The master keys that the settings name."""

from infra.keys.master import KeyUnusable, MasterKeys
from infra.settings import PREFIX, Settings


def master_keys(settings: Settings) -> MasterKeys:
    """From the setting itself, else from its file. Raises KeyUnusable."""
    if settings.master_key is not None:
        try:
            return MasterKeys.of(settings.master_key.get_secret_value())
        except KeyUnusable as error:
            raise KeyUnusable(f"{PREFIX}MASTER_KEY is wrong: {error}") from None
    return MasterKeys.from_file(settings.key_file())
