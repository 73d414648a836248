"""Settings of a witness of other logs."""

from pathlib import Path

from pydantic import BaseModel, Field


class Witness(BaseModel):
    """A witness of logs, served by `taskledger witness serve`; see docs/witness.md"""

    witness_name: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        pattern=r"^[^\s+]+$",
        description="Names the witness in what it signs; an address of yours without its scheme, "
        "such as `witness.example.com/w1`.",
    )
    witness_key_file: Path | None = Field(
        None,
        description="File with its private key (Ed25519, PEM), of its own and no other witness's; "
        "else `witness/signing.key` in the data folder.",
    )
    witness_logs_file: Path | None = Field(
        None,
        description="File with the verifier keys of the logs that it watches: one a line, or the "
        "JSON document that a log publishes. Else `witness/logs` in the data folder. It is read "
        "again when it changes.",
    )
