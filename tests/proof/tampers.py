"""What somebody with all rights on the database, or on the files beside it, does to a live log."""

import json
import random
import shutil
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from domain.record.note_keys import parse_vkey
from infra.keys.content_keys import KeyName
from infra.keys.master import new_key
from tests.proof.live import EARLY, Changed, Live

Tamper = Callable[[Live, random.Random], Changed]

AWAY = 1_000_000


def _any(live: Live, randomly: random.Random) -> int:
    return randomly.randint(1, live.head)


def _events(assignment: str) -> Tamper:
    """One event of any is changed."""

    def tamper(live: Live, randomly: random.Random) -> Changed:
        at = _any(live, randomly)
        live.do(f"UPDATE log.events SET {assignment} WHERE position = {at}")
        return Changed(at)

    return tamper


def _delete(live: Live, randomly: random.Random) -> Changed:
    at = _any(live, randomly)
    live.do(f"DELETE FROM log.events WHERE position = {at}")
    return Changed(at)


def _take_out(live: Live, randomly: random.Random) -> Changed:
    """Those behind it move up."""
    at = randomly.randint(1, live.head - 1)
    live.do(
        f"DELETE FROM log.events WHERE position = {at}",
        f"UPDATE log.events SET position = position + {AWAY} WHERE position > {at}",
        f"UPDATE log.events SET position = position - {AWAY + 1} WHERE position > {AWAY}",
        "UPDATE log.head SET position = position - 1",
    )
    return Changed(at)


def _insert(live: Live, randomly: random.Random) -> Changed:
    """One more, like that which stood there; those behind it move down."""
    at = _any(live, randomly)
    live.do(
        f"UPDATE log.events SET position = position + {AWAY} WHERE position >= {at}",
        f"UPDATE log.events SET position = position - {AWAY - 1} WHERE position > {AWAY}",
        "INSERT INTO log.events (position, recorded_at, version, workspace_id, stream, type,"
        f" payload, metadata) SELECT {at}, recorded_at, 1, workspace_id, 'planted', type, payload,"
        f" metadata FROM log.events WHERE position = {at + 1}",
        "UPDATE log.head SET position = position + 1",
    )
    return Changed(at)


def _renumber(live: Live, randomly: random.Random) -> Changed:
    """A hole from here on."""
    at, by = _any(live, randomly), randomly.randint(1, 9)
    live.do(
        f"UPDATE log.events SET position = position + {AWAY} WHERE position >= {at}",
        f"UPDATE log.events SET position = position - {AWAY - by} WHERE position > {AWAY}",
        f"UPDATE log.head SET position = position + {by}",
    )
    return Changed(at)


def _swap(live: Live, randomly: random.Random) -> Changed:
    one, other = randomly.sample(range(1, live.head + 1), 2)
    live.do(
        f"UPDATE log.events SET position = {AWAY} WHERE position = {one}",
        f"UPDATE log.events SET position = {one} WHERE position = {other}",
        f"UPDATE log.events SET position = {other} WHERE position = {AWAY}",
    )
    return Changed(min(one, other))


def _cut_off(live: Live, randomly: random.Random) -> Changed:
    """With all that was derived of it."""
    at = _any(live, randomly)
    live.do(
        f"DELETE FROM log.events WHERE position >= {at}",
        f"UPDATE log.head SET position = {at - 1}",
        f"DELETE FROM record.entries WHERE position >= {at}",
    )
    return Changed(at)


def _older_state(live: Live, _randomly: random.Random) -> Changed:
    """The database, and all that was published, as when it was signed before."""
    for table in ("log.events", "record.entries"):
        live.do(f"DELETE FROM {table} WHERE position > {EARLY}")
    live.do(
        f"UPDATE log.head SET position = {EARLY}",
        f"DELETE FROM record.checkpoints WHERE size > {EARLY}",
        "TRUNCATE keys.sealing_keys, keys.destroyed",
    )
    shutil.rmtree(live.bench.path / "tlog")
    shutil.copytree(live.early_files, live.bench.path / "tlog")
    return Changed(EARLY + 1)


def _entry_changed(live: Live, randomly: random.Random) -> Changed:
    at = _any(live, randomly)
    live.do(f"UPDATE record.entries SET link = sha256(link) WHERE position = {at}")
    return Changed(at)


def _entry_gone(live: Live, randomly: random.Random) -> Changed:
    at = _any(live, randomly)
    live.do(f"DELETE FROM record.entries WHERE position = {at}")
    return Changed(at)


