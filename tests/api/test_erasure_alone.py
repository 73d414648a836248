"""Whoever is alone is erased when they asked for it and whoever runs the product approved."""

import asyncio
import json
import sys

from infra.settings import child_environment
from tests.api.client import Api
from tests.api.product import Product


async def erase(product: Product, name: str, erasure_id: str) -> tuple[int, str, str]:
    done = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "api.cli.main", "users", "erase", name, "--json"),
        *("--approve", erasure_id, "--by", "Olga Operator", "--reason", "A signed letter"),
        env=child_environment(product.settings.as_environment()),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, said = await done.communicate()
    return done.returncode or 0, out.decode(), said.decode()


async def test_an_operator_is_the_second_person_where_nobody_else_can_be(
    product: Product, nobody: Api
) -> None:
    alone, friend = await nobody.register(), await nobody.register()
    name, home = alone.user["username"], alone.user["default_workspace_id"]
    await alone.post("/tasks", {"title": "Mine alone"})
    asked = await alone.post("/users/me/erasure", {})
    assert (asked["workspace_id"], asked["everywhere"]) == (home, True)
    await alone.refused(403, "forbidden", "POST", f"/erasures/{asked['id']}/approval")

    member = {"user_id": friend.user_id, "role": "admin"}
    await alone.post(f"/workspaces/{home}/members", member)
    code, out, said = await erase(product, name, asked["id"])
    assert (code, out) == (2, "")
    assert "only where there is nobody" in said
    await alone.delete(f"/workspaces/{home}/members/{friend.user_id}")

    code, out, said = await erase(product, name, asked["id"])
    assert code == 0, said
    done = json.loads(out)
    assert (done["state"], done["operator"]) == ("carried_out", "Olga Operator")
    assert done["steps"]["asked"]["user_id"] == alone.user_id
    assert done["steps"]["approved"]["user_id"] == "system"
    assert home in done["certificate"]["workspaces"]
    assert done["certificate"]["removed"]["accounts"] == 1
    again = await nobody.register(name)
    assert again.user_id != alone.user_id
