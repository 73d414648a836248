"""What a case of a command is: what comes back to each person, and how the command is made."""

from collections.abc import Awaitable, Callable

from tests.commands.conftest import House

# What comes back: done, F(orbidden), or - as if there were nothing; in this order of people.
PEOPLE = ("ann", "admin", "bob", "guest", "auditor", "eve")

ANYBODY = "done done done done done done"
NOBODY = "- - - - - -"  # who may has no account: the product by itself, the clock, an operator
ADMINS = "done done F F F -"
MEMBERS = "done done done F F -"
EVERY_MEMBER = "done done done done done -"
TRAIL_READERS = "done done F F done -"
OWN_INBOX = "done done done done F -"
FOR_ONESELF = "done done done - F -"
IN_PROJECT = "done done done - F -"
OVER_PROJECT = "done done F - F -"

# Of a house, and of who in it is going to run the command, by their name there.
Make = Callable[[House, str], Awaitable[object]]


class Cases(dict[type, tuple[str, Make]]):
    """Of some commands, by their class."""

    def of(self, command: type, expected: str) -> Callable[[Make], Make]:
        def keep(make: Make) -> Make:
            self[command] = (expected, make)
            return make

        return keep
