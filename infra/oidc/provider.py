"""An OpenID provider as its client sees it: what it publishes, and whom it says it has let in."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import quote

import httpx2
import msgspec
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, KeySet

from domain.values.frozen import dataclass
from infra.oidc.addresses import is_safe
from infra.oidc.bounded import bound
from infra.oidc.id_tokens import UnknownKey, Untrusted, checked
from infra.oidc.kept import Kept, Unreachable
from infra.oidc.somebody import Somebody

_PATIENCE: Final = httpx2.Timeout(5.0, connect=3.0)
# Of one question altogether: a provider may be slow with every byte.
_WITHIN_S: Final = 10.0
_JSON: Final = {"Accept": "application/json"}

# No answer, none in time, or one that nobody can read.
_FAILURES: Final = (
    httpx2.HTTPError, httpx2.InvalidURL, msgspec.MsgspecError,
    TimeoutError, ValueError, TypeError, OverflowError, RecursionError,
)  # fmt: skip

T = TypeVar("T")


class Declined(Exception):
    """The provider takes the code for none of its own, or for one that was used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What a provider and its client have agreed on. Without a secret the client is a public one;
    PKCE holds either way."""

    issuer: str
    client_id: str
    client_secret: str | None
    scopes: tuple[str, ...]
    redirect_uri: str


class _Published(msgspec.Struct, frozen=True):
    """Of a discovery document (OpenID Connect Discovery 1.0, 3) what is needed here."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class _Keys(msgspec.Struct, frozen=True):
    keys: tuple[dict[str, Any], ...]


