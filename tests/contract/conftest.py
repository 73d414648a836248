"""Lets the eventsourcing library's test cases be imported without its AES cipher, whose package
nothing here needs: they import it for cases that we do not run."""

import sys
from types import ModuleType

_cipher = ModuleType("eventsourcing.cipher")
vars(_cipher)["AESCipher"] = None
sys.modules.setdefault("eventsourcing.cipher", _cipher)
