"""An order in which tasks can be done: blockers first, else as they were given."""

from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush


def in_order(tasks: Sequence[str], blocks: Iterable[tuple[str, str]]) -> list[str]:
    """These tasks so that none stands before one that blocks it, be it through tasks that are not
    among them; where nothing forces another order, as given. `blocks`: (blocker, blocked), without
    a ring. (Kahn, Topological sorting of large networks, 1962.)"""
    place = {task_id: number for number, task_id in enumerate(tasks)}
    after: dict[str, list[str]] = {}
    waits_for = dict.fromkeys(tasks, 0)
    for blocker, blocked in blocks:
        after.setdefault(blocker, []).append(blocked)
        waits_for.setdefault(blocker, 0)
        waits_for[blocked] = waits_for.get(blocked, 0) + 1
    # Those that are not asked for go first: they only stand between.
    ready = [(place.get(each, -1), each) for each, count in waits_for.items() if not count]
    heapify(ready)
    ordered: list[str] = []
    while ready:
        number, task_id = heappop(ready)
        if number >= 0:
            ordered.append(task_id)
        for each in after.get(task_id, ()):
            waits_for[each] -= 1
            if not waits_for[each]:
                heappush(ready, (place.get(each, -1), each))
    return ordered
