"""What must hold after a bad day: nothing lost, nothing doubled, every view equal to a replay.

What a view has wrong stays wrong until it is rebuilt: so one replay after several bad days finds
what any of them left.
"""

from collections import Counter

from tests.e2e.person import Person
from tests.e2e.served import HEALED_WITHIN_S, Served
from tests.faults.load import Load


def assert_healed(served: Served, person: Person, load: Load) -> None:
    """The load has ended; the product has to heal by itself."""
    served.await_ready()
    served.await_views(load.last_position, HEALED_WITHIN_S)
    person.position = max(person.position, load.last_position)
    assert_nothing_lost_or_doubled(person, load)


def assert_nothing_lost_or_doubled(person: Person, load: Load) -> None:
    """The lists hold exactly what was acknowledged, each as its last answer said."""
    assert load.written
    twice = [position for position, times in Counter(load.positions).items() if times > 1]
    assert not twice, f"two writes were acknowledged with one position: {twice}"

    tasks = {task["id"]: task for task in person.every(_tasks(load), "tasks")}
    assert tasks.keys() == load.written.keys()
    numbers = sorted(int(task["key"].rpartition("-")[2]) for task in tasks.values())
    assert numbers == list(range(1, len(tasks) + 1))
    for task_id, written in load.written.items():
        shown, last = tasks[task_id], written.task
        for field in ("key", "title", "status", "version"):
            assert shown[field] == last[field], f"{field} of {task_id}"
        # Exactly once: the making and both changes are an event each.
        assert shown["version"] <= 3
        assert shown["comment_count"] == len(written.comments)

    path = f"/projects/{load.project_id}/activity"
    entries = person.every(path, "activities")
    actions = Counter(entry["action"] for entry in entries)
    assert actions["task_created"] == len(tasks)
    assert actions["commented"] == sum(len(written.comments) for written in load.written.values())


def assert_views_equal_a_replay(served: Served) -> None:
    done = served.run("rebuild", "--all", "--compare", "--yes")
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def _tasks(load: Load) -> str:
    return f"/tasks?project_id={load.project_id}&sort_by=created_at"
