"""Drives one server with wrk over loopback for a few seconds, and reads what it counted."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 64
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
done = function(summary, latency, requests)
  local e = summary.errors
  print(string.format("counted %d %d %d %.3f %.3f", summary.requests, summary.duration,
    e.connect + e.read + e.write + e.timeout + e.status,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
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
    """What came of it: answers a second, how many were no success, and waiting times."""

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
) -> Count:
    """Send these calls, each as often as any other, for so many seconds."""
    script = folder / "calls.lua"
    plans = "{" + ",\n".join(call.as_lua() for call in calls) + "}"
    script.write_text(_LUA.replace("{plans}", plans))
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "-s", str(script), base_url]
    ran = subprocess.run(
        command, capture_output=True, text=True, timeout=seconds + _PATIENCE_S, check=True
    )
    for line in ran.stdout.splitlines():
        if line.startswith("counted "):
            requests, micros, failed, p50, p99 = (float(word) for word in line.split()[1:])
            return Count(requests / micros * 1e6, int(failed), p50, p99)
    raise RuntimeError(f"wrk did not say what it counted: {ran.stdout}{ran.stderr}")
