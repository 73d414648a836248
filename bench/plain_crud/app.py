"""The yardstick's API: FastAPI, response models, a psycopg pool, one query a request."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any, LiteralString
from uuid import UUID, uuid4

import jwt
from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from bench.plain_crud.models import (
    Comment,
    NewComment,
    NewProject,
    NewTask,
    Project,
    Task,
    TaskChange,
    TaskPage,
)

_SECRET = os.environ["PLAIN_CRUD_SECRET"]
_DATABASE_URL = os.environ["PLAIN_CRUD_DATABASE_URL"]
_POOL_SIZE = 16

_SHOWN: LiteralString = """
    t.id, t.project_id, t.title, t.description, t.status, t.priority,
    t.assignee_id, a.name AS assignee_name, t.creator_id, c.name AS creator_name,
    t.tags, t.due_date, t.comment_count, t.created_at, t.updated_at, t.version
"""
_PEOPLE: LiteralString = """
    JOIN users c ON c.id = t.creator_id LEFT JOIN users a ON a.id = t.assignee_id
"""
_SEEN: LiteralString = """
    EXISTS (SELECT FROM project_members m
            WHERE m.user_id = %(user)s AND m.project_id = t.project_id)
"""


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with AsyncConnectionPool(
        _DATABASE_URL,
        min_size=_POOL_SIZE,
        max_size=_POOL_SIZE,
        kwargs={"row_factory": dict_row, "autocommit": True, "prepare_threshold": 2},
        open=False,
    ) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=_lifespan)
_bearer = HTTPBearer()


async def _caller(credentials: Annotated[HTTPAuthorizationCredentials, Depends(_bearer)]) -> UUID:
    try:
        claims = jwt.decode(credentials.credentials, _SECRET, algorithms=["HS256"])
        return UUID(claims["sub"])
    except (jwt.InvalidTokenError, KeyError, ValueError) as error:
        raise HTTPException(401, "The token is not valid.") from error


Caller = Annotated[UUID, Depends(_caller)]


async def _one(request: Request, sql: LiteralString, values: dict[str, Any]) -> DictRow:
    rows = await _all(request, sql, values)
    if not rows:
        raise HTTPException(404, "There is no such thing, or you may not see it.")
    return rows[0]


async def _all(request: Request, sql: LiteralString, values: dict[str, Any]) -> list[DictRow]:
    pool: AsyncConnectionPool[AsyncConnection[DictRow]] = request.app.state.pool
    async with pool.connection() as connection:
        return await (await connection.execute(sql, values)).fetchall()


@app.post("/projects", status_code=201)
async def create_project(request: Request, caller: Caller, body: NewProject) -> Project:
    row = await _one(
        request,
        """
        WITH made AS (INSERT INTO projects (name) VALUES (%(name)s) RETURNING *),
        member AS (INSERT INTO project_members SELECT %(user)s, id FROM made)
        SELECT id, name, created_at FROM made
        """,
        {"name": body.name, "user": caller},
    )
    return Project(**row)


@app.post("/tasks", status_code=201)
async def create_task(request: Request, caller: Caller, body: NewTask) -> Task:
    row = await _one(
        request,
        f"""
        WITH t AS (
            INSERT INTO tasks (id, project_id, title, description, status, priority, assignee_id,
                               creator_id, tags, due_date)
            SELECT %(id)s, m.project_id, %(title)s, %(description)s, %(status)s, %(priority)s,
                   %(assignee_id)s, m.user_id, %(tags)s, %(due_date)s
            FROM project_members m
            WHERE m.user_id = %(user)s AND m.project_id = %(project_id)s
            RETURNING *
        )
        SELECT {_SHOWN} FROM t {_PEOPLE}
        """,
        {**body.model_dump(), "id": uuid4(), "user": caller},
    )
    return Task(**row)


@app.get("/tasks/{task_id}")
async def read_task(request: Request, caller: Caller, task_id: UUID) -> Task:
    row = await _one(
        request,
        f"SELECT {_SHOWN} FROM tasks t {_PEOPLE} WHERE t.id = %(id)s AND {_SEEN}",
        {"id": task_id, "user": caller},
    )
    return Task(**row)


@app.patch("/tasks/{task_id}")
async def update_task(request: Request, caller: Caller, task_id: UUID, body: TaskChange) -> Task:
    row = await _one(
        request,
        f"""
        WITH t AS (
            UPDATE tasks t
            SET title = coalesce(%(title)s, title),
                description = coalesce(%(description)s, description),
                status = coalesce(%(status)s, status),
                priority = coalesce(%(priority)s, priority),
                updated_at = now(), version = version + 1
            WHERE id = %(id)s AND {_SEEN}
            RETURNING *
        )
        SELECT {_SHOWN} FROM t {_PEOPLE}
        """,
        {**body.model_dump(), "id": task_id, "user": caller},
    )
    return Task(**row)


@app.get("/tasks")
async def list_tasks(
    request: Request,
    caller: Caller,
    project_id: UUID,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: str | None = None,
) -> TaskPage:
    before: LiteralString = ""
    after = {}
    if cursor is not None:
        before = "AND (t.created_at, t.id) < (%(at)s, %(id)s)"
        after = _read_cursor(cursor)
    rows = await _all(
        request,
        f"""
        SELECT {_SHOWN} FROM tasks t {_PEOPLE}
        WHERE t.project_id = %(project_id)s AND {_SEEN} {before}
        ORDER BY t.created_at DESC, t.id DESC LIMIT %(limit)s
        """,
        {"project_id": project_id, "user": caller, "limit": limit + 1, **after},
    )
    tasks = [Task(**row) for row in rows[:limit]]
    more = len(rows) > limit
    last = tasks[-1] if more else None
    return TaskPage(
        tasks=tasks,
        next_cursor=f"{last.created_at.isoformat()}_{last.id}" if last else None,
        has_more=more,
    )


def _read_cursor(cursor: str) -> dict[str, Any]:
    try:
        at, _, id_ = cursor.partition("_")
        return {"at": datetime.fromisoformat(at), "id": UUID(id_)}
    except ValueError as error:
        raise HTTPException(422, "The cursor is not one of ours.") from error


@app.post("/tasks/{task_id}/comments", status_code=201)
async def add_comment(request: Request, caller: Caller, task_id: UUID, body: NewComment) -> Comment:
    row = await _one(
        request,
        f"""
        WITH t AS (
            UPDATE tasks t SET comment_count = comment_count + 1 WHERE t.id = %(task)s AND {_SEEN}
            RETURNING t.id
        ), made AS (
            INSERT INTO comments (id, task_id, author_id, text)
            SELECT %(id)s, t.id, %(user)s, %(text)s FROM t
            RETURNING *
        )
        SELECT n.id, n.task_id, n.author_id, u.name AS author_name, n.text, n.created_at
        FROM made n JOIN users u ON u.id = n.author_id
        """,
        {"id": uuid4(), "task": task_id, "user": caller, "text": body.text},
    )
    return Comment(**row)
