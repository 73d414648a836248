"""Takes mails out of the outbox, looks up what they need, and hands them to the post."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import structlog

from commands.ports import EventStore
from commands.states import States
from domain.user.state import USER, User
from domain.values.text import readable, shown
from domain.values.text_rules import normal_email
from domain.workspace.state import WORKSPACE
from infra.mail import letters
from infra.mail.letters import Letter
from infra.mail.post import Post, Undeliverable, Unreachable
from infra.people.credentials import Credentials
from infra.people.mail_tokens import MailTokens, Purpose
from infra.people.outbox import Outbox, Waiting
from infra.tasks import cancelled

_POLL_S: Final = 2.0
_FIRST_WAIT_S: Final = 5.0
_LONGEST_WAIT_S: Final = 3600.0
# With the mail server's own time-outs below the outbox's lease.
_PATIENCE_S: Final = 45.0
_LEAVE_S: Final = 3.0

_PAGES: Final = {
    Purpose.VERIFY_EMAIL: "verify-email",
    Purpose.CHANGE_EMAIL: "verify-email",
    Purpose.RESET_PASSWORD: "reset-password",
    Purpose.INVITATION: "invitation",
}

_log = structlog.get_logger(__name__)


class Written(NamedTuple):
    """`account`: whose it is about; None for whoever is invited."""

    letter: Letter
    account: str | None


class Mailer:
    """One a process; several share the outbox. A secret that a mail carries is made only here, so
    none waits anywhere; whether an address has an account is found out only here as well, so that
    no answer and no answer's time can tell."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        tokens: MailTokens,
        post: Post,
        store: EventStore,
        states: States,
        credentials: Credentials,
        sender: str,
        public_url: str,
        reset_good_for: timedelta,
    ) -> None:
        self._outbox = outbox
        self._tokens = tokens
        self._post = post
        self._store = store
        self._states = states
        self._credentials = credentials
        self._sender = sender
        self._public_url = public_url.rstrip("/")
        self._reset_good_for = reset_good_for
        # Held from the moment a mail is looked up until it has left.
        self.writing = asyncio.Lock()
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._leaving = asyncio.Event()
        self._kinds: Mapping[str, Callable[[Waiting], Awaitable[Written | None]]] = {
            "verify-email": self._verify_email,
            "change-email": self._change_email,
            "reset-password": self._reset_password,
            "invitation": self._invitation,
            **dict.fromkeys(letters.NOTICES, self._notice),
        }

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep_on(), name="mail")

    async def stop(self) -> None:
        """The mail that is leaving now may leave: cut short, it would be sent twice."""
        self._leaving.set()
        self._wanted.set()
        if self._task is not None:
            await asyncio.wait((self._task,), timeout=_LEAVE_S)
            await cancelled(self._task)

    def wake(self) -> None:
        """There is something in the outbox now."""
        self._wanted.set()

    async def _keep_on(self) -> None:
        while not self._leaving.is_set():
            self._wanted.clear()
            try:
                while not self._leaving.is_set() and await self._next():
                    pass
            except Exception as error:
                _log.warning("outbox_unreadable", error=repr(error))
            if self._leaving.is_set():
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_POLL_S):
                    await self._wanted.wait()

    async def _next(self) -> bool:
        """One at a time, so that none waits for others while its lease runs out."""
        async with self.writing:
            taken = await self._outbox.take(1)
            for waiting in taken:
                await self._deliver(waiting)
            return bool(taken)

    async def _deliver(self, waiting: Waiting) -> None:
        mail_id = waiting.mail_id
        try:
            async with asyncio.timeout(_PATIENCE_S):
                state = await self._send(waiting)
        except Undeliverable as error:
            _log.warning("mail_undeliverable", mail_id=str(mail_id), why=str(error))
            state = "given up"
        except (Unreachable, TimeoutError) as error:
            _log.warning("mail_postponed", mail_id=str(mail_id), why=str(error) or "no answer")
            wait = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 3.0 ** min(waiting.attempts - 1, 10))
            await self._outbox.postpone(mail_id, timedelta(seconds=wait))
            return
        except Exception:
            # It comes up again when its lease is over; the others need not wait for that.
            _log.exception("mail_failed", mail_id=str(mail_id), kind=waiting.kind)
            return
        await self._outbox.done(mail_id, state)

    async def _send(self, waiting: Waiting) -> str:
        if waiting.is_late:
            return "given up"
        written = await self._kinds[waiting.kind](waiting)
        if written is None:
            return "not needed"
        message = letters.message_of(
            written.letter, to=waiting.says["to"], sender=self._sender, mail_id=str(waiting.mail_id)
        )
        await self._post.send(message, written.account)
        return "sent"

    async def _verify_email(self, waiting: Waiting) -> Written | None:
        user = await self._holder(waiting)
        if user is None or user.email_verified:
            return None
        link = await self._link(
            waiting, Purpose.VERIFY_EMAIL, user.user_id, {"email": shown(user.email)}, waiting.left
        )
        return Written(letters.verify_email(shown(user.username), link, waiting.left), user.user_id)

    async def _change_email(self, waiting: Waiting) -> Written | None:
        to = waiting.says["to"]
        user = await self._user(waiting.about)
        if user is None or await self._store.claimed_by("email", normal_email(to)) not in (
            None,
            user.user_id,
        ):
            return None
        link = await self._link(
            waiting, Purpose.CHANGE_EMAIL, user.user_id, {"email": to}, waiting.left
        )
        return Written(letters.change_email(shown(user.username), link, waiting.left), user.user_id)

    async def _reset_password(self, waiting: Waiting) -> Written | None:
        user = await self._holder(waiting)
        credential = None if user is None else await self._credentials.find(user.user_id)
        if user is None or credential is None or not credential.is_active:
            return None
        good_for = self._reset_good_for
        link = await self._link(
            waiting, Purpose.RESET_PASSWORD, user.user_id, {"email": shown(user.email)}, good_for
        )
        return Written(letters.reset_password(shown(user.username), link, good_for), user.user_id)

    async def _invitation(self, waiting: Waiting) -> Written | None:
        """None where it was revoked, accepted, or never came to be."""
        workspace_id, _, invitation_id = waiting.about.partition("/")
        workspace = await self._states.read(WORKSPACE, workspace_id)
        if workspace is None or workspace.closed_at is not None:
            return None
        invitation = workspace.invitations.get(invitation_id)
        now = datetime.now(UTC)
        if invitation is None or invitation.expires_at <= now:
            return None
        inviter = await self._user(invitation.invited_by)
        good_for = invitation.expires_at - now
        says = {"workspace_id": workspace_id, "invitation_id": invitation_id}
        link = await self._link(waiting, Purpose.INVITATION, None, says, good_for)
        letter = letters.invitation(
            "Somebody" if inviter is None else shown(inviter.name, "Somebody"),
            shown(workspace.name),
            invitation.role,
            link,
            good_for,
        )
        return Written(letter, None)

    async def _notice(self, waiting: Waiting) -> Written | None:
        user = await self._user(waiting.about)
        if user is None:
            return None
        return Written(letters.notice(waiting.kind, shown(user.username)), user.user_id)

    async def _holder(self, waiting: Waiting) -> User | None:
        """Whose account has the address that the mail goes to."""
        user_id = await self._store.claimed_by("email", normal_email(waiting.says["to"]))
        user = None if user_id is None else await self._user(user_id)
        return None if user is None or readable(user.email) is None else user

    async def _user(self, user_id: str) -> User | None:
        return await self._states.read(USER, user_id)

    async def _link(
        self,
        waiting: Waiting,
        purpose: Purpose,
        user_id: str | None,
        says: Mapping[str, str],
        good_for: timedelta,
    ) -> str:
        token = await self._tokens.issue(purpose, str(waiting.mail_id), user_id, says, good_for)
        # Behind a #, which no browser sends on: no log of a server ever has the token.
        return f"{self._public_url}/account/{_PAGES[purpose]}#token={token}"
