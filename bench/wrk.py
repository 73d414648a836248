"""Drives one server with wrk over loopback for a few seconds, and reads what it counted."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

CONNECTIONS = 64
# What is answered later wrk counts as failed, and leaves out of the waiting times.
_LATE_S = 10
_PATIENCE_S = 30.0

_LUA = """
local plans = {plans}
math.randomseed(os.time())
request = function()
  local plan = plans[math.random(#plans)]
  local body = plan.body
  if body then body = body:gsub("@", tostring(math.random(1000000000))) end
  return wrk.format(plan.method, plan.path, plan.headers, body)
end
{pace}
done = function(summary, latency, requests)
  local e = summary.errors
  print(string.format("counted %d %d %d %.3f %.3f", summary.requests, summary.duration,
    e.connect + e.read + e.write + e.timeout + e.status,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
"""

# One schedule for all connections: whoever is free takes the next place in it, and waits for it.
_PACE = """
local ffi = require("ffi")
ffi.cdef("typedef struct {{ long s; long us; }} moment; int gettimeofday(moment *, void *);")
local moment, begun, sent = ffi.new("moment"), nil, 0
delay = function()
  ffi.C.gettimeofday(moment, nil)
  local now = tonumber(moment.s) * 1000 + tonumber(moment.us) / 1000
  begun = begun or now
  sent = sent + 1
  return math.max(0, math.floor(begun + sent * {between_ms} - now + 0.5))
end
"""


@dataclass(frozen=True, slots=True)
class Call:
    """One request that wrk may send; `@` in the body becomes a random number each time."""

    method: str
    path: str
    token: str
    body: object = None

    def as_lua(self) -> str:
        headers = f'["Authorization"]="Bearer {self.token}"'
        body = ""
        if self.body is not None:
            headers += ',["Content-Type"]="application/json"'
            body = f",body=[==[{json.dumps(self.body)}]==]"
        return f'{{method="{self.method}",path="{self.path}",headers={{{headers}}}{body}}}'


@dataclass(frozen=True, slots=True)
class Count:
    """Answers a second, waiting times, and how many answers were no success or came too late."""

    per_second: float
    failed: int
    p50_ms: float
    p99_ms: float


def is_installed() -> bool:
    return shutil.which("wrk") is not None


def drive(
    base_url: str,
    calls: Sequence[Call],
    seconds: float,
    folder: Path,
    connections: int = CONNECTIONS,
    a_second: float | None = None,
) -> Count:
    """Send these calls, each as often as any other, for so many seconds: as fast as they are
    answered, or `a_second` at an even pace."""
    with driving(base_url, calls, seconds, folder, connections, a_second) as counted:
        return counted()


@contextmanager
def driving(
    base_url: str,
    calls: Sequence[Call],
    seconds: float,
    folder: Path,
    connections: int = CONNECTIONS,
    a_second: float | None = None,
) -> Iterator[Callable[[], Count]]:
    """As `drive`, while something else is done; what it gives waits for the end and counts."""
    plans = "{" + ",\n".join(call.as_lua() for call in calls) + "}"
    pace = "" if a_second is None else _PACE.format(between_ms=1000 / a_second)
    with NamedTemporaryFile("w", suffix=".lua", dir=folder) as script:
        script.write(_LUA.replace("{plans}", plans).replace("{pace}", pace))
        script.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", f"--timeout={_LATE_S}s"]
        process = subprocess.Popen(
            [*command, "-s", script.name, base_url],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield lambda: _counted(process.communicate(timeout=seconds + _PATIENCE_S)[0])
        finally:
            process.kill()
            process.wait()


def _counted(said: str) -> Count:
    for line in said.splitlines():
        if line.startswith("counted "):
            requests, micros, failed, p50, p99 = (float(word) for word in line.split()[1:])
            return Count(requests / micros * 1e6, int(failed), p50, p99)
    raise RuntimeError(f"wrk did not say what it counted: {said}")
