"""Entity tags `"<version>-<tag>"`: the version decides a write, the tag covers the body."""

import re
from collections.abc import Collection
from hashlib import sha256
from typing import Final

from api.http.reply import Header
from domain.errors import invalid
from domain.values.frozen import dataclass

_TAG: Final = re.compile(r'\s*(?:W/)?"(?P<opaque>[\x21\x23-\x7e\x80-\xff]*)"\s*')
_VERSION: Final = re.compile(r"(\d{1,18})-[0-9a-f]+|(\d{1,18})")


def etag(version: int, body: bytes) -> Header:
    """The ETag header of an answer: two bodies that differ anywhere differ in it."""
    return b"etag", b'"%d-%s"' % (version, sha256(body).hexdigest()[:12].encode())


@dataclass(frozen=True, slots=True)
class IfMatch:
    """The versions under which a write may happen; `any` for `*`: whatever it is, if it is."""

    versions: Collection[int]
    any: bool = False

    def allows(self, version: int) -> bool:
        return self.any or version in self.versions


def parse_if_match(value: bytes | None) -> IfMatch | None:
    """RFC 9110, 13.1.1: `*` or a list of tags. A tag that is not ours matches nothing."""
    if value is None:
        return None
    text = value.decode("latin-1").strip()
    if text == "*":
        return IfMatch((), any=True)
    versions = []
    for opaque in _opaque_tags(text, "If-Match"):
        match = _VERSION.fullmatch(opaque)
        if match:
            versions.append(int(match[1] or match[2]))
    return IfMatch(tuple(versions))


def not_modified(if_none_match: bytes | None, tag: bytes) -> bool:
    """Whether the client holds this very body already (RFC 9110, 13.1.2; weak comparison)."""
    if if_none_match is None:
        return False
    text = if_none_match.decode("latin-1").strip()
    return text == "*" or tag.decode("latin-1").strip('"') in _opaque_tags(text, "If-None-Match")


def _opaque_tags(text: str, name: str) -> list[str]:
    tags = []
    at = 0
    while True:
        match = _TAG.match(text, at)
        if match is None:
            raise invalid(f"/headers/{name}", f"{name} is `*` or a list of quoted tags.")
        tags.append(match["opaque"])
        at = match.end()
        if at == len(text):
            return tags
        if text[at] != ",":
            raise invalid(f"/headers/{name}", f"{name} is `*` or a list of quoted tags.")
        at += 1
