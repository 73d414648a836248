"""Invitations by mail: a letter to somebody without an account, and what its link lets them do."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from commands.execution import Executor, Outcome
from commands.ports import Clock, EventStore
from commands.workspace.accept_invitation import AcceptInvitation, is_same_address
from domain.errors import Invalid, Kind, Refused, invalid
from domain.user.state import USER
from domain.values.frozen import dataclass
from domain.values.recorded import Origin
from domain.values.text_rules import checked_email, normal_email
from domain.workspace.state import WORKSPACE, Invitation
from infra.ids import new_id
from infra.people.mail_tokens import MailTokens, Purpose
from infra.people.outbox import Mail, Outbox
from infra.people.proofs import Proofs
from infra.redis.mail_limits import MailLimits


@dataclass(frozen=True, slots=True)
class Bid:
    """What a token in a letter stands for; `invitation` is None where it is not good any more."""

    workspace_id: str
    invitation_id: str
    invitation: Invitation | None


class Invitations:
    """`good_for` is how long an invitation is good."""

    def __init__(
        self,
        *,
        executor: Executor,
        store: EventStore,
        outbox: Outbox,
        tokens: MailTokens,
        limits: MailLimits,
        proofs: Proofs,
        on_mail: Callable[[], None],
        clock: Clock,
        good_for: timedelta,
    ) -> None:
        self._executor = executor
        self._store = store
        self._outbox = outbox
        self._tokens = tokens
        self._limits = limits
        self._proofs = proofs
        self._on_mail = on_mail
        self._clock = clock
        self._good_for = good_for

    @asynccontextmanager
    async def inviting(self, workspace_id: str, email: str, inviter: str) -> AsyncIterator[str]:
        """A fresh id, under which the block invites an address. Its letter leaves after that; none
        where the block is refused, or has found that somebody has the address.

        Raises Refused(RATE_LIMITED) for too many, by one person or to one address.
        """
        checked_email(email)
        invitation_id = new_id("inv")
        if await self._store.claimed_by("email", normal_email(email)) is not None:
            yield invitation_id
            return
        async with self.sending(workspace_id, invitation_id, email, inviter):
            yield invitation_id

    @asynccontextmanager
    async def sending(
        self, workspace_id: str, invitation_id: str, email: str, inviter: str
    ) -> AsyncIterator[None]:
        """The letter of an invitation leaves once the block is through. Raises as `inviting`."""
        await self._limits.invite(self._proofs.named("inviter", inviter).hex())
        recipient = self._proofs.named("mail to", normal_email(email)).hex()
        if not await self._limits.may_reach(recipient):
            raise Refused(
                Kind.RATE_LIMITED,
                "This address has got many mails lately; send the invitation later.",
                retry_after=3600,
            )
        about = f"{workspace_id}/{invitation_id}"
        mail = Mail(
            kind="invitation",
            once=f"invitation {invitation_id} {secrets.token_hex(8)}",
            about=about,
            says={"to": email},
            good_for=self._good_for,
        )
        await self._outbox.put(mail, held=True)
        try:
            yield
        except Refused as refused:
            if refused.kind is not Kind.DEPENDENCY_DOWN:
                await self._outbox.drop(about)
            raise
        await self._outbox.release(about)
        self._on_mail()

    async def accept(self, token: str, user_id: str, origin: Origin) -> Outcome:
        """Into the workspace, for whoever is logged in with the address that was invited; which
        is thereby verified. Raises Invalid at `/token`."""
        bid = await self._bid(token)
        if bid is None or bid.invitation is None:
            raise no_invitation("/token")
        user = await self._executor.states.read(USER, user_id)
        if user is None or not is_same_address(bid.invitation.email, user.email):
            raise Refused(
                Kind.FORBIDDEN,
                "This invitation went to another address than that of your account; log in with "
                "the account that has it, or change your address first.",
            )
        command = AcceptInvitation(workspace_id=bid.workspace_id, invitation_id=bid.invitation_id)
        try:
            return await self._executor.execute([command], origin)
        except Refused as refused:
            if refused.kind is Kind.NOT_FOUND:  # somebody was quicker
                raise no_invitation("/token") from None
            raise

    async def registering(self, token: str, email: str) -> tuple[bool, AcceptInvitation]:
        """Whether whoever registers by this token has thereby shown that they read the address,
        and the invitation that goes with the registration.

        One that is not good is refused there, and not before: the registration may be the
        repetition of one that has used it.
        """
        bid = await self._bid(token) or Bid("", "", None)
        fits = bid.invitation is not None and is_same_address(bid.invitation.email, email)
        if bid.invitation is not None and not fits:
            raise invalid("/email", "The invitation went to another address; register with that.")
        command = AcceptInvitation(workspace_id=bid.workspace_id, invitation_id=bid.invitation_id)
        return fits, command

    async def _bid(self, token: str) -> Bid | None:
        try:
            held = await self._tokens.look(token, Purpose.INVITATION)
        except Invalid:
            return None
        workspace_id, invitation_id = held.says["workspace_id"], held.says["invitation_id"]
        workspace = await self._executor.states.read(WORKSPACE, workspace_id)
        invitation = None
        if workspace is not None and workspace.closed_at is None:
            invitation = workspace.invitations.get(invitation_id)
        return Bid(workspace_id, invitation_id, _good(invitation, self._clock()))


def _good(invitation: Invitation | None, now: datetime) -> Invitation | None:
    return None if invitation is None or invitation.expires_at <= now else invitation


def no_invitation(pointer: str) -> Invalid:
    return invalid(
        pointer, "This invitation is not good, or no longer; ask for another one.", "unknown"
    )
