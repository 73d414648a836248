"""`taskledger verify`: whether a bundle is complete and untouched, without any server."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, NoReturn

import typer

from api.cli.answers import give_json
from api.cli.exits import BAD_USE, FOUND_WRONG, Exit, unreadable
from api.cli.options import Json
from domain.record import times
from domain.record.note import NoteBroken
from domain.record.note_keys import Signed, VerifierKey, parse_vkey
from domain.record.timestamp import MOST_BYTES as MOST_STAMP_BYTES
from domain.record.timestamp import NotStamped, parse_stamp
from domain.record.trust import MOST_BYTES, TrustedKey, parse_keys
from domain.record.verify import Verified, verify_bundle
from domain.record.window import NotValid

if TYPE_CHECKING:
    from domain.record.authority import Stamped

app = typer.Typer(add_completion=False)

_SECOND = 1_000_000
_SHOWN = 100


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
    witness: Annotated[
        list[str] | None,
        typer.Option(
            help="Who has to have cosigned it: a verifier key, or a file with such keys, one a"
            " line."
        ),
    ] = None,
    quorum: Annotated[
        int | None,
        typer.Option(min=1, help="How many of these witnesses; else all of them."),
    ] = None,
    timestamp: Annotated[
        Path | None,
        typer.Option(help="A time stamp of its tree, as `taskledger proof timestamp` gives it."),
    ] = None,
    tsa_cert: Annotated[
        Path | None,
        typer.Option(help="The certificates, in PEM, of the authority that has to have made it."),
    ] = None,
    trust_bundle_key: Annotated[
        bool,
        typer.Option(
            "--trust-bundle-key",
            help="Take the keys in the bundle for true: shows that it was not altered since, not"
            " who made it.",
        ),
    ] = False,
    as_json: Json = False,
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
    witnesses = _witnesses(witness or (), quorum)
    if (timestamp is None) != (tsa_cert is None):
        raise Exit(BAD_USE, "--timestamp and --tsa-cert are given together")
    try:
        with file.open("rb") as content:
            found = _verified(content, trusted, witnesses)
    except OSError as error:
        raise unreadable(file, error) from error
    except NotValid as wrong:
        _give_wrong(wrong, as_json)
        raise typer.Exit(FOUND_WRONG) from wrong
    if trusted == []:
        raise Exit(
            BAD_USE,
            "the bundle agrees with itself, but there is no key to check its signature by:"
            " give --key, or --trust-bundle-key for the one in it",
        )
    wanted = quorum or len(witnesses)
    if len(found.cosigned) < wanted:
        _give_missing(_uncosigned(found, witnesses, wanted), as_json)
    stamped = None
    if timestamp is not None and tsa_cert is not None:
        if trusted is None:
            raise Exit(BAD_USE, "a time stamp is checked by keys that are trusted: give --key")
        stamped = _stamped(found, trusted, timestamp, tsa_cert, as_json)
    _give(found, stamped, as_json, by_its_own_key=trusted is None)


def _verified(
    content: BinaryIO, trusted: list[TrustedKey] | None, witnesses: list[VerifierKey]
) -> Verified:
    """By the keys in the bundle where there are none to trust: what is no bundle is said to be
    none, whether or not there is a key."""
    length = content.seek(0, 2)
    return verify_bundle(content, length, trusted or None, witnesses)


def _witnesses(given: list[str] | tuple[str, ...], quorum: int | None) -> list[VerifierKey]:
    found = list(dict.fromkeys(trusted.key for each in given for trusted in _from(each)))
    for key in found:
        if not key.timestamped:
            raise Exit(BAD_USE, f"{key.name}: the key is not one of a witness")
    if quorum is not None and quorum > len(found):
        raise Exit(BAD_USE, f"--quorum {quorum}, and {len(found)} witnesses are given")
    return found


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
        if os.path.isfile(given):  # noqa: PTH113 - a Path refuses what is too long for a name
            return _from_file(Path(given))
        shown = given if len(given) <= _SHOWN else f"{given[:_SHOWN]}..."
        raise Exit(BAD_USE, f"{shown!r} is neither a file nor a verifier key: {error}") from error


def _from_file(file: Path) -> list[TrustedKey]:
    try:
        return list(parse_keys(_content(file, MOST_BYTES)))
    except NoteBroken as error:
        raise Exit(BAD_USE, f"{file}: {error}") from error


def _stamped(
    found: Verified,
    trusted: list[TrustedKey],
    timestamp: Path,
    tsa_cert: Path,
    as_json: bool,
) -> "Stamped":
    # Here, since most bundles are verified without.
    from domain.record.authority import load_certificates, verify_stamp

    try:
        authorities = load_certificates(_content(tsa_cert, MOST_STAMP_BYTES))
    except NotStamped as error:
        raise Exit(BAD_USE, f"{tsa_cert}: {error}") from error
    try:
        stamp = parse_stamp(_content(timestamp, MOST_STAMP_BYTES))
        return verify_stamp(stamp, found.tree_size, found.root, trusted, authorities)
    except NotStamped as error:
        _give_missing(f"the time stamp: {error}", as_json)


def _content(file: Path, most: int) -> bytes:
    try:
        with file.open("rb") as content:
            return content.read(most + 1)
    except OSError as error:
        raise unreadable(file, error) from error


def _give(
    found: Verified, stamped: "Stamped | None", as_json: bool, *, by_its_own_key: bool
) -> None:
    if as_json:
        shown = {"verified": True, **_plain(found), "trusted": not by_its_own_key}
        if stamped is not None:
            shown["stamped"] = {"at": times.written(stamped.at), "tree_size": stamped.size}
        give_json(shown)
        return
    untold = f" ({found.withheld} withheld as not asked for)" if found.withheld else ""
    own = ", a key that only the bundle vouches for" if by_its_own_key else ""
    typer.echo(
        f"verified: {found.events} events, complete from {found.complete_from} to"
        f" {found.complete_to}{untold}, as of position {found.upto}, summed up at"
        f" {_moment(found.summed_at)}, tree size {found.tree_size}, root {found.root.hex()},"
        f" signed by {', '.join(found.signed_by)}{own}, at {_moment(found.at)}"
    )
    for each in found.cosigned:
        typer.echo(f"cosigned by {_named(each.key)}, at {_cosigned_at(each)}")
    if stamped is not None:
        typer.echo(
            f"stamped: signed at {times.written(stamped.at)} at the latest, in the tree of"
            f" {stamped.size} events"
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
        "summed_at": _moment(found.summed_at),
        "tree_size": found.tree_size,
        "root": found.root.hex(),
        "signed_by": list(found.signed_by),
        "at": _moment(found.at),
        "cosigned": [{"by": _named(each.key), "at": _cosigned_at(each)} for each in found.cosigned],
    }


def told_wrong(wrong: NotValid) -> str:
    """What is wrong with a bundle, and where."""
    where = [f"at byte {wrong.offset}"]
    if wrong.count is not None:
        where.append(f"event {wrong.count} of the workspace")
    if wrong.position is not None:
        where.append(f"position {wrong.position}")
    return f"not verified: {wrong.what}; {', '.join(where)}"


def _named(key: VerifierKey) -> str:
    return f"{key.name}+{key.key_id.hex()}"


def _cosigned_at(signed: Signed) -> str:
    """In the seconds that a cosignature has."""
    assert signed.at is not None, "cosignatures say when they were made"
    return _moment(signed.at * _SECOND)


def _moment(microseconds: int) -> str:
    """Whatever was signed, also what no calendar has."""
    try:
        return times.written(microseconds)
    except ValueError:
        return f"{microseconds // _SECOND} s after 1970"


def _uncosigned(found: Verified, witnesses: list[VerifierKey], wanted: int) -> str:
    signed = {each.key for each in found.cosigned}
    missing = ", ".join(_named(each) for each in witnesses if each not in signed)
    return f"cosigned by {len(signed)} of the witnesses, {wanted} are wanted; not by {missing}"


def _give_missing(what: str, as_json: bool) -> NoReturn:
    """The bundle holds, and is not backed by whom it has to be."""
    if as_json:
        nowhere = dict.fromkeys(("offset", "count", "position"))
        give_json({"verified": False, "wrong": what, **nowhere})
    else:
        typer.echo(f"not verified: {what}")
    raise typer.Exit(FOUND_WRONG)


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
