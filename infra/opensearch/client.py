"""The connection to OpenSearch: quick to give up, since PostgreSQL answers in its place."""

import asyncio
import re
from typing import Final

import msgspec
from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import OpenSearchException, TransportError

TIMEOUT_S: Final = 2.0
# Errors of a server that is there: what is missing, what is in the way.
NOT_FOUND: Final = 404
CONFLICT: Final = 409

# It is away, refuses, or answers with what makes no sense.
FAILURES: Final = (
    OpenSearchException,
    OSError,
    asyncio.TimeoutError,
    msgspec.ValidationError,
)


def open_client(
    url: str, *, verify_tls: bool = True, timeout_s: float = TIMEOUT_S
) -> AsyncOpenSearch:
    """Connects on first use. Nothing is tried again: whoever asks knows what to do instead."""
    return AsyncOpenSearch(
        hosts=[url],
        timeout=timeout_s,
        max_retries=0,
        retry_on_timeout=False,
        verify_certs=verify_tls,
        ssl_show_warn=False,
    )


_WORD: Final = re.compile(r"[a-z_]{1,80}", re.ASCII)


def described(error: BaseException) -> str:
    """What went wrong, without anything that somebody wrote."""
    if isinstance(error, TransportError) and isinstance(error.status_code, int):
        return f"OpenSearch refuses ({error.status_code}{_kind(error)})"
    if isinstance(error, msgspec.ValidationError):
        return "OpenSearch answers with what makes no sense"
    return f"OpenSearch does not answer ({type(error).__name__})"


def _kind(error: TransportError) -> str:
    """What OpenSearch calls it, and not what else may have answered in its place."""
    said: object = error.error
    return f" {said}" if isinstance(said, str) and _WORD.fullmatch(said) else ""
