"""Imports over HTTP."""

import hashlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from onhand.bootstrap.environment import Environment
from onhand.bootstrap.settings import Settings
from onhand.jobs.imports import JOBS
from onhand.jobs.runner import Runner
from onhand.jobs.scheduler import Scheduler, start
from tests.imports.importing import table
from tests.shop import FakeClock
from tests.web.client import Api

FILE = table(("a", 8), ("b", 0), ("", 3), ("c", -1), ("New-1", 3))
Worker = Callable[[], Scheduler]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Files of at most 20,000 bytes."""
    return settings.model_copy(update={"import_max_bytes": 20_000})


@pytest.fixture
def worker(test: Environment, clock: FakeClock) -> Iterator[Worker]:
    """`worker()` starts the jobs of imports in threads of this process."""
    started: list[Scheduler] = []

    def begin() -> Scheduler:
        runner = Runner(test, JOBS, stores=list, clock=clock)
        started.append(start([runner], clock=clock))
        return started[-1]

    yield begin
    for scheduler in started:
        scheduler.stop()


def send(api: Api, content: str | bytes = FILE, *, expect: int = 200, **fields: Any) -> Any:
    """The answer to a file that is given for a preview."""
    wait = fields.pop("wait_s", 10)
    data = content.encode() if isinstance(content, str) else content
    files = {"file": ("stock ①.csv", data, "text/csv")}
    path = f"/import/preview?wait_s={wait}"
    return api.ask("POST", path, files=files, data=fields, expect=expect)


def stocked(api: Api) -> None:
    """SKUs a, b and c with 5 units each."""
    for code in "abc":
        api.post("/skus", {"sku": code, "name": code}, expect=201)
        api.post("/inventory/receive", {"lines": [{"sku": code, "quantity": 5}]})


def test_preview_confirm_and_what_is_told(api: Api, worker: Worker) -> None:
    stocked(api)
    worker()

    seen = send(api, stock="replace")
    details = seen["details"]

    assert (seen["is_repeat"], seen["has_worker"]) == (False, True)
    assert details["state"] == "previewed"
    assert details["file_name"] == "stock ①.csv"
    counts = details["counts"]
    assert (counts["rows"], counts["skipped"]) == (5, {"skipped_no_sku": 1})
    assert (counts["bad"], counts["flags"]["to_zero"]) == ({"negative_quantity": 1}, 1)
    changes = api.get(f"/imports/{seen['import']}/changes?show=changing")["changes"]
    assert [(c["sku"], c["before"], c["after"]) for c in changes] == [
        ("a", 5, 8),
        ("b", 5, 0),
        ("new-1", 0, 3),
    ]
    assert api.units("a") == (5, 0)

    done = api.post("/import/confirm", {"import": seen["import"]})

    assert done["details"]["state"] == "applied"
    assert [api.units(sku) for sku in ("a", "b", "c", "new-1")] == [(8, 0), (0, 0), (5, 0), (3, 0)]
    assert api.post("/import/confirm", {"import": seen["import"]})["is_repeat"]
    assert send(api, stock="replace")["is_repeat"]
    (listed,) = api.get("/imports")["imports"]
    assert (listed["import"], listed["state"]) == (seen["import"], "applied")


def test_pages_of_changes_follow_each_other(api: Api, worker: Worker) -> None:
    worker()
    seen = send(api, table(*((f"s{n}", n) for n in range(1, 8))))
    found: list[str] = []
    page: dict[str, Any] = {"cursor": 0}
    while page["cursor"] is not None:
        page = api.get(f"/imports/{seen['import']}/changes?limit=3&after={page['cursor']}")
        found += [change["sku"] for change in page["changes"]]

    assert found == [f"s{n}" for n in range(1, 8)]


def test_without_a_worker_it_waits_and_says_so(api: Api, worker: Worker) -> None:
    began = time.monotonic()
    queued = send(api, expect=202)

    assert time.monotonic() - began < 5
    assert not queued["has_worker"]
    assert queued["details"]["state"] == "waiting"
    task = api.get(f"/tasks/{queued['details']['task']}")
    assert (task["job"], task["state"]) == ("imports.work", "queued")
    worker()
    assert_state(api, queued["import"], "previewed")
    assert api.get(f"/tasks/{task['task_id']}")["state"] in {"running", "done"}


def assert_state(api: Api, import_id: str, state: str) -> None:
    """Within a few seconds the import is in this state."""
    give_up_at = time.monotonic() + 10
    while (found := api.get(f"/imports/{import_id}")["state"]) != state:
        assert time.monotonic() < give_up_at, found
        time.sleep(0.05)


def test_asked_for_work_begins_at_once(api: Api, worker: Worker) -> None:
    worker()
    send(api)  # whatever is made at the first call
    began = time.monotonic()
    send(api, table(("x", 1)))

    assert time.monotonic() - began < 5  # by schedule it would be ten


def test_what_moved_is_named_and_can_be_left_out(api: Api, worker: Worker) -> None:
    stocked(api)
    worker()
    seen = send(api, table(("a", 8), ("b", 9)))
    api.post("/inventory/receive", {"lines": [{"sku": "a", "quantity": 1}]})

    refused = api.post("/import/confirm", {"import": seen["import"]}, expect=409)

    assert refused["code"] == "import_moved"
    assert refused["moved"] == [{"sku": "a", "line": 2, "expected_on_hand": 5, "on_hand": 6}]
    body = {"import": seen["import"], "leave_out_moved": True}
    done = api.post("/import/confirm", body)
    assert done["details"]["counts"]["outcomes"] == {"applied": 1, "moved": 1}
    assert (api.units("a"), api.units("b")) == ((6, 0), (9, 0))


def test_the_file_and_its_bad_rows_come_back(api: Api, worker: Worker) -> None:
    worker()
    content = FILE.encode()
    seen = send(api, content)

    original = api.send("GET", f"/imports/{seen['import']}/file")
    bad = api.send("GET", f"/imports/{seen['import']}/bad-rows")

    assert original.content == content
    assert hashlib.sha256(content).hexdigest() == seen["details"]["file"]
    assert bad.content.decode("utf-8-sig").splitlines() == [
        "line,fault,column,value,sku,quantity",
        "5,negative_quantity,,'-1,c,'-1",
    ]


def test_a_file_given_before_can_be_taken_in_another_way(api: Api, worker: Worker) -> None:
    worker()
    first = send(api)
    fields = {"file_id": first["details"]["file"], "stock": "add"}
    second = form(api, fields)

    assert second["import"] != first["import"]
    assert second["details"]["file_name"] == "stock ①.csv"


def form(api: Api, fields: dict[str, str], *, expect: int = 200) -> Any:
    """The answer to a form without a file."""
    parts = [(name, (None, value)) for name, value in fields.items()]
    return api.ask("POST", "/import/preview", files=parts, expect=expect)


@pytest.mark.parametrize(
    ("content", "code", "status"),
    [
        (b"%PDF-1.4 no table", "unreadable_file", 422),
        (b"", "unreadable_file", 422),
        (b"\x00\xff" * 300, "no_sku_column", 422),
        (b"PK\x03\x04 not a workbook", "unreadable_file", 422),
        ("color,price\nred,3\n", "no_sku_column", 422),
        (b"sku,quantity\n" + b"x,1\n" * 10_000, "file_too_large", 413),
        (b"sku,quantity\n" + b"x,1\n" * 60_000, "file_too_large", 413),
    ],
)
def test_garbage_is_refused_with_its_reason(
    api: Api, worker: Worker, content: bytes | str, code: str, status: int
) -> None:
    worker()
    refused = send(api, content, expect=status)

    assert refused["code"] == code
    if status == 422:
        assert api.get(f"/imports/{refused['import']}")["state"] == "refused"
        assert api.get(f"/imports/{refused['import']}/changes") == {"changes": [], "cursor": None}


def test_an_endless_file_is_refused_while_it_comes(api: Api) -> None:
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        while sent < 300_000_000:
            sent += 10_000
            yield b"sku,quantity\n" * 769 + b"..."

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = api.send("POST", "/import/preview", content=body(), headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")
    assert answer.json()["limit_bytes"] == 20_000
    assert sent < 200_000


@pytest.mark.parametrize(
    "fields",
    [
        {"stock": "triple"},
        {"mapping": "no json"},
        {"mapping": '{"nothing": "x"}'},
        {"colour": "red"},
        {"encoding": "\x07"},
        {"file_id": "0" * 64},
        {"store": "x" * 2000},
    ],
)
def test_a_wrong_form_is_refused(api: Api, fields: dict[str, str]) -> None:
    assert send(api, expect=422, **fields)["code"] == "invalid_request"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"store": "nowhere"}, "unknown_store"),
        ({"location": "nowhere"}, "unknown_location"),
    ],
)
def test_what_is_not_there_is_named(api: Api, fields: dict[str, str], code: str) -> None:
    assert send(api, expect=404, **fields)["code"] == code
    assert form(api, {"file_id": "0" * 64}, expect=404)["code"] == "unknown_file"


def test_a_body_that_is_no_form_is_refused(api: Api) -> None:
    answer = api.send("POST", "/import/preview", json={"file": "x"})

    assert answer.status_code == 415


def test_a_viewer_may_look_and_not_bring_in(api: Api, new_api: Any, worker: Worker) -> None:
    worker()
    seen = send(api)
    viewer = new_api("viewer")

    assert viewer.get(f"/imports/{seen['import']}")["state"] == "previewed"
    assert send(viewer, expect=403)["code"] == "insufficient_scope"
    viewer.post("/import/confirm", {"import": seen["import"]}, expect=403)


def test_cancel_and_undo(api: Api, worker: Worker) -> None:
    stocked(api)
    worker()
    cancelled = send(api, table(("a", 1)))["import"]
    assert api.post(f"/imports/{cancelled}/cancel")["state"] == "cancelled"
    refused = api.post("/import/confirm", {"import": cancelled}, expect=409)
    assert (refused["code"], refused["state"]) == ("import_not_ready", "cancelled")

    done = send(api, table(("a", 9)))["import"]
    api.post("/import/confirm", {"import": done})
    dry = api.post(f"/imports/{done}/undo?dry_run=true")
    assert (dry["undo"], dry["preview"]["skus"]) == (None, 1)
    assert api.units("a") == (9, 0)
    assert api.post(f"/imports/{done}/undo")["undo"]["skus"] == 1
    assert api.units("a") == (5, 0)
    assert api.get(f"/imports/{done}")["state"] == "undone"
    api.get("/imports/" + "0" * 32, expect=404)


def test_a_key_makes_a_preview_once(api: Api, worker: Worker) -> None:
    worker()
    headers = {"Idempotency-Key": "k1"}
    files = {"file": ("x.csv", b"sku,quantity\nx,1\n")}
    first = api.ask("POST", "/import/preview", files=files, headers=headers)
    again = api.ask("POST", "/import/preview", files=files, headers=headers)
    other = {"file": ("x.csv", b"sku,quantity\nx,2\n")}

    assert first["import"] == again["import"]
    refused = api.ask("POST", "/import/preview", files=other, headers=headers, expect=409)
    assert refused["code"] == "idempotency_conflict"