def _tile(live: Live, randomly: random.Random) -> Changed:
    at = randomly.randint(1, 256)
    name, size = randomly.choice((("tile/0/000", 32), ("tile/entries/000", 42)))
    _flip(live.bench.published(name), (at - 1) * size + randomly.randrange(size), randomly)
    return Changed(at)


def _note(live: Live, randomly: random.Random) -> Changed:
    """Every byte of it is signed, or is the signature."""
    file = randomly.choice((live.bench.path / "checkpoint", live.bench.published("checkpoint")))
    _flip(file, randomly.randrange(file.stat().st_size), randomly)
    return Changed(None)


def _stored_note(assignment: str) -> Tamper:
    """Of the last one, or of one from before."""

    def tamper(live: Live, randomly: random.Random) -> Changed:
        size = randomly.choice((EARLY, live.head))
        live.do(f"UPDATE record.checkpoints SET {assignment} WHERE size = {size}")
        return Changed(None)

    return tamper


def _flip(file: Path, at: int, randomly: random.Random) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 1 << randomly.randrange(8)
    file.write_bytes(content)


# Of keys.


def _key(live: Live, randomly: random.Random) -> tuple[str, int]:
    """One that is there: its id, and the first event that it seals."""
    there = {key_id for (key_id,) in live.bench.log.ask("SELECT key_id FROM keys.sealing_keys")}
    first = live.sealed_by()
    key_id = randomly.choice(sorted(each for each in first if uuid.UUID(bytes=each) in there))
    return str(uuid.UUID(bytes=key_id)), first[key_id]


def _keys(assignment: str) -> Tamper:
    def tamper(live: Live, randomly: random.Random) -> Changed:
        key_id, at = _key(live, randomly)
        live.do(f"UPDATE keys.sealing_keys SET {assignment} WHERE key_id = '{key_id}'")
        return Changed(at)

    return tamper


def _keys_swapped(column: str) -> Tamper:
    def tamper(live: Live, randomly: random.Random) -> Changed:
        (one, at), (other, then) = _key(live, randomly), _key(live, randomly)
        while other == one:
            other, then = _key(live, randomly)
        live.do(
            f"CREATE TEMP TABLE swapped AS SELECT key_id, {column} AS was FROM keys.sealing_keys"
            f" WHERE key_id IN ('{one}', '{other}')",
            f"UPDATE keys.sealing_keys k SET {column} = "
            + ("gen_random_uuid()" if column == "key_id" else "'\\x'")
            + f" WHERE key_id = '{one}'",
            f"UPDATE keys.sealing_keys SET {column} = (SELECT was FROM swapped WHERE key_id ="
            f" '{one}') WHERE key_id = '{other}'",
            f"UPDATE keys.sealing_keys SET {column} = (SELECT was FROM swapped WHERE key_id ="
            f" '{other}') WHERE "
            + (
                "key_id NOT IN (SELECT key_id FROM kept.keys_sealing_keys)"
                if column == "key_id"
                else f"key_id = '{one}'"
            ),
            "DROP TABLE swapped",
        )
        return Changed(min(at, then))

    return tamper


def _another_key(live: Live, randomly: random.Random) -> Changed:
    """By somebody who has the master key as well."""
    key_id, at = _key(live, randomly)
    [(kind, workspace, owner)] = live.bench.log.ask(
        "SELECT kind, workspace_id, owner FROM keys.sealing_keys WHERE key_id = %s", key_id
    )
    wrapped = live.bench.master.wrap(new_key(), KeyName(kind, workspace, owner).context)
    live.bench.log.do(
        "UPDATE keys.sealing_keys SET wrapped = %s WHERE key_id = %s", wrapped.data, key_id
    )
    return Changed(at)


def _key_gone(live: Live, randomly: random.Random) -> Changed:
    key_id, at = _key(live, randomly)
    live.do(f"DELETE FROM keys.sealing_keys WHERE key_id = '{key_id}'")
    return Changed(at)


def _key_gone_as_if_erased(live: Live, randomly: random.Random) -> Changed:
    key_id, at = _key(live, randomly)
    live.do(
        "INSERT INTO keys.destroyed (key_id, kind, workspace_id, owner) SELECT key_id, kind,"
        f" workspace_id, owner FROM keys.sealing_keys WHERE key_id = '{key_id}'",
        f"DELETE FROM keys.sealing_keys WHERE key_id = '{key_id}'",
    )
    return Changed(at)


