"""Where a sealer works: found by the settings."""

from domain.values.frozen import dataclass
from infra.record.files import PublishedFiles
from infra.record.folder import SealersFolder
from infra.record.signing import Signer, second_signer_of, signer_of
from infra.record.timestamps import TimeStamps
from infra.record.witnesses import Witnesses
from infra.settings import Settings


@dataclass(frozen=True, slots=True)
class SealersPlace:
    """Where a sealer keeps and publishes what it makes, and who signs it."""

    folder: SealersFolder
    files: PublishedFiles
    signer: Signer
    origin: str
    second: Signer | None = None
    witnesses: Witnesses | None = None
    stamps: TimeStamps | None = None

    @classmethod
    def of(cls, settings: Settings) -> "SealersPlace":
        return cls(
            SealersFolder(settings.record_dir()),
            PublishedFiles.of(settings),
            signer_of(settings),
            settings.record_origin,
            second_signer_of(settings),
            Witnesses.of(settings),
            TimeStamps.of(settings),
        )

    def origin_of(self, log_id: str) -> str:
        """How an incarnation of the log is called in what is signed."""
        return f"{self.origin}/{log_id}"
