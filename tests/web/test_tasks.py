"""Tasks over HTTP, and what is asked for as one."""

import pytest

from onhand.bootstrap.environment import Environment
from onhand.catalog.commands.listings import finish_catalogue, take_catalogue_page
from onhand.channels.port import ChannelListing, ListingKey
from onhand.jobs.commands import tasks
from onhand.jobs.queries import queued_tasks
from tests.web.client import Api
from tests.web.conftest import NewApi

TOKYO, OSAKA = "rakuten-tokyo", "rakuten-osaka"


@pytest.fixture
def stores(api: Api) -> Api:
    """Two stores."""
    for store in (TOKYO, OSAKA):
        api.post("/stores", {"store": store, "name": store}, expect=201)
    return api


def test_a_catalogue_is_asked_for_and_followed(stores: Api, test: Environment) -> None:
    path = f"/stores/{TOKYO}/sku-sync-status"
    nothing = {"listings": 0, "mapped": 0, "unmapped": 0, "missing": 0}
    assert stores.get(path) == {
        "store": TOKYO,
        "counts": nothing,
        "catalogue_read_at": None,
        "task": None,
    }

    asked = stores.post(f"/stores/{TOKYO}/sync-skus", expect=202)
    ((one),) = asked["tasks"]
    assert (asked["job"], one["store"]) == ("catalog.pull", TOKYO)
    task = stores.get(f"/tasks/{one['task_id']}")
    assert (task["state"], task["asked_by"], task["store_id"]) == ("queued", "admin", TOKYO)
    assert stores.post(f"/stores/{TOKYO}/sync-skus", expect=202) == asked  # it waits still

    stores.post("/skus", {"sku": "a"}, expect=201)
    now = test.clock()
    with test.database.begin() as connection:
        seen = [
            ChannelListing(ListingKey("tote", code), f"トート {code}", (code,)) for code in "ab"
        ]
        take_catalogue_page(connection, TOKYO, seen, now)
        finish_catalogue(connection, TOKYO, now)
    known = stores.get(path)
    assert known["counts"] == nothing | {"listings": 2, "mapped": 1, "unmapped": 1}
    assert known["task"] == task
    assert known["catalogue_read_at"]


def test_what_cannot_be_asked_for(stores: Api) -> None:
    stores.delete(f"/stores/{TOKYO}")

    gone = stores.post(f"/stores/{TOKYO}/sync-skus", expect=409)
    assert (gone["code"], gone["store"]) == ("store_inactive", TOKYO)
    assert stores.post("/stores/nowhere/sync-skus", expect=404)["code"] == "unknown_store"
    assert stores.get("/stores/nowhere/sku-sync-status", expect=404)["code"] == "unknown_store"
    stores.get(f"/stores/{TOKYO}/sku-sync-status")
    assert stores.get("/tasks")["tasks"] == []


def test_tasks_are_listed(stores: Api) -> None:
    pulls = [stores.post(f"/stores/{store}/sync-skus", expect=202) for store in (TOKYO, OSAKA)]
    polls = stores.post("/rakuten/manual-poll", expect=202)["tasks"]
    ids = [one["task_id"] for asked in pulls for one in asked["tasks"]]
    ids += [one["task_id"] for one in polls]

    found, after = [], None
    while True:
        params = {"limit": 3} if after is None else {"limit": 3, "after": after}
        page = stores.get("/tasks", params=params)
        found += [task["task_id"] for task in page["tasks"]]
        after = page["cursor"]
        if after is None:
            break
    assert found == ids[::-1]
    for chosen, number in (
        ({"job": "catalog.pull"}, 2),
        ({"store": TOKYO.upper()}, 2),
        ({"store": "\x00"}, 0),
        ({"state": "queued"}, 4),
        ({"state": "done"}, 0),
        ({"job": "catalog.pull", "store": OSAKA}, 1),
    ):
        assert len(stores.get("/tasks", params=chosen)["tasks"]) == number, chosen
    for chosen in ({"job": "%"}, {"state": "lost"}, {"after": "x"}, {"limit": "0"}):
        stores.get("/tasks", params=chosen, expect=422)


def test_a_task_is_cancelled(stores: Api, test: Environment) -> None:
    waiting, running = (
        one["task_id"] for one in stores.post("/rakuten/manual-poll", expect=202)["tasks"]
    )
    with test.database.read() as connection:
        (record,) = (one for one in queued_tasks(connection, 9) if one.task_id == running)
    tasks.begin(test.database, record, now=test.clock())

    cancelled = stores.post(f"/tasks/{waiting}/cancel")
    assert (cancelled["state"], cancelled["cancel_asked"]) == ("cancelled", True)
    asked = stores.post(f"/tasks/{running}/cancel")
    assert (asked["state"], asked["cancel_asked"]) == ("running", True)
    assert stores.post(f"/tasks/{waiting}/cancel") == cancelled
    for task in ("0" * 32, "x", "%00"):
        assert stores.post(f"/tasks/{task}/cancel", expect=404)["code"] == "unknown_task"
        assert stores.get(f"/tasks/{task}", expect=404)["code"] == "unknown_task"


def test_asking_is_repeated_safely(stores: Api) -> None:
    asked = {"headers": {"Idempotency-Key": "k"}}
    answers = [stores.send("POST", f"/stores/{TOKYO}/sync-skus", **asked) for _ in range(2)]

    assert answers[0].content == answers[1].content
    assert answers[1].headers["idempotent-replayed"] == "true"
    assert len(stores.get("/tasks")["tasks"]) == 1
    assert "AskForJob" in stores.send("GET", "/audit/logs").text


def test_who_may(new_api: NewApi, stores: Api) -> None:
    viewer, operator = new_api("viewer"), new_api("operator")
    viewer.post(f"/stores/{TOKYO}/sync-skus", expect=403)
    asked = operator.post(f"/stores/{TOKYO}/sync-skus", expect=202)
    task = asked["tasks"][0]["task_id"]
    viewer.get("/tasks")
    viewer.get(f"/tasks/{task}")
    viewer.get(f"/stores/{TOKYO}/sku-sync-status")
    viewer.post(f"/tasks/{task}/cancel", expect=403)
    operator.post(f"/tasks/{task}/cancel")
