"""Settings of the record."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, SecretStr, ValidationInfo, field_validator

from infra.settings.values import Words, begins_with


class Record(BaseModel):
    """The record: who signs the tree over all events, and where it is published"""

    record_origin: str = Field(
        "taskledger",
        min_length=1,
        max_length=100,
        pattern=r"^[^\s+]+$",
        description="Names the logs of this installation to those who check them; an address of "
        "yours without its scheme, such as `tasks.example.com/tlog`. What is signed names it.",
    )
    record_url: Annotated[SecretStr | None, begins_with("s3", like="bucket/prefix")] = Field(
        None,
        description="Where the tree is published for all machines: `s3://bucket/prefix`, with the "
        "usual `AWS_...` variables for the rest; else the folder `record` in the data folder.",
    )
    record_key_file: Path | None = Field(
        None,
        description="File with the private key (Ed25519, PEM) that signs checkpoints; else "
        "`record/signing.key` in the data folder, made there at the first start of an embedded "
        "run.",
    )
    record_sign_command: str | None = Field(
        None,
        description="In place of a key file, a command that gets a text on its standard input and "
        "answers with its Ed25519 signature, 64 bytes: a KMS or HSM signs then.",
    )
    record_public_key: str | None = Field(
        None,
        validate_default=True,
        description="The public key of that command: 32 bytes in base64.",
    )
    record_ml_dsa_key_file: Path | None = Field(
        None,
        description="File with a second private key (ML-DSA-44, PEM), which signs checkpoints "
        "beside the first: against whoever can break Ed25519 one day. Without it there is none.",
    )
    record_recheck_hours: float = Field(
        24.0,
        gt=0,
        description="Hours in which the sealer reads the whole log once more and compares it with "
        "what it signed; a small log is read more often.",
    )

    record_witnesses: Words = Field(
        (),
        description="Witnesses that are to cosign checkpoints (c2sp.org/tlog-witness), by comma: "
        "of each its verifier key, a space, and its address, such as "
        "`witness.example.com/w1+beae1d46+BFhg... https://witness.example.com`.",
    )
    record_witness_quorum: int | None = Field(
        None,
        ge=1,
        validate_default=True,
        description="How many of them are to have cosigned; else all of them. Fewer are told in "
        "`/readyz`, metrics and log, and stop nothing.",
    )

    record_tsa_url: Annotated[SecretStr | None, begins_with("http", "https")] = Field(
        None,
        description="Time-stamping authority (RFC 3161) that has to say when checkpoints were "
        "there, with `user:password@` where it asks for them.",
    )
    record_tsa_cert_file: Path | None = Field(
        None,
        validate_default=True,
        description="File with the certificates (PEM) that its answers are checked by: its root, "
        "and what stands between where its answers do not hold that.",
    )
    record_tsa_every_minutes: float = Field(
        60.0, gt=0, description="Minutes from one time stamp to the next at least."
    )

    def witness_quorum(self) -> int:
        """How many witnesses are to have cosigned."""
        return self.record_witness_quorum or len(self.record_witnesses)

    @field_validator("record_witnesses")
    @classmethod
    def _witnesses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            vkey, _, url = each.partition(" ")
            if not url.startswith(("http://", "https://")) or " " in url:
                raise ValueError("must name a verifier key, a space and an http address of each")
            _check_witness(vkey)
        return value

    @field_validator("record_witness_quorum")
    @classmethod
    def _no_more_than_there_are(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is not None and value > len(info.data.get("record_witnesses", ())):
            raise ValueError("must not be more than there are witnesses")
        return value

    @field_validator("record_tsa_cert_file")
    @classmethod
    def _of_an_authority(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if (value is None) != (info.data.get("record_tsa_url") is None):
            raise ValueError("and the address of the authority are set together")
        return value

    @field_validator("record_public_key")
    @classmethod
    def _of_a_command(cls, value: str | None, info: ValidationInfo) -> str | None:
        if (value is None) != (info.data.get("record_sign_command") is None):
            raise ValueError("and the command that signs are set together")
        return value


def _check_witness(vkey: str) -> None:
    # Here, since most that read settings need none of it.
    from domain.record.note_keys import parse_vkey

    if not parse_vkey(vkey).timestamped:
        raise ValueError(f"must name keys that cosign, and {vkey.partition('+')[0]} has another")
