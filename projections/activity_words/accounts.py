"""What feeds say of accounts."""

from collections.abc import Mapping

from domain.user.events import ApiKeyMade, ApiKeyRevoked

from .entries import Says, says

ACTIONS = (
    "api_key_made",
    "api_key_revoked",
)

EVENTS: Mapping[type, Says] = {
    ApiKeyMade: says("api_key_made", "api_key", None, "name"),
    ApiKeyRevoked: says("api_key_revoked", "api_key", "was", None),
}
