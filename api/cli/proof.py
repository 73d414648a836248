"""`taskledger proof`: that an event is in the signed log, and that the log only grew."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import Json

app = typer.Typer(add_completion=False, no_args_is_help=True)

Out = Annotated[
    Path | None, typer.Option(dir_okay=False, help="Where the proof is written to, as JSON.")
]


@app.callback()
def proof() -> None:
    """Proofs of RFC 6962, as GET /audit/proof/... of the served product gives them."""


@app.command()
def inclusion(
    position: Annotated[int, typer.Argument(min=1, help="Of the event, from 1.")],
    *,
    size: Annotated[
        int | None,
        typer.Option(min=1, help="Of an earlier tree; default: the one that is signed."),
    ] = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """That the event at this position is in the log that is signed."""
    # Here, since --help need not wait for the import of all that an API process is made of.
    from api.cli.proof_answers import give_inclusion

    give_inclusion(position, size, out, as_json=as_json)


@app.command()
def consistency(
    from_size: Annotated[int, typer.Argument(metavar="FROM", min=1, help="The earlier size.")],
    to_size: Annotated[
        int | None,
        typer.Argument(metavar="TO", min=1, help="The later one; default: what is signed."),
    ] = None,
    *,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """That the log of TO events begins with that of FROM events."""
    from api.cli.proof_answers import give_consistency

    give_consistency(from_size, to_size, out, as_json=as_json)


@app.command()
def timestamp(
    size: Annotated[int, typer.Argument(min=1, help="Of the tree, as `verify` tells it.")],
    *,
    out: Annotated[Path, typer.Option(dir_okay=False, help="Where the time stamp is written to.")],
    as_json: Json = False,
) -> None:
    """The first time stamp of a tree that goes on from the one of SIZE events, and that it does.

    For `taskledger verify BUNDLE --timestamp FILE --tsa-cert CERTIFICATES`.
    """
    from api.cli.proof_answers import give_timestamp

    give_timestamp(size, out, as_json=as_json)
