"""Why a sealer signs nothing any more."""


class WillNotSign(Exception):
    """What is there is not what was signed. The message says what and where, for people."""


class Tampered(WillNotSign):
    """At `position` the log, or what is derived of it, is not what was signed."""

    def __init__(self, position: int, what: str) -> None:
        super().__init__(f"position {position}: {what}")
        self.position = position


def not_as_signed(size: int) -> WillNotSign:
    """Of a row of checkpoints."""
    return WillNotSign(
        f"the checkpoint of {size} in the database is not the one that was signed there"
    )
