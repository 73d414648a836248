"""Reviews of the trail over HTTP."""

from tests.api.client import Api, pointers
from tests.api.damage import aged
from tests.api.test_audit import head, kinds, told, watched
from tests.real import Database


async def test_an_auditor_attests_what_they_looked_at_and_what_is_left_is_told(
    ada: Api, nobody: Api, product_database: Database
) -> None:
    auditor, workspace_id = await watched(ada, nobody)
    project = await ada.project("REV", workspace_id=workspace_id)
    task = await ada.task("Done", project_id=project["id"])
    auditor.position = ada.position
    events = await told(auditor, workspace_id)
    first, last = events[0]["position"], events[-1]["position"]
    asked = {"workspace_id": workspace_id, "from": 1, "to": task["created_at"], "note": "Seen."}
    review = await auditor.post("/audit/reviews", asked)
    assert (review["from_position"], review["to_position"]) == (1, last)
    assert review["reviewer"] == {"user_id": auditor.user_id, "name": auditor.user["name"]}
    page = await ada.get("/audit/reviews", params={"workspace_id": workspace_id})
    assert page["reviews"] == [review]
    assert (page["review_every_days"], page["overdue_since"]) == (None, None)
    # That it was read is left: somebody has to look at that too.
    auditor.position = page["unreviewed_from"]
    later = [each for each in await told(auditor, workspace_id) if each["position"] > last]
    assert (page["unreviewed_from"], kinds(later)[0]) == (later[0]["position"], "TrailRead")
    assert first <= last

    # Who did something in a range does not attest to it; what others did is theirs to attest.
    own = {**asked, "to": last}
    problem = await ada.refused(403, "forbidden", "POST", "/audit/reviews", own)
    assert problem["own_position"] == first
    for body, pointer in (
        ({**asked, "to": 2**60}, "/to"),
        ({**asked, "from": 5, "to": 4}, "/to"),
        ({**asked, "from": "yesterday"}, "/from"),
        ({**asked, "from": True}, "/from"),
        ({**asked, "note": ""}, "/note"),
    ):
        problem = await auditor.refused(422, "validation-failed", "POST", "/audit/reviews", body)
        assert pointers(problem) == [pointer]


async def test_what_nobody_reviews_in_time_is_overdue(
    ada: Api, bob: Api, nobody: Api, product_database: Database
) -> None:
    auditor, workspace_id = await watched(ada, nobody)
    where = {"workspace_id": workspace_id}
    days = {**where, "review_every_days": 30}
    await auditor.refused(403, "forbidden", "PUT", "/audit/reviews/schedule", days)
    problem = await bob.refused(422, "validation-failed", "PUT", "/audit/reviews/schedule", days)
    assert pointers(problem) == ["/workspace_id"]
    await bob.refused(404, "not-found", "GET", "/audit/reviews", params=where)
    assert (await ada.put("/audit/reviews/schedule", days))["review_every_days"] == 30
    assert (await ada.put("/audit/reviews/schedule", days))["review_every_days"] == 30
    auditor.position = ada.position
    assert (await auditor.get("/audit/reviews", params=where))["overdue_since"] is None
    with aged(product_database, workspace_id, days=60):
        page = await auditor.get("/audit/reviews", params=where)
        assert page["overdue_since"] is not None
        all_of_it = {**where, "from": 1, "to": head(product_database), "note": "Late, but seen."}
        await auditor.post("/audit/reviews", all_of_it)
        page = await auditor.get("/audit/reviews", params=where)
        assert (page["unreviewed_from"], page["overdue_since"]) == (None, None)
