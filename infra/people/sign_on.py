"""Signing on at another's provider: whose account that leads to, and which it may be linked to."""

import re
import secrets
from collections.abc import Callable
from typing import Final

import structlog

from commands.execution import Executor, Outcome
from commands.ports import EventStore
from commands.user.link_identity import LinkIdentity, UnlinkIdentity
from domain.errors import Invalid, Kind, Refused
from domain.user.state import USER, User
from domain.values.recorded import Origin
from domain.values.text_rules import checked_email, normal_email
from infra.ids import new_id
from infra.oidc.id_tokens import Untrusted
from infra.oidc.kept import Unreachable
from infra.oidc.provider import Declined, Provider
from infra.oidc.somebody import Somebody
from infra.people.accounts import Accounts, FirstIdentity, Registration
from infra.people.by_mail import ByMail
from infra.people.flows import Asking, CameBack, Flows
from infra.people.identities import Identities, Linked
from infra.people.own_account import Owner
from infra.people.proofs import Proof, Proofs
from infra.people.sessions import Client, Revocations, Session, Sessions

# Of the errors that a provider may send people back with, those that are about them and not about
# it (RFC 6749, 4.1.2.1; OpenID Connect Core 1.0, 3.1.2.6).
_OF_THE_PERSON: Final = frozenset(
    {
        "access_denied",
        "account_selection_required",
        "consent_required",
        "interaction_required",
        "login_required",
    }
)
_WORD: Final = re.compile(r"[a-z_]{1,64}", re.ASCII)
_NOT_IN_USERNAMES: Final = re.compile(r"[^A-Za-z0-9_.-]+", re.ASCII)
_NAME_CHARACTERS: Final = 100
_NAMES_TRIED: Final = 5
_MEETINGS: Final = 3

_log = structlog.get_logger(__name__)


