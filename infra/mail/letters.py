"""What each mail says: plain text, and the same as simple HTML."""

from collections.abc import Sequence
from datetime import timedelta
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from html import escape

from domain.values.frozen import dataclass
from infra.mail.post import Undeliverable


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """`link` stands after the first paragraph, where there is one."""

    subject: str
    paragraphs: Sequence[str]
    link: str | None = None


def verify_email(username: str, link: str, good_for: timedelta) -> Letter:
    return Letter(
        subject="Verify your e-mail address",
        paragraphs=(
            f"Please verify that this is the address of your account {username}:",
            f"{_good(good_for)} If you have made no account, you need do nothing.",
        ),
        link=link,
    )


def change_email(username: str, link: str, good_for: timedelta) -> Letter:
    return Letter(
        subject="Verify your new e-mail address",
        paragraphs=(
            f"This is to become the address of the account {username}. Please verify it:",
            f"{_good(good_for)} Until then the old address stays.",
            "If you have not asked for this, you need do nothing.",
        ),
        link=link,
    )


def reset_password(username: str, link: str, good_for: timedelta) -> Letter:
    return Letter(
        subject="Choose a new password",
        paragraphs=(
            f"Somebody asked for a new password for your account {username}. Choose it here:",
            f"{_good(good_for)} If it was not you, you need do nothing: the old password stays.",
        ),
        link=link,
    )


def invitation(inviter: str, workspace: str, role: str, link: str, good_for: timedelta) -> Letter:
    return Letter(
        subject="You are invited to a workspace",
        paragraphs=(
            f'{inviter} invites you into the workspace "{workspace}" as {role}:',
            f"{_good(good_for)} If you expect no invitation, you need do nothing.",
        ),
        link=link,
    )


def notice(what: str, username: str) -> Letter:
    """That something about the account changed; `what` is one of the kinds below."""
    subject, happened = _NOTICES[what]
    return Letter(
        subject=subject,
        paragraphs=(
            happened.format(username=username),
            "If it was not you, choose a new password at once, and end all sessions.",
        ),
    )


_NOTICES = {
    "email-changed": (
        "Your e-mail address was changed",
        "The account {username} has another e-mail address now; this one is no longer used.",
    ),
    "password-changed": (
        "Your password was changed",
        "The password of your account {username} was changed, and its other sessions were ended.",
    ),
    "identity-linked": (
        "Your account is linked for single sign-on",
        "From now on an identity of single sign-on leads into your account {username} as well.",
    ),
    "identity-unlinked": (
        "An identity was unlinked from your account",
        "The identity that was unlinked leads into your account {username} no more.",
    ),
    "second-factor-enabled": (
        "Your second factor is on",
        "From now on a log-in to your account {username} takes a one-time code as well.",
    ),
    "second-factor-disabled": (
        "Your second factor is off",
        "From now on the password is enough for a log-in to your account {username}.",
    ),
}
NOTICES = tuple(_NOTICES)


def message_of(letter: Letter, *, to: str, sender: str, mail_id: str) -> EmailMessage:
    """The whole mail. The same `mail_id` gives the same Message-ID, by which a server that got it
    twice can tell. Raises Undeliverable for what is no address that mail could go to."""
    message = EmailMessage()
    try:
        message["To"] = Address(addr_spec=to)
    except (MessageError, ValueError, IndexError):
        raise Undeliverable("no mail can go to this address") from None
    message["From"] = sender
    message["Subject"] = letter.subject
    domain = sender.rpartition("@")[2].strip(" >") or "localhost"
    message["Message-ID"] = f"<{mail_id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_text(letter))
    message.add_alternative(_html(letter), subtype="html")
    return message


def _text(letter: Letter) -> str:
    parts = list(letter.paragraphs)
    if letter.link is not None:
        parts.insert(1, letter.link)
    return "\n\n".join(parts) + "\n"


def _html(letter: Letter) -> str:
    parts = [f"<p>{escape(each)}</p>" for each in letter.paragraphs]
    if letter.link is not None:
        link = escape(letter.link)
        parts.insert(1, f'<p><a href="{link}">{link}</a></p>')
    return "<!doctype html>\n<html><body>\n" + "\n".join(parts) + "\n</body></html>\n"


def _good(good_for: timedelta) -> str:
    hours = max(1, round(good_for.total_seconds() / 3600))
    much = "1 hour" if hours == 1 else f"{hours} hours" if hours < 48 else f"{hours // 24} days"
    return f"The link is good once, for {much}."
