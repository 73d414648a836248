"""What a mailed link lets somebody do: verify an address, choose a new password."""

import secrets
from collections.abc import Callable
from datetime import timedelta

from commands.execution import Executor, Outcome
from commands.user.change_credentials import ChangePassword
from commands.user.verify_email import ChangeEmail, VerifyEmail
from domain.errors import Invalid
from domain.user.state import USER, User
from domain.values.recorded import Origin
from domain.values.text import shown
from domain.values.text_rules import checked_email, normal_email
from infra.people.credentials import Credentials
from infra.people.mail_tokens import MailTokens, Purpose
from infra.people.outbox import Mail, Outbox
from infra.people.passwords import Passwords, weaknesses
from infra.people.proofs import Proofs
from infra.people.sessions import Revocations
from infra.redis.mail_limits import MailLimits

# Of a mail that is asked for: past it nobody waits for it any more.
_ASKED_GOOD_FOR = timedelta(hours=24)


class ByMail:
    """Asking for a mail does the same, in the same time, whether anybody has the address: one row
    in the outbox. Only whoever sends the mail looks the address up."""

    def __init__(
        self,
        *,
        executor: Executor,
        credentials: Credentials,
        passwords: Passwords,
        proofs: Proofs,
        tokens: MailTokens,
        outbox: Outbox,
        limits: MailLimits,
        revocations: Revocations,
        on_mail: Callable[[], None],
        verify_good_for: timedelta,
    ) -> None:
        self._executor = executor
        self._credentials = credentials
        self._passwords = passwords
        self._proofs = proofs
        self._tokens = tokens
        self._outbox = outbox
        self._limits = limits
        self._revocations = revocations
        self._on_mail = on_mail
        self._verify_good_for = verify_good_for

    async def ask_to_verify(self, email: str, address: str) -> None:
        """Mail another link by which this address is verified, where it is one that waits."""
        await self._ask("verify-email", email, address, self._verify_good_for)

    async def ask_for_reset(self, email: str, address: str) -> None:
        """Mail a link by which a new password may be chosen, where the address has an account."""
        await self._ask("reset-password", email, address, _ASKED_GOOD_FOR)

    async def ask_for_change(self, user: User, email: str, address: str) -> None:
        """Mail a link to the new address of somebody who has proven who they are."""
        await self._ask("change-email", email, address, self._verify_good_for, about=user.user_id)

    async def verify(self, token: str, origin_of: Callable[[str], Origin]) -> Outcome:
        """The address of the link is the account's, and read by its owner. Raises Invalid at
        `/token`, and Refused(ALREADY_EXISTS) where somebody else took the address meanwhile."""
        purposes = (Purpose.VERIFY_EMAIL, Purpose.CHANGE_EMAIL)
        async with self._tokens.used(token, *purposes) as held:
            user_id, email = held.user_id or "", held.says["email"]
            origin = origin_of(user_id)
            if held.purpose is Purpose.VERIFY_EMAIL:
                command = VerifyEmail(user_id=user_id, email=email)
                return await self._executor.execute([command], origin)
            before = await self._executor.states.read(USER, user_id)
            outcome = await self._executor.execute(
                [ChangeEmail(user_id=user_id, email=email)], origin
            )
            await self._tokens.void(user_id, Purpose.RESET_PASSWORD)
            if before is not None and outcome.changed and before.email != email:
                await self.tell("email-changed", before, outcome.position)
            return outcome

    async def reset(
        self, token: str, password: str, address: str, origin_of: Callable[[str], Origin]
    ) -> Outcome:
        """Another password for whoever has the mailed link; every session ends.

        The second factor stays: it is asked for at the next log-in. Raises Invalid.
        """
        looked = await self._tokens.look(token, Purpose.RESET_PASSWORD)
        user_id = looked.user_id or ""
        user = await self._executor.states.read(USER, user_id)
        require_strong(password, user, "/password")
        password_hash = await self._passwords.hash(password)
        async with self._tokens.used(token, Purpose.RESET_PASSWORD) as held:
            outcome = await self._executor.execute(
                [
                    ChangePassword(user_id=user_id, by_reset=True),
                    VerifyEmail(user_id=user_id, email=held.says["email"]),
                ],
                origin_of(user_id),
            )
            ended = await self._credentials.change(user_id, password_hash, "password reset")
        for session_id in ended:
            self._revocations.add(session_id)
        await self._tokens.void(user_id, Purpose.RESET_PASSWORD)
        await self._proofs.welcome(user_id, address)
        await self.tell("password-changed", outcome.state(USER), outcome.position)
        return outcome

    async def tell(self, what: str, user: User, position: int) -> None:
        """Mail a notice to the address that the account has, or had; once for each change."""
        if not isinstance(user.email, str):
            return
        await self._outbox.put(
            Mail(
                kind=what,
                once=f"{what} {user.user_id} {position}",
                about=user.user_id,
                says={"to": user.email},
                good_for=timedelta(days=3),
            )
        )
        self._on_mail()

    async def _ask(
        self, kind: str, email: str, address: str, good_for: timedelta, about: str = ""
    ) -> None:
        checked_email(email)
        await self._limits.ask(self._proofs.named("mail from", address).hex())
        if not await self._limits.may_reach(
            self._proofs.named("mail to", normal_email(email)).hex()
        ):
            return
        await self._outbox.put(
            Mail(
                kind=kind,
                once=f"{kind} {secrets.token_hex(16)}",
                about=about,
                says={"to": email},
                good_for=good_for,
            )
        )
        self._on_mail()


def require_strong(password: str, user: User | None, pointer: str) -> None:
    """Raises Invalid for a password that is easily guessed, by what is known of the person too."""
    known = () if user is None else (shown(user.username), shown(user.email))
    weak = weaknesses(password, known=known, pointer=pointer)
    if weak:
        raise Invalid(*weak)