class Provider:
    """One client for all who sign on. `now` is in seconds of the Unix epoch, `monotonic` of any."""

    def __init__(
        self,
        registered: Registered,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registered = registered
        self._now = now
        self._client = AsyncOAuth2Client(
            client_id=registered.client_id,
            client_secret=registered.client_secret,
            redirect_uri=registered.redirect_uri,
            scope=" ".join(registered.scopes),
            code_challenge_method="S256",
            timeout=_PATIENCE,
            headers={"Accept-Encoding": "identity"},
            event_hooks={"response": [bound]},
        )
        self._published = Kept(self._fetch_document, monotonic)
        self._keys = Kept(self._fetch_keys, monotonic)

    @property
    def issuer(self) -> str:
        return self._registered.issuer

    async def close(self) -> None:
        await self._client.aclose()

    async def address(self, *, state: str, nonce: str, verifier: str) -> str:
        """Where to send a browser (RFC 7636 by S256). Raises Unreachable."""
        published = await self._published.get()
        url, _ = self._client.create_authorization_url(
            published.authorization_endpoint, state=state, code_verifier=verifier, nonce=nonce
        )
        return str(url)

    async def require_answered_by_it(self, issuer: str | None) -> None:
        """Of an answer that names its issuer, or has to (RFC 9207). Raises Untrusted."""
        must = (await self._published.get()).authorization_response_iss_parameter_supported
        if issuer != self.issuer and (must or issuer is not None):
            raise Untrusted("the answer is another issuer's")

    async def let_in(self, *, code: str, nonce: str, verifier: str) -> Somebody:
        """Whom the provider gave this code for. Raises Unreachable, Declined and Untrusted."""
        published = await self._published.get()
        tokens = await self._tokens(published, code, verifier)
        id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access_token, str):
            raise Untrusted("the provider gave no ID token")
        claims = await self._claims(id_token, nonce, access_token)
        if "email" in claims and "email_verified" in claims:
            return self._somebody(claims)
        return self._somebody(await self._told_more(published, claims, access_token))

    async def _tokens(
        self, published: _Published, code: str, verifier: str
    ) -> Mapping[str, object]:
        method = self._auth_method(published)
        try:
            async with asyncio.timeout(_WITHIN_S):
                fetched: Mapping[str, object] = await self._client.fetch_token(
                    published.token_endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=verifier,
                    auth=self._client.client_auth(method),
                )
        except OAuthError as error:
            if error.error == "invalid_grant":
                raise Declined from None
            raise Unreachable(f"the token endpoint: {error.error!r:.80}") from None
        except _FAILURES as error:
            raise Unreachable(f"the token endpoint: {type(error).__name__}") from None
        return fetched

    def _auth_method(self, published: _Published) -> str:
        if self._registered.client_secret is None:
            return "none"
        offered = published.token_endpoint_auth_methods_supported
        is_post = "client_secret_post" in offered and "client_secret_basic" not in offered
        return "client_secret_post" if is_post else "client_secret_basic"

    async def _claims(self, id_token: str, nonce: str, access_token: str) -> Mapping[str, Any]:
        """A key that nobody knows may be a new one: then the keys are asked for once more."""
        for may_refetch in (True, False):
            keys = await self._keys.get()
            try:
                return checked(
                    id_token,
                    keys,
                    issuer=self.issuer,
                    client_id=self._registered.client_id,
                    nonce=nonce,
                    access_token=access_token,
                    now=self._now(),
                )
            except UnknownKey:
                if not may_refetch:
                    raise
                self._keys.doubt(keys)
        raise AssertionError("unreachable")

    async def _told_more(
        self, published: _Published, claims: Mapping[str, Any], access_token: str
    ) -> Mapping[str, Any]:
        """What the userinfo endpoint adds, of the same person (OpenID Connect Core 1.0, 5.3.2).
        An address and whether it is verified come from one place."""
        if published.userinfo_endpoint is None:
            return claims
        headers = {**_JSON, "Authorization": f"Bearer {access_token}"}
        told = await self._get(published.userinfo_endpoint, dict[str, Any], headers)
        if told.get("sub") != claims["sub"]:
            raise Untrusted("the userinfo endpoint tells of somebody else")
        whole = {**told, **claims}
        if "email" in told:
            whole["email"] = told["email"]
            whole["email_verified"] = told.get("email_verified")
        return whole

    def _somebody(self, claims: Mapping[str, Any]) -> Somebody:
        email = _text(claims, "email")
        return Somebody(
            issuer=self.issuer,
            subject=claims["sub"],
            email=email,
            # Some say it as a word, where the standard has a boolean.
            email_verified=email is not None and claims.get("email_verified") in (True, "true"),
            name=_text(claims, "name"),
            username=_text(claims, "preferred_username"),
        )

    async def _fetch_document(self) -> _Published:
        url = self.issuer.rstrip("/") + "/.well-known/openid-configuration"
        published = await self._get(url, _Published, _JSON)
        if published.issuer != self.issuer:
            raise Unreachable("its document is another issuer's")
        endpoints = (
            published.authorization_endpoint,
            published.token_endpoint,
            published.jwks_uri,
            published.userinfo_endpoint or published.token_endpoint,
        )
        if not all(is_safe(each) for each in endpoints):
            raise Unreachable("its document names an address without TLS")
        return published

    async def _fetch_keys(self) -> KeySet:
        published = await self._published.get()
        keys = []
        for each in (await self._get(published.jwks_uri, _Keys, _JSON)).keys:
            if each.get("kty") == "oct" or each.get("use", "sig") != "sig":
                continue
            try:
                keys.append(JWKRegistry.import_key(each))
            except (JoseError, ValueError, TypeError, KeyError):
                continue  # of a kind that is not known here (RFC 7517, 5)
        return KeySet(keys)

    async def _get(self, url: str, kind: type[T], headers: Mapping[str, str]) -> T:
        try:
            async with asyncio.timeout(_WITHIN_S):
                answer = await self._client.request(
                    "GET", url, withhold_token=True, headers=dict(headers)
                )
            answer.raise_for_status()
            return msgspec.json.decode(answer.content, type=kind)
        except _FAILURES as error:
            where = quote(url.partition("?")[0], safe=":/")
            raise Unreachable(f"{where}: {type(error).__name__}") from None


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    found = claims.get(name)
    return found if isinstance(found, str) and found else None
