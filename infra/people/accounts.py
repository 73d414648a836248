"""Accounts: credentials that come to life with the account's own commit, and logging in."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog

from commands.execution import Executor, Outcome
from commands.ports import EventStore
from commands.user.link_identity import LinkIdentity
from commands.user.register_user import RegisterUser
from commands.user.suspend_user import ActivateUser, SuspendUser
from commands.workspace.accept_invitation import AcceptInvitation
from domain.errors import Invalid, Kind, Refused, not_found
from domain.user.state import USER
from domain.values.frozen import dataclass
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
from infra.people.outbox import Mail, Outbox
from infra.people.passwords import Passwords, weaknesses
from infra.people.proofs import Proof, Proofs
from infra.people.sessions import Client, Session, Sessions
from infra.postgres.pool import Connection

# No registration takes this long, so what is inactive for longer is left over from one that died.
_ORPHAN_AGE: Final = timedelta(minutes=15)
_OUTBOX_AGE: Final = timedelta(days=7)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FirstIdentity:
    """As which somebody signed on to register, and at which provider."""

    identity_id: str
    issuer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """`password` is None for who signs on with an `identity`, whose event comes with the account.
    `email_verified`: it is known already that they read this address. `invitation`: by which they
    come into a workspace."""

    username: str
    email: str
    password: str | None
    name: str | None = None
    time_zone: str = "UTC"
    locale: str = "en"
    email_verified: bool = False
    identity: FirstIdentity | None = None
    invitation: AcceptInvitation | None = None


class Accounts:
    """`on_mail` is called when there is something in the outbox."""

    def __init__(
        self,
        *,
        executor: Executor,
        store: EventStore,
        credentials: Credentials,
        sessions: Sessions,
        passwords: Passwords,
        proofs: Proofs,
        outbox: Outbox,
        on_mail: Callable[[], None],
        verify_good_for: timedelta,
        require_verified_email: bool,
    ) -> None:
        self._executor = executor
        self._store = store
        self._credentials = credentials
        self._sessions = sessions
        self._passwords = passwords
        self._proofs = proofs
        self._outbox = outbox
        self._on_mail = on_mail
        self._verify_good_for = verify_good_for
        self._require_verified_email = require_verified_email

    async def register(
        self,
        wanted: Registration,
        origin_of: Callable[[str], Origin],
        *,
        idempotency_key: str | None = None,
        digest: bytes | None = None,
    ) -> Outcome:
        """Make an account that may log in. `origin_of` is given the new user's id.

        The credential lies ready, inactive, before the commit, and so does the mail by which the
        address is verified; both come to life after it: whatever dies in between, nobody logs in
        without an account, and `sweep` settles the rest.
        """
        _check(wanted)
        password_hash = None
        if wanted.password is not None:
            password_hash = await self._passwords.hash(wanted.password)
        user_id = new_id("user")
        first = wanted.identity
        mail = Mail(
            kind="verify-email",
            once=f"verify-email {user_id}",
            about=user_id,
            says={"to": wanted.email},
            good_for=self._verify_good_for,
        )

        async def beside(connection: Connection) -> None:
            if not wanted.email_verified:
                await self._outbox.put(mail, held=True, within=connection)

        await self._credentials.reserve(user_id, password_hash, beside)
        command = RegisterUser(
            user_id=user_id,
            username=wanted.username,
            email=wanted.email,
            name=wanted.name,
            time_zone=wanted.time_zone,
            locale=wanted.locale,
            email_verified=wanted.email_verified,
            identity=None
            if first is None
            else LinkIdentity(user_id=user_id, identity_id=first.identity_id, issuer=first.issuer),
            invitation=wanted.invitation,
        )
        try:
            outcome = await self._executor.execute(
                [command],
                origin_of(user_id),
                idempotency_key=idempotency_key,
                digest=digest,
            )
        except Refused as refused:
            if refused.kind is not Kind.DEPENDENCY_DOWN:
                await self._discard(user_id)
            raise
        if outcome.main_stream != user_id:
            await self._discard(user_id)
        await self._activate(outcome.main_stream)
        return outcome

    async def log_in(
        self, name: str, proof: Proof, address: str, user_agent: str | None = None
    ) -> Session:
        """Begin a session for whoever knows the password of this username or e-mail address, and
        has the second factor where there is one.

        Raises Refused(UNAUTHENTICATED), in the same time for a name that nobody has,
        Refused(RATE_LIMITED), and where only that is missing Refused(SECOND_FACTOR_REQUIRED) or
        Refused(EMAIL_NOT_VERIFIED).
        """
        if "@" in name:
            scope, normal = "email", normal_email(name)
        else:
            scope, normal = "username", normal_username(name)
        user_id = await self._store.claimed_by(scope, normal)
        password = proof.password or ""
        proven = await self._proofs.password(user_id, f"{scope} {normal}", password, address)
        if proven is None:
            raise _wrong()
        user_id = proven.user_id
        await self._proofs.second(user_id, proof, address)
        if self._require_verified_email:
            await self._require_verified(user_id)
        password_hash = await self._proofs.settled(proven, password)
        session = await self._sessions.begin(user_id, password_hash, Client(user_agent, address))
        if session is None:
            raise _wrong()
        return session

    async def suspend(self, username: str, origin: Origin) -> Outcome:
        """Close an account: every session ends, everywhere within about a second."""
        user_id = await self._named(username)
        outcome = await self._executor.execute([SuspendUser(user_id=user_id)], origin)
        await self._credentials.suspend(user_id)
        return outcome

    async def reopen(self, username: str, origin: Origin) -> Outcome:
        """Let a suspended account log in again."""
        user_id = await self._named(username)
        outcome = await self._executor.execute([ActivateUser(user_id=user_id)], origin)
        await self._credentials.unsuspend(user_id)
        return outcome

    async def settle(self, user_id: str) -> None:
        """Let whose account is in the log in, though who made it has not come to that yet."""
        await self._activate(user_id)

    async def sweep(self) -> None:
        """Settle what commands that died left behind, and forget what is over."""
        for user_id in await self._credentials.orphans(_ORPHAN_AGE):
            if await self._store.read_stream(user_id, upto=1):
                await self._activate(user_id)
                _log.info("registration_completed", user_id=user_id)
            else:
                await self._discard(user_id)
        for about in await self._outbox.held_longer_than(_ORPHAN_AGE):
            if await self._store.read_stream(about.partition("/")[0], upto=1):
                await self._outbox.release(about)
            else:
                await self._outbox.drop(about)
        await self._sessions.sweep()
        await self._outbox.forget(_OUTBOX_AGE)

    async def _activate(self, user_id: str) -> None:
        await self._credentials.activate(user_id)
        await self._outbox.release(user_id)
        self._on_mail()

    async def _discard(self, user_id: str) -> None:
        await self._credentials.discard(user_id)
        await self._outbox.drop(user_id)

    async def _require_verified(self, user_id: str) -> None:
        user = await self._executor.states.read(USER, user_id)
        if user is None or not user.email_verified:
            raise Refused(
                Kind.EMAIL_NOT_VERIFIED,
                "Verify your e-mail address first, by the link that was mailed to it; "
                "POST /auth/verify-email/resend sends another.",
            )

    async def _named(self, username: str) -> str:
        user_id = await self._store.claimed_by("username", normal_username(username))
        if user_id is None:
            raise not_found("user")
        return user_id


def _wrong() -> Refused:
    return Refused(Kind.UNAUTHENTICATED, "The name or the password is wrong.")


def _check(wanted: Registration) -> None:
    """Everything that is wrong at once, and before the dear part."""
    problems = Problems()
    problems.check(None, checked_username, wanted.username)
    problems.check(None, checked_email, wanted.email)
    if wanted.password is not None:
        known = (wanted.username, wanted.email)
        if weak := weaknesses(wanted.password, known=known, pointer="/password"):
            problems.add(Invalid(*weak))
    problems.raise_any()
