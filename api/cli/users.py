"""`taskledger users`: accounts made, closed, opened and erased beside the HTTP door."""

import secrets
import sys
from typing import Annotated, Final

import typer
import uvloop

from api.cli.answers import give_json, say
from api.cli.options import Json
from domain.user.state import USER, User
from domain.values.ids import SYSTEM_ACTOR
from domain.values.recorded import Origin
from domain.values.text import shown
from infra import logs
from infra.settings import Settings

app = typer.Typer(add_completion=False, no_args_is_help=True)

_PASSWORD_BYTES: Final = 12


@app.callback()
def users() -> None:
    """Make accounts, close them, open them again, and approve that one is erased."""


@app.command("create-admin")
def create_admin(
    *,
    username: Annotated[str, typer.Option(help="What they log in with.")] = "admin",
    email: Annotated[str, typer.Option(help="Their address; default: USERNAME@localhost.")] = "",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make an account, and with it a workspace that it owns.

    Without a password on standard input one is made up and printed on stderr, this once only.
    """
    logs.configure("error", "users")
    settings = Settings.load().resolve()
    given = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    password = given or secrets.token_urlsafe(_PASSWORD_BYTES)
    user = uvloop.run(_register(settings, username, email or f"{username}@localhost", password))
    if given is None:
        say(f"The password of {username} is {password}\nIt is shown this once only.")
    if as_json:
        give_json(
            {
                "user_id": user.user_id,
                "username": shown(user.username),
                "default_workspace_id": user.default_workspace_id,
            }
        )
    else:
        say(f"Made {username} ({user.user_id}).")


@app.command()
def suspend(
    *,
    username: Annotated[str, typer.Argument(help="Whose account; a username.")],
    as_json: Json = False,
) -> None:
    """Close an account: all its sessions end, and nobody logs in with it any more."""
    _set(username, suspended=True, as_json=as_json)


@app.command()
def activate(
    *,
    username: Annotated[str, typer.Argument(help="Whose account; a username.")],
    as_json: Json = False,
) -> None:
    """Let a suspended account log in again."""
    _set(username, suspended=False, as_json=as_json)


@app.command()
def erase(
    *,
    username: Annotated[str, typer.Argument(help="Whose account; a username.")],
    approve: Annotated[str, typer.Option(help="The erasure that was asked for: `ers_...`.")],
    by: Annotated[str, typer.Option(help="Your name; it is recorded with the approval.")],
    reason: Annotated[str, typer.Option(help="Why you approve, for whoever reads it in a year.")],
    as_json: Annotated[bool, typer.Option("--json", help="The certificate, on stdout.")] = False,
) -> None:
    """Approve, as the second person, that somebody is forgotten who has nobody else for it.

    They ask for it themselves (`POST /users/me/erasure`); this never asks. Where anybody who
    manages the members of a workspace of theirs could approve, it is refused. What was erased
    cannot come back.
    """
    logs.configure("error", "users")
    settings = Settings.load().resolve()
    # Here, since --help need not wait for the import of all that an API process is made of.
    from api.cli.erasing import Approval, approve_erasure

    approval = Approval(username, approve, by, reason)
    erasure = uvloop.run(approve_erasure(settings, approval))
    if as_json:
        sys.stdout.buffer.write(erasure + b"\n")
    else:
        say(f"{username} is erased; `--json` shows the certificate.")


def _set(username: str, *, suspended: bool, as_json: bool) -> None:
    logs.configure("error", "users")
    settings = Settings.load().resolve()
    user_id = uvloop.run(_change(settings, username, suspended))
    if as_json:
        give_json({"user_id": user_id, "suspended": suspended})
    else:
        say(f"{username} ({user_id}) is {'suspended' if suspended else 'active'}.")


async def _change(settings: Settings, username: str, suspended: bool) -> str:
    from infra.bootstrap import open_house

    async with open_house(settings) as house:
        origin = Origin(actor=SYSTEM_ACTOR, via="cli")
        change = house.accounts.suspend if suspended else house.accounts.reopen
        outcome = await change(username, origin)
        return outcome.main_stream


async def _register(settings: Settings, username: str, email: str, password: str) -> User:
    # Here, since --help need not wait for the import of all that an API process is made of.
    from infra.bootstrap import open_house
    from infra.people.accounts import Registration

    # Whoever runs the product says what its admin's address is.
    wanted = Registration(username=username, email=email, password=password, email_verified=True)
    async with open_house(settings) as house:
        outcome = await house.accounts.register(
            wanted, lambda user_id: Origin(actor=user_id, via="cli")
        )
        return outcome.state(USER)
