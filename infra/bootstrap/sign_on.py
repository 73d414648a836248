"""Single sign-on, where a provider is set; nothing of it is imported where none is."""

from typing import TYPE_CHECKING, Final

from infra.bootstrap.ground import Ground
from infra.bootstrap.upkeep import SWEEP_EVERY_S, every
from infra.people.accounts import Accounts
from infra.people.by_mail import ByMail
from infra.people.flows import Flows
from infra.people.identities import Identities
from infra.people.proofs import Proofs
from infra.people.sessions import Revocations, Sessions
from infra.settings.values import revealed

if TYPE_CHECKING:
    from infra.oidc.provider import Provider
    from infra.people.sign_on import SignOn

SIGN_ON_CALLBACK: Final = "/api/v1/auth/oidc/callback"


def sign_on_of(
    ground: Ground,
    *,
    accounts: Accounts,
    sessions: Sessions,
    proofs: Proofs,
    by_mail: ByMail,
    revocations: Revocations,
) -> "SignOn | None":
    """None where there is no provider."""
    if ground.settings.oidc_issuer is None:
        return None
    # Here, since only who has a provider needs what it takes to talk to one.
    from infra.people.sign_on import SignOn

    flows = Flows(ground.pool, ground.vault)
    sign_on = SignOn(
        name=ground.settings.oidc_name,
        provider=_provider(ground, ground.settings.oidc_issuer),
        flows=flows,
        identities=Identities(ground.pool, ground.master.derive("identities")),
        accounts=accounts,
        executor=ground.executor,
        store=ground.store,
        sessions=sessions,
        proofs=proofs,
        by_mail=by_mail,
        revocations=revocations,
    )
    every(SWEEP_EVERY_S, flows.sweep, ground.stack)
    return sign_on


def _provider(ground: Ground, issuer: str) -> "Provider":
    """The one by which people sign on; whether it answers, is seen when somebody does."""
    from infra.oidc.provider import Provider, Registered

    settings = ground.settings
    registered = Registered(
        issuer=issuer,
        client_id=settings.oidc_client_id or "",
        client_secret=revealed(settings.oidc_client_secret),
        scopes=settings.oidc_scopes,
        redirect_uri=settings.base_url() + SIGN_ON_CALLBACK,
    )
    provider = Provider(registered)
    ground.stack.push_async_callback(provider.close)
    return provider
