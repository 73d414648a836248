"""What stands for a network address where it must be told apart but not known."""

import hashlib
import hmac
import ipaddress
from collections import OrderedDict
from contextlib import suppress
from typing import Final

from infra.keys.master import MasterKeys

_KEPT: Final = 10_000


class Aliases:
    """The same address always has the same alias, which only who has the master key can make. It
    is still somebody's: whoever is forgotten takes theirs along."""

    def __init__(self, master: MasterKeys) -> None:
        self._master = master
        self._made: OrderedDict[str, str] = OrderedDict()

    def of(self, address: str) -> str:
        """32 hexadecimal digits; the same for all ways to write an address. Raises KeyUnusable
        before the master keys are unlocked."""
        alias = self._made.get(address)
        if alias is None:
            secret = self._master.derive("addresses")
            said = _normal(address).encode("utf-8", "surrogatepass")
            alias = hmac.digest(secret, said, hashlib.sha256)[:16].hex()
            self._made[address] = alias
            if len(self._made) > _KEPT:
                self._made.popitem(last=False)
        return alias


def _normal(address: str) -> str:
    with suppress(ValueError):
        return ipaddress.ip_address(address).compressed
    return address
