"""Entity tags: what If-Match and If-None-Match may say."""

import pytest

from api.http.etags import etag, not_modified, parse_if_match
from domain.errors import Invalid


def test_a_tag_covers_the_whole_body() -> None:
    assert etag(3, b"{}") != etag(3, b"{ }")
    assert etag(3, b"{}")[1].startswith(b'"3-')


@pytest.mark.parametrize(
    ("value", "allowed", "refused"),
    [
        (b"*", [1, 9], []),
        (b'"3-abc"', [3], [2, 4]),
        (b'W/"3-abc"', [3], [4]),
        (b'"3"', [3], [4]),
        (b'"1-a", "2-b" ,W/"3-c"', [1, 2, 3], [4]),
        (b'"of-another-server"', [], [1]),
        (b'"99999999999999999999999-a"', [], [1]),
    ],
)
def test_if_match_compares_the_version(
    value: bytes, allowed: list[int], refused: list[int]
) -> None:
    match = parse_if_match(value)
    assert match is not None
    assert all(match.allows(version) for version in allowed)
    assert not any(match.allows(version) for version in refused)


@pytest.mark.parametrize("value", [b"", b"3", b'"3', b'"3" "4"', b'"3",', b',"3"'])
def test_a_malformed_if_match_is_refused(value: bytes) -> None:
    with pytest.raises(Invalid):
        parse_if_match(value)


def test_if_none_match_compares_the_whole_tag() -> None:
    _, tag = etag(3, b"{}")
    assert not_modified(tag, tag)
    assert not_modified(b'"x", W/' + tag, tag)
    assert not not_modified(b'"3-0"', tag)
    assert not not_modified(None, tag)
