"""What may happen to somebody's favourites."""

from domain.errors import invalid
from domain.favourites.events import FavouriteAdded, FavouriteEvent, FavouriteRemoved
from domain.favourites.state import Favourites
from domain.values.limits import Limits


def add(
    favourites: Favourites | None, *, user_id: str, entity_id: str, limits: Limits
) -> tuple[FavouriteEvent, ...]:
    """Whether they may see it is not known here."""
    added = {} if favourites is None else favourites.added
    if entity_id in added:
        return ()
    if len(added) >= limits.favourites:
        detail = f"At most {limits.favourites} favourites in a workspace; remove some first."
        raise invalid("", detail, "too-many")
    return (FavouriteAdded(user_id=user_id, entity_id=entity_id),)


def remove(
    favourites: Favourites | None, *, user_id: str, entity_id: str
) -> tuple[FavouriteEvent, ...]:
    if favourites is None or entity_id not in favourites.added:
        return ()
    return (FavouriteRemoved(user_id=user_id, entity_id=entity_id),)
