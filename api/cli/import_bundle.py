"""Imports a workspace's bundle for the command line: verifies it, brings it in, sums it up."""

import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import typer
import uvloop

from api.cli.answers import give_json
from api.cli.exits import BAD_USE, FOUND_WRONG, Exit, unreadable
from api.cli.house import connected_house
from api.cli.importing import tell_password, views_show
from api.cli.progress import step
from api.cli.verify import told_wrong, trusted_keys
from domain.record.window import NotValid
from domain.values.frozen import dataclass
from infra import logs
from infra.imports.bundle_file import BundleFile, NotImportable
from infra.imports.bundle_log import BundleImport, Imported
from infra.imports.place import Places
from infra.keys.configured import master_keys
from infra.keys.destruction import DestroyedKeys
from infra.limits import limits_of
from infra.postgres.pool import open_pool
from infra.settings import Settings

# Of one statement: an append of millions of events is one.
_PATIENCE_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class BundleWanted:
    """As on the command line, None where not given."""

    file: Path
    workspace: str | None
    user: str | None
    keys: list[str] | None
    trust_bundle_key: bool


def run(wanted: BundleWanted, *, as_json: bool) -> None:
    """Raises Exit where it does not come in."""
    began = time.monotonic()
    logs.configure("error", "import")
    if wanted.keys and wanted.trust_bundle_key:
        raise Exit(BAD_USE, "give --key or --trust-bundle-key, not both")
    settings = Settings.load()
    try:
        bundle = _checked(wanted, settings)
        done = uvloop.run(bring_in(settings.resolve(), bundle, wanted.user))
    except OSError as error:
        raise unreadable(wanted.file, error) from error
    except NotValid as wrong:
        why = f"{wanted.file}: {told_wrong(wrong)}. Nothing was imported."
        raise Exit(FOUND_WRONG, why) from wrong
    except NotImportable as error:
        raise Exit(FOUND_WRONG, f"{wanted.file}: {error} Nothing was imported.") from error
    _sum_up(bundle, done, time.monotonic() - began, as_json=as_json)


def _checked(wanted: BundleWanted, settings: Settings) -> BundleFile:
    trusted = None
    if not wanted.trust_bundle_key:
        trusted = trusted_keys(wanted.keys, settings.data_dir)
        if not trusted:
            raise Exit(
                BAD_USE,
                "there is no key to check the bundle's signature by: give --key, or"
                " --trust-bundle-key for the one in it",
            )
    with step("Verifying", wanted.file.stat().st_size) as shown:
        bundle = BundleFile.checked(wanted.file, trusted, shown.to)
    workspace_id = bundle.found.workspace_id
    if wanted.workspace not in (None, workspace_id):
        raise NotImportable(f"It is of the workspace {workspace_id}.")
    return bundle


async def bring_in(settings: Settings, bundle: BundleFile, user: str | None) -> Imported:
    """Returns when every view has what was added. Raises NotImportable, NotValid, Refused, Exit."""
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(connected_house(settings))
        places = Places(house.store, house.executor, house.accounts)
        user_id, password = await places.owner(user)
        tell_password(password)
        pool = await open_pool(settings.owner_url(), max_size=1, statement_timeout_ms=_PATIENCE_MS)
        stack.push_async_callback(pool.close)

        async def owner(was: str) -> str:
            return user_id or await places.owner_after(was)

        async with pool.connection() as connection:
            work = BundleImport(
                connection,
                master_keys(settings),
                DestroyedKeys(settings.destroyed_keys_file()),
                house.store.encoding,
                limits_of(settings),
            )
            with step("Importing", bundle.path.stat().st_size) as shown:
                done = await work.bring_in(bundle, owner, shown.to)
        await views_show(house, done.position)
        return done


def _sum_up(bundle: BundleFile, done: Imported, seconds: float, *, as_json: bool) -> None:
    found = bundle.found
    if as_json:
        give_json(
            {
                "tasks": done.tasks,
                "records": found.events,
                "events": done.events,
                "skipped": 0,
                "seconds": round(seconds, 3),
                "workspace_id": found.workspace_id,
                "log_id": found.log_id,
                "head": found.head_link.hex(),
                "fields": done.fields,
                "people": done.people,
                "position": done.position,
            }
        )
    elif done.events:
        typer.echo(
            f"{done.events:,} events of {found.workspace_id} with {done.tasks:,} tasks added in "
            f"{seconds:.1f} s; the chain goes on from {found.head_link.hex()}"
        )
    else:
        typer.echo(f"all of {found.workspace_id} is here already; nothing was added")
