"""Options that several commands take, each in the same words."""

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
JsonSummary = Annotated[bool, typer.Option("--json", help="Sum it up in one JSON object.")]
Out = Annotated[Path, typer.Option("--out", help="The file; one that is there is replaced.")]
