"""What is in a tsvector in PostgreSQL's binary format."""

from collections.abc import Mapping, Sequence
from struct import unpack_from


def lexemes_in(terms: bytes) -> Mapping[str, Sequence[int]]:
    """Each lexeme with its positions, their weights in the two highest bits."""
    (count,) = unpack_from("!i", terms)
    found = {}
    at = 4
    for _ in range(count):
        end = terms.index(b"\0", at)
        (places,) = unpack_from("!H", terms, end + 1)
        lexeme = terms[at:end].decode()
        assert lexeme not in found
        found[lexeme] = unpack_from(f"!{places}H", terms, end + 3)
        at = end + 3 + 2 * places
    assert at == len(terms)
    return found
