"""What answers without a token and names no tenant: health, readiness, metrics, status."""

from importlib.metadata import version
from typing import Final

from fastapi import APIRouter

from api.http.call import CallHere
from api.http.describe import public
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.routes.answers import Health, Part, Readiness, SystemStatus, ViewState, encode
from domain.errors import Kind
from infra.metrics import CONTENT_TYPE
from infra.operations import PartState

router = APIRouter(route_class=DirectRoute, tags=["Operations"])

_PAGE: Final = b"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Taskledger</title>
<p>Taskledger is running. Its API is described at <a href="/api/docs">/api/docs</a>.
"""


@router.get("/", include_in_schema=False, **public(None))
async def page(call: CallHere) -> Reply:
    return Reply(200, _PAGE, media=b"text/html; charset=utf-8")


@router.get("/healthz", summary="The process lives", **public(Health))
async def health(call: CallHere) -> Reply:
    return Reply(200, encode(Health()))


@router.get("/readyz", summary="Whether it can serve, and each part", **public(Readiness))
async def readiness(call: CallHere) -> Reply:
    parts = await call.house.operations.parts()
    is_ready = all(part.ok for part in parts.values() if part.needed)
    body = encode(Readiness(ready=is_ready, parts=_shown(parts)))
    return Reply(200 if is_ready else 503, body)


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    **public(None),
)
async def metrics(call: CallHere) -> Reply:
    house = call.house
    gauges = await house.operations.gauges()
    return Reply(200, house.metrics.exposition(gauges), media=CONTENT_TYPE.encode())


@router.get(
    "/api/status",
    summary="The log, the parts, and how far every view is",
    **public(SystemStatus, may=(Kind.DEPENDENCY_DOWN,)),
)
async def status(call: CallHere) -> Reply:
    operations = call.house.operations
    views = await operations.views()
    body = SystemStatus(
        version=version("taskledger"),
        log_id=call.house.log_id,
        head_position=await operations.head(),
        parts=_shown(await operations.parts()),
        views={
            name: ViewState(
                version=lag.version,
                position=lag.position,
                lag_events=lag.lag_events,
                lag_seconds=round(lag.lag_seconds, 3),
            )
            for name, lag in views.items()
        },
    )
    return Reply(200, encode(body))


def _shown(parts: dict[str, PartState]) -> dict[str, Part]:
    return {name: Part(ok=part.ok, why=part.why) for name, part in parts.items()}
