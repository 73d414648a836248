"""Why a part of one box cannot run, said in one line to the person who started it."""


class PartFailed(Exception):
    """A part cannot start or stay up; the message says what to do about it."""


class FolderInUse(Exception):
    """Another run holds the data folder."""


class FolderUnusable(Exception):
    """The data folder cannot be made, entered or read by this user."""
