"""`taskledger verify`: whether a bundle is complete and untouched, without any server."""

from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from api.cli.answers import give_json
from api.cli.exits import BAD_USE, FOUND_WRONG, Exit
from domain.record import times
from domain.record.note import NoteBroken
from domain.record.note_keys import parse_vkey
from domain.record.trust import MOST_BYTES, TrustedKey, parse_keys
from domain.record.verify import Verified, verify_bundle
from domain.record.window import NotValid

app = typer.Typer(add_completion=False)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The bundle.")],
    *,
    key: Annotated[
        list[str] | None,
        typer.Option(
            help="Whose signature counts: a verifier key, or a file with keys, as lines or as the"
            " JSON document that a log publishes. Else those of the data folder."
        ),
    ] = None,
    trust_bundle_key: Annotated[
        bool,
        typer.Option(
            "--trust-bundle-key",
            help="Take the keys in the bundle for true: shows that it was not altered since, not"
            " who made it.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    data_dir: Annotated[Path, typer.Option(envvar="TASKLEDGER_DATA_DIR", hidden=True)] = Path(
        ".data"
    ),
) -> None:
    """Say whether a bundle is complete and untouched, or the first thing that is wrong in it.

    Exit code 0 where it is verified, 1 where it is not a valid bundle, 2 where there is no such
    file or no key to check it by. `taskledger verify --database` says so of the live system.
    """
    if key and trust_bundle_key:
        raise Exit(BAD_USE, "give --key or --trust-bundle-key, not both")
    trusted = None if trust_bundle_key else trusted_keys(key, data_dir)
    try:
        with file.open("rb") as content:
            found = _verified(content, trusted)
    except OSError as error:
        raise Exit(BAD_USE, f"{file} cannot be read: {error.strerror or error}") from error
    except NotValid as wrong:
        _give_wrong(wrong, as_json)
        raise typer.Exit(FOUND_WRONG) from wrong
    if trusted == []:
        raise Exit(
            BAD_USE,
            "the bundle agrees with itself, but there is no key to check its signature by:"
            " give --key, or --trust-bundle-key for the one in it",
        )
    _give(found, as_json, by_its_own_key=trusted is None)


def _verified(content: BinaryIO, trusted: list[TrustedKey] | None) -> Verified:
    """By the keys in the bundle where there are none to trust: what is no bundle is said to be
    none, whether or not there is a key."""
    length = content.seek(0, 2)
    return verify_bundle(content, length, trusted or None)


def trusted_keys(given: list[str] | None, data_dir: Path) -> list[TrustedKey]:
    """Those that are given, as `--key` takes them, else those of the data folder."""
    if not given:
        published = data_dir / "record" / "keys.json"
        return _from_file(published) if published.exists() else []
    return [key for each in given for key in _from(each)]


def _from(given: str) -> list[TrustedKey]:
    try:
        return [TrustedKey(parse_vkey(given))]
    except NoteBroken as error:
        if Path(given).is_file():
            return _from_file(Path(given))
        raise Exit(BAD_USE, f"{given!r} is neither a file nor a verifier key: {error}") from error


def _from_file(file: Path) -> list[TrustedKey]:
    try:
        with file.open("rb") as content:
            return list(parse_keys(content.read(MOST_BYTES + 1)))
    except OSError as error:
        raise Exit(BAD_USE, f"{file} cannot be read: {error.strerror or error}") from error
    except NoteBroken as error:
        raise Exit(BAD_USE, f"{file}: {error}") from error


def _give(found: Verified, as_json: bool, *, by_its_own_key: bool) -> None:
    if as_json:
        give_json({"verified": True, **_plain(found), "trusted": not by_its_own_key})
        return
    untold = f" ({found.withheld} withheld as not asked for)" if found.withheld else ""
    own = ", a key that only the bundle vouches for" if by_its_own_key else ""
    typer.echo(
        f"verified: {found.events} events, complete from {found.complete_from} to"
        f" {found.complete_to}{untold}, tree size {found.tree_size}, root {found.root.hex()},"
        f" signed by {', '.join(found.signed_by)}{own}, at {times.written(found.at)}"
    )


def _plain(found: Verified) -> dict[str, object]:
    asked = found.filter
    named = {"from": asked.from_, "to": asked.to, "stream": asked.stream, "actor": asked.actor}
    return {
        "workspace_id": found.workspace_id,
        "log_id": found.log_id,
        "filter": {name: value for name, value in named.items() if value is not None},
        "events": found.events,
        "withheld": found.withheld,
        "fields": found.fields,
        "complete_from": found.complete_from,
        "complete_to": found.complete_to,
        "head_count": found.head_count,
        "upto": found.upto,
        "tree_size": found.tree_size,
        "root": found.root.hex(),
        "signed_by": list(found.signed_by),
        "at": times.written(found.at),
    }


def told_wrong(wrong: NotValid) -> str:
    """What is wrong with a bundle, and where."""
    where = [f"at byte {wrong.offset}"]
    if wrong.count is not None:
        where.append(f"event {wrong.count} of the workspace")
    if wrong.position is not None:
        where.append(f"position {wrong.position}")
    return f"not verified: {wrong.what}; {', '.join(where)}"


def _give_wrong(wrong: NotValid, as_json: bool) -> None:
    if as_json:
        give_json(
            {
                "verified": False,
                "wrong": wrong.what,
                "offset": wrong.offset,
                "count": wrong.count,
                "position": wrong.position,
            }
        )
        return
    typer.echo(told_wrong(wrong))
