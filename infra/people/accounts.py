"""Accounts: credentials that come to life with the account's own commit, and logging in."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from commands.execution import Executor, Outcome
from commands.ports import EventStore
from commands.user.register_user import RegisterUser
from domain.errors import Invalid, Kind, Refused
from domain.values.recorded import Origin
from domain.values.text_rules import (
    Problems,
    checked_email,
    checked_username,
    normal_email,
    normal_username,
)
from infra.ids import new_id
from infra.people.credentials import Credentials
from infra.people.passwords import Passwords, weaknesses
from infra.people.sessions import Session, Sessions
from infra.redis.login_limits import LoginLimits

# No registration takes this long, so what is inactive for longer is left over from one that died.
_ORPHAN_AGE: Final = timedelta(minutes=15)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    username: str
    email: str
    password: str
    name: str | None = None
    time_zone: str = "UTC"
    locale: str = "en"


class Accounts:
    """`secret` hides which accounts are tried from whoever reads the store of limits."""

    def __init__(
        self,
        *,
        executor: Executor,
        store: EventStore,
        credentials: Credentials,
        sessions: Sessions,
        passwords: Passwords,
        limits: LoginLimits,
        secret: bytes,
    ) -> None:
        self._executor = executor
        self._store = store
        self._credentials = credentials
        self._sessions = sessions
        self._passwords = passwords
        self._limits = limits
        self._secret = secret

    async def register(
        self,
        wanted: Registration,
        origin_of: Callable[[str], Origin],
        *,
        idempotency_key: str | None = None,
        digest: bytes | None = None,
    ) -> Outcome:
        """Make an account that may log in. `origin_of` is given the new user's id.

        The credential lies ready, inactive, before the commit, and is active after it: whatever
        dies in between, nobody logs in without an account, and `sweep` settles the rest.
        """
        _check(wanted)
        password_hash = await self._passwords.hash(wanted.password)
        user_id = new_id("user")
        await self._credentials.reserve(user_id, password_hash)
        command = RegisterUser(
            user_id=user_id,
            username=wanted.username,
            email=wanted.email,
            name=wanted.name,
            time_zone=wanted.time_zone,
            locale=wanted.locale,
        )
        try:
            outcome = await self._executor.execute(
                [command], origin_of(user_id), idempotency_key=idempotency_key, digest=digest
            )
        except Refused as refused:
            if refused.kind is not Kind.DEPENDENCY_DOWN:
                await self._credentials.discard(user_id)
            raise
        if outcome.main_stream != user_id:
            await self._credentials.discard(user_id)
        await self._credentials.activate(outcome.main_stream)
        return outcome

    async def log_in(self, name: str, password: str, address: str) -> Session:
        """Begin a session for whoever knows the password of this username or e-mail address.

        Raises Refused(UNAUTHENTICATED), in the same time for a name that nobody has, and
        Refused(RATE_LIMITED).
        """
        if "@" in name:
            scope, normal = "email", normal_email(name)
        else:
            scope, normal = "username", normal_username(name)
        account = hmac.new(self._secret, normal.encode(), hashlib.sha256).hexdigest()
        await self._limits.begin(account, address)
        user_id = await self._store.claimed_by(scope, normal)
        credential = await self._credentials.find(user_id or "")
        stored = None if credential is None else credential.password_hash
        is_right = await self._passwords.verify(stored, password)
        if credential is None or not is_right or not credential.is_active:
            await self._limits.failed(address)
            raise Refused(Kind.UNAUTHENTICATED, "The name or the password is wrong.")
        await self._limits.succeeded(account)
        if self._passwords.is_outdated(credential.password_hash):
            renewed = await self._passwords.hash(password)
            await self._credentials.rehash(credential.user_id, credential.password_hash, renewed)
        return await self._sessions.begin(credential.user_id)

    async def sweep(self) -> None:
        """Settle what registrations that died left behind, and forget old sessions."""
        for user_id in await self._credentials.orphans(_ORPHAN_AGE):
            if await self._store.read_stream(user_id, upto=1):
                await self._credentials.activate(user_id)
                _log.info("registration_completed", user_id=user_id)
            else:
                await self._credentials.discard(user_id)
        await self._sessions.sweep()


def _check(wanted: Registration) -> None:
    """Everything that is wrong at once, and before the dear part."""
    problems = Problems()
    problems.check(None, checked_username, wanted.username)
    problems.check(None, checked_email, wanted.email)
    weak = weaknesses(wanted.password, known=(wanted.username, wanted.email), pointer="/password")
    if weak:
        problems.add(Invalid(*weak))
    problems.raise_any()