class SignOn:
    """A provider only says who somebody is there; the account is found by that alone. By an address
    one is found once, where both sides have verified it, and the identity linked to it."""

    def __init__(
        self,
        *,
        name: str,
        provider: Provider,
        flows: Flows,
        identities: Identities,
        accounts: Accounts,
        executor: Executor,
        store: EventStore,
        sessions: Sessions,
        proofs: Proofs,
        by_mail: ByMail,
        revocations: Revocations,
    ) -> None:
        self.name = name
        self.provider = provider
        self.flows = flows
        self._identities = identities
        self._accounts = accounts
        self._executor = executor
        self._store = store
        self._sessions = sessions
        self._proofs = proofs
        self._by_mail = by_mail
        self._revocations = revocations

    async def begin(self, return_to: str) -> tuple[str, str]:
        """Where to send the browser, and the cookie that it has to bring back. Raises
        Refused(DEPENDENCY_DOWN)."""
        flow = self.flows.begin(return_to)
        try:
            address = await self.provider.address(
                state=flow.state, nonce=flow.nonce, verifier=flow.verifier
            )
        except Unreachable:
            raise self._down() from None
        return address, self.flows.cookie_of(flow)

    async def come_back(self, cookie: str | None, said: CameBack) -> tuple[str, str]:
        """Where the browser wanted to, and a code by which it goes on there.

        Raises Invalid for what this browser did not begin or has come back with before,
        Refused(FORBIDDEN) where the person was not let in, Refused(UNAUTHENTICATED) for what cannot
        be believed and Refused(DEPENDENCY_DOWN).
        """
        flow = await self.flows.came_back(cookie, said.state)
        try:
            await self.provider.require_answered_by_it(said.issuer)
            if said.code is None:
                raise self._refused_there(said.error)
            somebody = await self.provider.let_in(
                code=said.code, nonce=flow.nonce, verifier=flow.verifier
            )
        except Unreachable as error:
            _log.warning("sign_on_provider_unreachable", why=str(error))
            raise self._down() from None
        except (Untrusted, Declined) as error:
            _log.warning("sign_on_not_believed", why=str(error) or type(error).__name__)
            self._proofs.sign_on_failed()
            raise Refused(
                Kind.UNAUTHENTICATED,
                f"What {self.name} is said to have answered does not hold; sign on again.",
            ) from None
        return flow.return_to, await self.flows.keep(flow, somebody)

    async def log_in(
        self, asking: Asking, proof: Proof, origin_of: Callable[[str], Origin]
    ) -> Session:
        """Begin a session of whoever signed on; who has no account yet gets one.

        The code stays good where it is refused, so that it can be sent again with what was missing.
        Raises Invalid at `/code`, Refused(EMAIL_NOT_VERIFIED), Refused(SECOND_FACTOR_REQUIRED),
        Refused(UNAUTHENTICATED) for a wrong second factor, Refused(FORBIDDEN) where the account is
        closed, and Refused(RATE_LIMITED).
        """
        somebody = await self.flows.look(asking.cookie, asking.code)
        user_id = await self._whose(somebody)
        if user_id is not None:
            await self._proofs.second_alone(user_id, proof, asking.address)
        await self.flows.use(asking.cookie, asking.code)
        user_id, identity_id = await self._arrive(somebody, origin_of)
        client = Client(asking.user_agent, asking.address)
        session = await self._sessions.begin_signed_on(user_id, identity_id, client)
        if session is None:
            raise _closed()
        await self._proofs.welcome(user_id, asking.address)
        return session

    async def link(self, owner: Owner, asking: Asking, proof: Proof) -> Outcome:
        """Whoever signed on is the owner of this account, who is logged in and proves it again.

        Raises Invalid, Refused(ALREADY_EXISTS) for whom another account has, and as a log-in.
        """
        await self._proofs.again(owner.user_id, proof, owner.address)
        somebody = await self.flows.look(asking.cookie, asking.code)
        known = await self._identities.find(somebody)
        if known is not None:
            raise _taken()
        identity_id = new_id("idn")
        command = self._linking(owner.user_id, identity_id, somebody)
        await self._executor.rehearse([command], owner.origin)  # a refusal leaves the code good
        await self.flows.use(asking.cookie, asking.code)
        return await self._link(command, somebody, owner.origin)

    async def linked(self, user_id: str) -> list[Linked]:
        """The identities that lead into somebody's account, oldest first."""
        return await self._identities.of(user_id)

    async def unlink(self, owner: Owner, identity_id: str, proof: Proof) -> Outcome:
        """The identity leads into this account no more, and the sessions begun by it end, but the
        one that asks. As it takes a proof, who has no password yet cannot lock themselves out.
        Raises Invalid, and Refused(NOT_FOUND)."""
        await self._proofs.again(owner.user_id, proof, owner.address)
        ended = await self._identities.remove(
            owner.user_id, identity_id, keep_session=owner.session_id
        )
        for session_id in ended:
            self._revocations.add(session_id)
        command = UnlinkIdentity(user_id=owner.user_id, identity_id=identity_id)
        outcome = await self._executor.execute([command], owner.origin)
        await self._by_mail.tell("identity-unlinked", outcome.state(USER), outcome.position)
        return outcome

    async def _whose(self, somebody: Somebody) -> str | None:
        """Whose account this leads to, by the identity or else by the address; None where there is
        none yet. Raises Refused where it is closed, or where the address is not proof enough."""
        known = await self._identities.find(somebody)
        if known is not None:
            if known.state == "suspended":
                self._proofs.sign_on_failed(known.user_id)
                raise _closed()
            self._require_open(await self._executor.states.read(USER, known.user_id))
            return known.user_id
        email = _address(somebody)
        if email is None or not somebody.email_verified:
            raise Refused(
                Kind.EMAIL_NOT_VERIFIED,
                f"{self.name} does not say that your e-mail address is verified, so no account is "
                "found or made by it. Log in with your password, or make an account, and link "
                "this identity there: POST /auth/identities with the same code.",
                where="provider",
            )
        user_id = await self._store.claimed_by("email", normal_email(email))
        if user_id is None:
            return None
        user = self._require_open(await self._executor.states.read(USER, user_id))
        if not user.email_verified:
            raise Refused(
                Kind.EMAIL_NOT_VERIFIED,
                "There is an account with your e-mail address, which is not verified here. Verify "
                "it by a mailed link (POST /auth/verify-email/resend, or POST /auth/password/forgot"
                " where you do not know the account), then sign on again.",
                where="account",
            )
        return user_id

    async def _arrive(
        self, somebody: Somebody, origin_of: Callable[[str], Origin]
    ) -> tuple[str, str]:
        """The account, and the identity that leads there from now on. Who comes at the same time
        from another window comes to the same."""
        for _ in range(_MEETINGS):
            known = await self._identities.find(somebody)
            if known is not None:
                await self._accounts.settle(known.user_id)
                return known.user_id, known.identity_id
            user_id = await self._whose(somebody)
            if user_id is None:
                made = await self._register(somebody, origin_of)
                if made is not None:
                    return made
                continue
            identity_id = new_id("idn")
            linking = self._linking(user_id, identity_id, somebody)
            try:
                await self._link(linking, somebody, origin_of(user_id))
            except Refused as refused:
                if refused.kind is not Kind.ALREADY_EXISTS:
                    raise
                continue
            await self._accounts.settle(user_id)
            return user_id, identity_id
        raise Refused(Kind.CONFLICT, "Somebody signs on as you at the same time; sign on again.")

    async def _register(
        self, somebody: Somebody, origin_of: Callable[[str], Origin]
    ) -> tuple[str, str] | None:
        """A new account, and the identity that leads there; None where somebody else has made one
        with this address meanwhile."""
        identity = FirstIdentity(new_id("idn"), somebody.issuer)
        for username in _usernames(somebody):
            wanted = Registration(
                username=username,
                email=_address(somebody) or "",
                password=None,
                name=_name(somebody),
                email_verified=True,
                identity=identity,
            )
            try:
                outcome = await self._accounts.register(wanted, origin_of)
            except Refused as refused:
                if refused.kind is not Kind.ALREADY_EXISTS:
                    raise
                if refused.fields.get("field") == "email":
                    return None
                continue
            user_id = outcome.main_stream
            if await self._identities.keep(identity.identity_id, user_id, somebody):
                return user_id, identity.identity_id
            return None
        raise Refused(Kind.CONFLICT, "No username was free; sign on again.")

    def _linking(self, user_id: str, identity_id: str, somebody: Somebody) -> LinkIdentity:
        return LinkIdentity(user_id=user_id, identity_id=identity_id, issuer=somebody.issuer)

    async def _link(self, command: LinkIdentity, somebody: Somebody, origin: Origin) -> Outcome:
        """The event first: what fails in between leaves an identity that leads nowhere. Raises
        Refused(ALREADY_EXISTS) where somebody was quicker."""
        user_id, identity_id = command.user_id, command.identity_id
        outcome = await self._executor.execute([command], origin)
        if not await self._identities.keep(identity_id, user_id, somebody):
            undo = UnlinkIdentity(user_id=user_id, identity_id=identity_id)
            await self._executor.execute([undo], origin)
            raise _taken()
        await self._by_mail.tell("identity-linked", outcome.state(USER), outcome.position)
        return outcome

    def _require_open(self, user: User | None) -> User:
        """Raises Refused for the account of who was suspended, or erased."""
        is_open = user is not None and user.can_log_in and not user.suspended
        if user is None or not is_open or not isinstance(user.username, str):
            raise _closed()
        return user

    def _refused_there(self, error: str | None) -> Refused:
        """What a provider sends people back with who were not let in."""
        named = error if error is not None and _WORD.fullmatch(error) else "no reason"
        if named in _OF_THE_PERSON:
            return Refused(
                Kind.FORBIDDEN,
                f"{self.name} has not let you in ({named}). Sign on again, or log in with your "
                "password.",
            )
        _log.warning("sign_on_refused_by_provider", error=named)
        return Refused(
            Kind.DEPENDENCY_DOWN,
            f"{self.name} cannot let anybody in now ({named}). Try again later, or log in with "
            "your password.",
        )

    def _down(self) -> Refused:
        return Refused(
            Kind.DEPENDENCY_DOWN,
            f"{self.name} does not answer now. Try again later, or log in with your password.",
        )


def _closed() -> Refused:
    return Refused(Kind.FORBIDDEN, "This account is closed; ask whoever runs this installation.")


def _taken() -> Refused:
    return Refused(
        Kind.ALREADY_EXISTS,
        "This identity leads into an account already; unlink it there first.",
        field="identity",
    )


def _usernames(somebody: Somebody) -> list[str]:
    """Names that would suit, the best first; the last ones are hardly anybody's."""
    wanted = somebody.username or (somebody.email or "").partition("@")[0]
    plain = _NOT_IN_USERNAMES.sub("-", wanted.partition("@")[0]).strip("-.")[:32] or "user"
    numbered = [f"{plain}-{secrets.randbelow(10_000):04}" for _ in range(_NAMES_TRIED)]
    return [plain, *numbered] if len(plain) >= 3 else numbered


def _name(somebody: Somebody) -> str | None:
    """What they are called there, as far as it may be a name here."""
    shown = "".join(each if each.isprintable() else " " for each in somebody.name or "")
    return " ".join(shown.split())[:_NAME_CHARACTERS].strip() or None


def _address(somebody: Somebody) -> str | None:
    try:
        return None if somebody.email is None else checked_email(somebody.email)
    except Invalid:
        return None
