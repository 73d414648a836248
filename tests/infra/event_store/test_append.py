"""What a commit promises: whole or not at all, in order, without gaps, once."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from commands.commit import Claim, Receipt
from commands.ports import StreamMoved
from domain.errors import Invalid, Kind, Refused
from infra.event_store.store import PostgresEventStore
from tests.infra.event_store.conftest import OpenStore
from tests.infra.event_store.made import (
    NUMBERS,
    WORKSPACE,
    a_stream,
    commit,
    creation,
    event,
    eventually,
    retitled,
    task_created,
)

Superuser = psycopg.Connection[Any]


async def test_positions_and_versions_have_no_gaps(
    store: PostgresEventStore, superuser: Superuser
) -> None:
    streams = [a_stream() for _ in range(40)]
    for version in range(3):
        await asyncio.gather(
            *[
                store.append(commit(event(stream), event(stream), expected={stream: 2 * version}))
                for stream in streams
            ]
        )
    rows = superuser.execute(
        "SELECT array_agg(position ORDER BY position), count(DISTINCT (stream, version)),"
        " max(version) FROM log.events"
    ).fetchone()
    assert rows == (list(range(1, 241)), 240, 6)


async def test_a_refused_commit_leaves_nothing_behind(
    store: PostgresEventStore, superuser: Superuser
) -> None:
    stream, other = a_stream(), a_stream()
    await store.append(commit(event(stream)))
    stale = commit(
        event(other, task_created(), draws=NUMBERS, touches=("guard",)),
        event(stream),
        claims=[Claim("username", "ada", "username", other)],
    )
    with pytest.raises(StreamMoved) as refusal:
        await store.append(stale)
    assert refusal.value.streams == (stream,)
    left = superuser.execute(
        "SELECT (SELECT position FROM log.head), (SELECT count(*) FROM log.events),"
        " (SELECT count(*) FROM log.commits), (SELECT count(*) FROM log.stream_heads),"
        " (SELECT count(*) FROM log.guards), (SELECT count(*) FROM log.claims),"
        " (SELECT count(*) FROM log.sequences)"
    ).fetchone()
    assert left == (1, 1, 1, 1, 0, 0, 0)


async def test_one_commit_may_write_streams_in_turns(
    store: PostgresEventStore, superuser: Superuser
) -> None:
    one, two = a_stream(), a_stream()
    turns = [event(stream) for stream in (one, two, one, one, two)]
    receipt = await store.append(commit(*turns))
    assert receipt.position == 5
    with pytest.raises(StreamMoved):
        await store.append(commit(*turns, expected={one: 3, two: 1}))
    heads = superuser.execute("SELECT stream, version, position FROM log.stream_heads").fetchall()
    assert sorted(heads) == sorted([(one, 3, 4), (two, 2, 5)])


async def test_a_stream_that_was_only_read_is_asserted_too(store: PostgresEventStore) -> None:
    project, task = a_stream("proj"), a_stream()
    await store.append(commit(event(project)))
    relying = commit(event(task), expected={project: 1})
    await store.append(commit(event(project), expected={project: 1}))
    with pytest.raises(StreamMoved) as refusal:
        await store.append(relying)
    assert refusal.value.streams == (project,)
    assert await store.read_stream(task) == []


async def test_one_of_a_batch_that_is_refused_harms_no_neighbour(
    store: PostgresEventStore,
) -> None:
    taken = a_stream()
    await store.append(creation(taken))
    commits = [creation() for _ in range(10)]
    commits[4] = creation(taken)
    outcomes = await asyncio.gather(*map(store.append, commits), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [
        StreamMoved if index == 4 else Receipt for index in range(10)
    ]
    receipts = [outcome for outcome in outcomes if isinstance(outcome, Receipt)]
    assert [receipt.position for receipt in receipts] == list(range(2, 11))
    assert [receipt.numbers for receipt in receipts] == [(number,) for number in range(2, 11)]


async def test_what_one_commit_of_a_batch_changes_another_may_not_rely_on(
    store: PostgresEventStore,
) -> None:
    project, task = a_stream("proj"), a_stream()
    await store.append(commit(event(project)))
    outcomes = await asyncio.gather(
        store.append(commit(event(project), expected={project: 1})),
        store.append(commit(event(task), expected={project: 1})),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [Receipt, StreamMoved]


async def test_sixty_four_creators_in_one_project_get_every_number_once(
    open_store: OpenStore,
) -> None:
    stores = [await open_store(), await open_store()]
    receipts = await asyncio.gather(*[stores[index % 2].append(creation()) for index in range(64)])
    assert sorted(receipt.numbers[0] or 0 for receipt in receipts) == list(range(1, 65))
    tasks = await asyncio.gather(
        *[stores[0].read_stream(receipt.main_stream) for receipt in receipts]
    )
    assert [task[0].event.number for task in tasks] == [receipt.numbers[0] for receipt in receipts]


async def test_numbers_are_drawn_in_the_order_of_events_and_by_sequence(
    store: PostgresEventStore,
) -> None:
    receipt = await store.append(
        commit(
            event(a_stream(), task_created(), draws="one"),
            event(a_stream()),
            event(a_stream(), task_created(), draws="two"),
            event(a_stream(), task_created(), draws="one"),
        )
    )
    assert receipt.numbers == (1, None, 1, 2)


async def test_the_same_command_again_gives_the_first_receipt(store: PostgresEventStore) -> None:
    first = creation(request_digest=b"digest")
    receipt = await store.append(first)
    await store.append(commit(event(first.main_stream), expected={first.main_stream: 1}))
    again = await store.append(first)
    assert (again.position, again.recorded_at) == (receipt.position, receipt.recorded_at)
    assert (again.main_stream, again.main_version) == (first.main_stream, 1)
    assert again.replayed
    assert again.numbers == ()
    assert await store.find_command(first.command_id, b"digest") == again
    assert await store.head() == 2


async def test_the_same_command_at_the_same_time_is_appended_once(open_store: OpenStore) -> None:
    stores = [await open_store(), await open_store()]
    first = creation()
    receipts = await asyncio.gather(*[stores[index % 2].append(first) for index in range(8)])
    assert sorted(receipt.replayed for receipt in receipts) == [False] + [True] * 7
    assert {receipt.position for receipt in receipts} == {1}


async def test_a_key_used_for_another_request_is_refused(store: PostgresEventStore) -> None:
    first = creation(request_digest=b"one request")
    await store.append(first)
    other = replace(creation(), command_id=first.command_id, request_digest=b"another")
    with pytest.raises(Refused) as refusal:
        await store.append(other)
    assert refusal.value.kind is Kind.IDEMPOTENCY_KEY_REUSED
    with pytest.raises(Refused) as refusal:
        await store.find_command(first.command_id, b"another")
    assert refusal.value.kind is Kind.IDEMPOTENCY_KEY_REUSED
    assert await store.find_command(b"\0" * 16, b"another") is None


async def test_a_commit_without_events_is_remembered(store: PostgresEventStore) -> None:
    stream = a_stream()
    await store.append(commit(event(stream)))
    empty = commit(expected={stream: 1}, request_digest=b"digest")
    receipt = await store.append(empty)
    assert (receipt.position, receipt.main_version, receipt.replayed) == (1, 1, False)
    assert (await store.append(empty)).replayed
    assert await store.head() == 1


async def test_a_guard_refuses_what_was_decided_before_it_was_touched(
    store: PostgresEventStore,
) -> None:
    before = await store.append(commit(event(a_stream(), touches=("status:todo",))))
    await store.append(commit(event(a_stream(), touches=("status:todo", "access:ws"))))
    with pytest.raises(StreamMoved) as refusal:
        await store.append(commit(event(a_stream()), guards={"status:todo": before.position}))
    assert (refusal.value.streams, refusal.value.guards) == ((), ("status:todo",))
    await store.append(commit(event(a_stream()), guards={"status:todo": 2, "unheard of": 0}))


async def test_a_commit_may_touch_the_guard_that_it_asserts_and_the_next_one_loses(
    store: PostgresEventStore,
) -> None:
    def enters() -> Any:
        return commit(event(a_stream(), touches=("wip",)), guards={"wip": 0})

    outcomes = await asyncio.gather(
        *[store.append(enters()) for _ in range(5)], return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [Receipt] + [StreamMoved] * 4


async def test_a_claim_is_taken_once_and_names_its_field(open_store: OpenStore) -> None:
    stores = [await open_store(), await open_store()]

    def registration() -> Any:
        user = a_stream("user")
        return commit(event(user), claims=[Claim("email", "a@b.example", "email", user)])

    outcomes = await asyncio.gather(
        *[stores[index % 2].append(registration()) for index in range(16)],
        return_exceptions=True,
    )
    refusals = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    (receipt,) = [outcome for outcome in outcomes if isinstance(outcome, Receipt)]
    assert {(refusal.kind, refusal.fields["field"]) for refusal in refusals} == {
        (Kind.ALREADY_EXISTS, "email")
    }
    assert await stores[0].claimed_by("email", "a@b.example") == receipt.main_stream
    assert await stores[0].claimed_by("username", "a@b.example") is None
    assert await stores[0].head() == 1


async def test_a_claim_given_back_is_free_again(store: PostgresEventStore) -> None:
    ada, bob = a_stream("user"), a_stream("user")
    await store.append(commit(event(ada), claims=[Claim("username", "ada", "username", ada)]))
    renamed = [
        Claim("username", "ada", "username", ada, holding=False),
        Claim("username", "countess", "username", ada),
    ]
    await store.append(commit(event(ada), expected={ada: 1}, claims=renamed))
    await store.append(commit(event(bob), claims=[Claim("username", "ada", "username", bob)]))
    assert await store.claimed_by("username", "ada") == bob
    assert await store.claimed_by("username", "countess") == ada
    release = [Claim("username", "ada", "username", ada, holding=False)]
    await store.append(commit(event(ada), expected={ada: 2}, claims=release))
    assert await store.claimed_by("username", "ada") == bob, "only its holder gives it back"


async def test_a_value_handed_over_within_one_commit(store: PostgresEventStore) -> None:
    old, new = a_stream("proj"), a_stream("proj")
    taken = Claim("project-key:ws", "WEB", "key", old)
    await store.append(commit(event(old), claims=[taken]))
    handed = [replace(taken, holding=False), replace(taken, owner=new)]
    await store.append(commit(event(old), event(new), expected={old: 1}, claims=handed))
    assert await store.claimed_by("project-key:ws", "WEB") == new


async def test_recorded_at_never_goes_back_when_the_clock_does(
    store: PostgresEventStore, superuser: Superuser
) -> None:
    ahead = datetime.now(UTC) + timedelta(hours=1)
    superuser.execute("UPDATE log.head SET recorded_at = %s", (ahead,))
    receipts = [await store.append(creation()) for _ in range(3)]
    assert {receipt.recorded_at for receipt in receipts} == {ahead}
    assert superuser.execute("SELECT recorded_at FROM log.head").fetchone() == (ahead,)


async def test_an_event_too_big_is_refused_and_one_just_small_enough_is_not(
    store: PostgresEventStore,
) -> None:
    with pytest.raises(Invalid) as refusal:
        await store.append(commit(event(a_stream(), retitled("x" * 256 * 1024))))
    assert refusal.value.problems[0].code == "too-big"
    big = commit(event(a_stream(), retitled("x" * 250 * 1024)))
    await store.append(big)
    (recorded,) = await store.read_stream(big.main_stream)
    assert recorded.event == retitled("x" * 250 * 1024)


async def test_a_commit_larger_than_a_batch_goes_alone(store: PostgresEventStore) -> None:
    stream = a_stream()
    large = commit(*[event(stream) for _ in range(700)])
    small = [commit(event(a_stream())) for _ in range(2)]
    outcomes = await asyncio.gather(*map(store.append, (small[0], large, small[1])))
    assert [receipt.position for receipt in outcomes] == [1, 701, 702]
    recorded = await store.read_stream(stream)
    assert [each.position for each in recorded] == list(range(2, 702))
    assert store.stats.batches == 3


async def test_whoever_appends_again_once_it_is_answered_leaves_with_who_waited(
    store: PostgresEventStore,
) -> None:
    async def append_twice() -> None:
        for _ in range(2):
            await store.append(commit(event(a_stream())))

    async def append_while_they_are_out() -> None:
        while store.waiting:  # noqa: ASYNC110 - nobody tells when a batch leaves
            await asyncio.sleep(0)
        await store.append(commit(event(a_stream())))

    await store.append(commit(event(a_stream())))  # from here on no key has to be made
    await asyncio.gather(append_twice(), append_twice(), append_while_they_are_out())
    assert (store.stats.commits, store.stats.batches) == (6, 3)


async def test_half_of_many_writers_are_ready_whenever_a_batch_comes_back(
    open_store: OpenStore,
) -> None:
    ready: list[int] = []
    store = await open_store(on_commit=lambda _: ready.append(store.waiting))

    async def keep_appending() -> None:
        for _ in range(3):
            await store.append(commit(event(a_stream())))

    await store.append(commit(event(a_stream())))  # from here on no key has to be made
    ready.clear()
    await asyncio.gather(*[keep_appending() for _ in range(200)])
    # All at once, then half of them and the other half in turn, until those are done.
    assert ready == [0, 100, 100, 100, 0]


async def test_a_nul_byte_harms_no_neighbour(store: PostgresEventStore) -> None:
    bad = [
        commit(event("task_\0")),
        commit(event(a_stream(), touches=("nul\0",))),
        commit(event(a_stream(), task_created(), draws="nul\0")),
    ]
    commits = [creation(), bad[0], creation(), *bad[1:], creation()]
    outcomes = await asyncio.gather(*map(store.append, commits), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [
        Invalid if each in bad else Receipt for each in commits
    ]
    assert await store.head() == 3


async def test_text_may_hold_any_character_but_no_half_of_one(store: PostgresEventStore) -> None:
    stream = a_stream()
    await store.append(commit(event(stream, retitled("nul \0 emoji \N{PARTY POPPER}"))))
    (recorded,) = await store.read_stream(stream)
    assert recorded.event.title == "nul \0 emoji \N{PARTY POPPER}"
    with pytest.raises(Invalid):
        await store.append(commit(event(a_stream(), retitled("\ud800"))))


async def test_a_cancelled_request_does_not_unsay_its_commit(
    store: PostgresEventStore, superuser: Superuser
) -> None:
    out, queued, neighbour = (commit(event(a_stream())) for _ in range(3))
    with superuser.transaction():
        superuser.execute("SELECT FROM log.head FOR UPDATE")
        waiting = [asyncio.create_task(store.append(out))]
        await eventually(lambda: _appends_are_blocked(superuser))
        waiting += [asyncio.create_task(store.append(each)) for each in (queued, neighbour)]
        await eventually(lambda: store.waiting == 2)
        waiting[0].cancel()
        waiting[1].cancel()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [
        asyncio.CancelledError,
        asyncio.CancelledError,
        Receipt,
    ]
    assert [(await store.append(each)).replayed for each in (out, queued)] == [True, True]
    assert (await store.append(creation())).position == 4


def _appends_are_blocked(superuser: Superuser) -> bool:
    row = superuser.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        " AND datname = current_database()"
    ).fetchone()
    return row is not None and row[0] > 0


async def test_more_than_may_wait_is_refused_at_once(
    store: PostgresEventStore, superuser: Superuser
) -> None:
    with superuser.transaction():
        superuser.execute("SELECT FROM log.head FOR UPDATE")
        commits = [commit(event(a_stream())) for _ in range(8_700)]
        waiting = [asyncio.create_task(store.append(each)) for each in commits]
        await eventually(lambda: any(task.done() for task in waiting))
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert {refusal.kind for refusal in refused} == {Kind.OVERLOADED}
    assert await store.head() == 8_700 - len(refused)


async def test_a_commit_that_is_not_well_formed_never_leaves(store: PostgresEventStore) -> None:
    claim = Claim("scope", "value", "field", "owner")
    changes: list[dict[str, Any]] = [
        {"command_id": b"short"},
        {"main_stream": "another"},
        {"expected": {}},
        {"events": (), "claims": (claim,)},
    ]
    for change in changes:
        with pytest.raises(ValueError):
            await store.append(replace(creation(), **change))
    assert await store.head() == 0


async def test_a_stream_stays_in_its_workspace(store: PostgresEventStore) -> None:
    stream = a_stream()
    await store.append(commit(event(stream)))
    with pytest.raises(Exception, match="another workspace"):
        await store.append(commit(event(stream, workspace_id="ws_other"), expected={stream: 1}))
    assert (await store.append(commit(event(stream), expected={stream: 1}))).position == 2


async def test_reading_by_stream_and_by_position(worker: PostgresEventStore) -> None:
    stream = a_stream()
    for version in range(5):
        await worker.append(commit(event(stream), event(a_stream()), expected={stream: version}))
    part = await worker.read_stream(stream, after=1, upto=4)
    assert [recorded.stamp.version for recorded in part] == [2, 3, 4]
    batches = [batch async for batch in worker.read_log(3)]
    assert [recorded.position for batch in batches for recorded in batch] == list(range(4, 11))
    assert [row.position for row in await worker.read_rows(9, 20)] == [9, 10]
    assert part[0].stamp.workspace_id == WORKSPACE
