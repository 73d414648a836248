"""Two owners who turn each other out at the same moment, over two processes: one always stays."""

from threading import Barrier

import httpx
import pytest

from tests.e2e.person import Person
from tests.faults.given import Given
from tests.faults.replay import replayed
from tests.faults.side_by_side import WRITERS, side_by_side

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

_ROUNDS = 12


def test_a_workspace_is_never_without_an_owner(product: Given, someone: Person) -> None:
    before = someone.position
    with Person(product.served.url) as other:
        other.register()
        workspaces = [_owned_by_both(someone, other, number) for number in range(_ROUNDS)]
        people = (someone, other)
        together = Barrier(WRITERS)

        def write(writer: int, http: httpx.Client) -> set[tuple[int, str]]:
            """Even ones speak for the first owner, odd ones for the second; both in each
            process."""
            actor, rival = people[writer % 2], people[1 - writer % 2]
            token = {"Authorization": f"Bearer {actor.token}"}
            said = set()
            for workspace_id in workspaces:
                members = f"/workspaces/{workspace_id}/members"
                whom = (rival, actor, rival, actor)[writer // 2].user["user_id"]
                together.wait(30)
                if writer // 2 < 2:
                    role = {"role": "member"}
                    answer = http.patch(f"{members}/{whom}", json=role, headers=token)
                else:
                    answer = http.delete(f"{members}/{whom}", headers=token)
                code = "" if answer.is_success else answer.json()["code"]
                said.add((answer.status_code, code))
            return said

        said = set().union(*side_by_side(product.served, someone, write))
    # Whoever was turned out or down before they were heard sees or may no more.
    assert said <= {
        (200, ""),
        (204, ""),
        (409, "last-owner"),
        (403, "forbidden"),
        (404, "not-found"),
    }
    assert said & {(200, ""), (204, "")}
    log = replayed(product, before)
    for workspace_id in workspaces:
        for _, state in log[workspace_id]:
            assert "owner" in {member.role for member in state.members.values()}


def _owned_by_both(one: Person, other: Person, number: int) -> str:
    made = one.post("/workspaces", {"name": f"Ours {number}"})
    workspace_id: str = made["id"]
    member = {"user_id": other.user["user_id"], "role": "owner"}
    one.post(f"/workspaces/{workspace_id}/members", member)
    return workspace_id
