"""The subjects of one log's incarnation; each carries its log_id, so that logs never mix."""

from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Subjects:
    """`log_id` has no dot, space or wildcard.

    `log`: batches of events, kept by JetStream. The rest is plain NATS, and may be missed:
    `wake`: something was committed. `beat`: where the log's head is, once a second.
    `ended`: a session ended or a key was revoked. `forgotten`: keys were destroyed. `views`: views
    have moved. `change`: a view's generations or dead letters were changed.
    """

    log_id: str

    @property
    def stream(self) -> str:
        return f"taskledger-{self.log_id}"

    @property
    def log(self) -> str:
        return f"log.{self.log_id}"

    @property
    def wake(self) -> str:
        return f"wake.{self.log_id}"

    @property
    def beat(self) -> str:
        return f"beat.{self.log_id}"

    @property
    def views(self) -> str:
        return f"views.{self.log_id}"

    @property
    def change(self) -> str:
        return f"change.{self.log_id}"

    @property
    def forgotten(self) -> str:
        return f"forgotten.{self.log_id}"

    @property
    def ended(self) -> str:
        return f"ended.{self.log_id}"
