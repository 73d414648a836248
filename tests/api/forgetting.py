"""People whose every word can be told from all others, and the role that brings erasures to their
end."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from infra.erasure.rewriting import Rewriter
from infra.ids import new_id
from infra.processes.background import tools_of
from infra.processes.executing import open_executor
from infra.processes.workplace import open_workplace
from infra.settings import Settings
from projections.registry import VIEWS
from tests.api.client import Api

# `make proof` plants more.
NAMES = int(os.environ.get("FORGOTTEN_NAMES", "20"))


class Needles:
    """Names that nothing else has, each asked for once."""

    def __init__(self) -> None:
        letters = str.maketrans("0123456789", "abcdefghij")
        self._prefix = "zq" + new_id("user")[-8:].translate(letters)
        self.planted: list[str] = []

    def __call__(self) -> str:
        name = f"{self._prefix}{len(self.planted):03d}q"
        self.planted.append(name)
        return name

    def in_text(self, text: str) -> bool:
        return self._prefix in text.lower()

    def found_in(self, folders: dict[str, Path], without: str) -> list[str]:
        """Where any of them stands, in whatever case, whole or cut short by half of a page."""
        sought = [self._prefix.encode(), self._prefix.capitalize().encode()]
        sought += [self._prefix.upper().encode()]
        found = []
        for what, folder in folders.items():
            for path in sorted(folder.rglob("*")):
                if path.is_file() and without not in path.parts:
                    content = path.read_bytes()
                    found += [f"{what}: {path}" for each in sought if each in content]
        return found


async def named(nobody: Api, needle: Needles) -> Api:
    bea = await nobody.register(needle())
    await bea.patch("/users/me", {"name": f"Bea {needle()}"})
    await bea.patch("/users/me", {"name": f"Bea {needle()}"})
    return bea


async def writes(bea: Api, ada: Api, workspace_id: str, needle: Needles, names: int) -> str:
    """Until so many are planted; in which project."""
    project = await bea.post(
        "/projects",
        {"name": f"Of {needle()}", "description": needle(), "workspace_id": workspace_id},
    )
    field = {"key": "note", "name": "Note", "type": "text"}
    await bea.put(f"/projects/{project['id']}/fields", {"fields": [field]})
    while len(needle.planted) < names:
        task = await bea.post(
            "/tasks",
            {
                "project_id": project["id"],
                "title": f"Call {needle()}",
                "description": f"**{needle()}** said",
                "fields": {"note": needle()},
                "assignee_ids": [ada.user_id],
            },
        )
        await bea.post(f"/tasks/{task['id']}/comments", {"text": f"Ask {needle()}"})
        await bea.patch(f"/tasks/{task['id']}", {"title": f"Meet {needle()}"})
        await ada.patch(f"/tasks/{task['id']}", {"priority_level": 2})
    await bea.post(
        "/views", {"name": needle(), "workspace_id": workspace_id, "query": f'title ~ "{needle()}"'}
    )
    ada.position = max(ada.position, bea.position)
    found = await ada.get(f"/search?workspace_id={workspace_id}&q=Meet")
    assert found["tasks"]
    project_id: str = project["id"]
    return project_id


@asynccontextmanager
async def rewriting(settings: Settings) -> AsyncIterator[Any]:
    """Turns of the role that brings erasures to their end."""
    async with open_workplace(settings, "test eraser") as workplace:
        await workplace.unlock()
        opened = partial(open_executor, workplace, settings)
        rewriter = Rewriter(tools_of(workplace, settings, VIEWS, opened))
        async with workplace.sessions.open("test") as session, opened() as executor:
            yield partial(rewriter.turn, session, executor)


async def completed(ada: Api, erasure_id: str, turn: Any) -> None:
    while (await ada.get(f"/erasures/{erasure_id}"))["state"] != "completed":
        await turn()
        await asyncio.sleep(0.05)