def _erasure_forgotten(live: Live, _randomly: random.Random) -> Changed:
    """So that the person could be given a new key."""
    live.do("DELETE FROM keys.destroyed")
    return Changed(live.head)


def _erased_key_back(live: Live, randomly: random.Random) -> Changed:
    """Named as one that is there: without what it was it opens nothing."""
    live.do(
        "INSERT INTO keys.sealing_keys (key_id, kind, workspace_id, owner, master_id, wrapped)"
        " SELECT d.key_id, d.kind, d.workspace_id, d.owner, s.master_id, s.wrapped"
        " FROM keys.destroyed d, keys.sealing_keys s LIMIT 1"
    )
    gone = live.bench.log.ask(
        "SELECT key_id FROM keys.sealing_keys JOIN keys.destroyed USING (key_id)"
    )
    [(key_id,)] = gone
    return Changed(live.sealed_by()[key_id.bytes])


def _planted_erasure(live: Live, _randomly: random.Random) -> Changed:
    """So that a person's texts are not kept any more."""
    live.do(
        "INSERT INTO keys.destroyed (key_id, kind, workspace_id, owner)"
        " VALUES (gen_random_uuid(), 'content', 'ws_a', 'user_new')"
    )
    return Changed(None)


def _planted_signer(live: Live, randomly: random.Random) -> Changed:
    """A key of the forger's own, published beside the log's, here or everywhere."""
    document = json.loads((live.bench.path / "keys.json").read_bytes())
    [own] = document["keys"]
    key = parse_vkey(own["vkey"])
    forged = replace(key, public=randomly.randbytes(32)).encode()
    document["keys"].append({**own, "vkey": forged})
    content = json.dumps(document).encode()
    (live.bench.path / "tlog" / "keys.json").write_bytes(content)
    if randomly.random() < 0.5:
        (live.bench.path / "keys.json").write_bytes(content)
    return Changed(None)


def _longer_valid(live: Live, randomly: random.Random) -> Changed:
    """The time of the published key is another one than was kept."""
    file = live.bench.path / "tlog" / "keys.json"
    document = json.loads(file.read_bytes())
    document["keys"][0][randomly.choice(("valid_from", "valid_until"))] = (
        "2020-01-31T12:00:00.000000Z"
    )
    file.write_text(json.dumps(document))
    return Changed(None)


TAMPERS: dict[str, tuple[Tamper, ...]] = {
    "a payload": (
        _events("payload = set_byte(payload, 0, get_byte(payload, 0) # 1)"),
        _events("payload = payload || '\\x00'"),
    ),
    "an envelope: type, stream, version, number": (
        _events("type = type || 'x'"),
        _events("stream = stream || 'x'"),
        _events("version = version + 1000"),
        _events("number = coalesce(number, 0) + 1"),
    ),
    "a time": (
        _events("recorded_at = recorded_at - interval '1 microsecond'"),
        _events("recorded_at = recorded_at + interval '1 day'"),
    ),
    "an actor": (
        _events("metadata = '\\x81a56163746f72a3657665'"),
        _events("metadata = metadata || '\\x00'"),
    ),
    "a tenant": (
        _events("workspace_id = 'ws_' || chr(97 + mod(ascii(right(workspace_id, 1)) - 96, 3))"),
        _events("workspace_id = 'ws_d'"),
    ),
    "an event deleted": (_delete, _take_out),
    "an event inserted": (_insert,),
    "two events swapped": (_swap,),
    "events renumbered": (_renumber,),
    "the tail cut off": (_cut_off,),
    "an older state of everything": (_older_state,),
    "stored hashes": (_entry_changed, _entry_gone),
    "tiles": (_tile,),
    "checkpoints": (
        _note,
        _stored_note("root = sha256(root)"),
        _stored_note("size = size + 1"),
        _stored_note("note = replace(note, chr(10) || size, chr(10) || 9 || size)"),
    ),
    "keys of texts": (
        _keys("wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)"),
        _keys("owner = owner || 'x'"),
        _keys("workspace_id = workspace_id || 'x'"),
        _keys_swapped("wrapped"),
        _keys_swapped("key_id"),
        _another_key,
    ),
    "erasures that never were, or are undone": (
        _key_gone,
        _key_gone_as_if_erased,
        _erasure_forgotten,
        _erased_key_back,
        _planted_erasure,
    ),
    "published keys of the log": (_planted_signer, _longer_valid),
}
"""By what is altered."""
