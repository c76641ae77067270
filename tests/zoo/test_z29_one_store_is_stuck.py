"""Z29: a stuck feed or an expired key: that store alone is paused, loudly; the others go on."""

import json
from collections.abc import Callable

import pytest

from onhand.access.commands import SYSTEM
from onhand.access.model import Accepted
from onhand.access.queries import AuditFilter, search_audit
from onhand.catalog.commands.stores import create_store, set_credentials
from onhand.catalog.model.stores import InvalidCredentials, NewKeys, NewStore
from onhand.orders.queries.due import CursorView, read_cursor
from onhand.simulators.rakuten import Envelope, Fault, FaultKind, Request, Response
from tests.marketplace import POLL_S, Answer, Marketplace

KEYS = {"service_secret": "SP-FAKE-WRONG", "license_key": "SL-FAKE-WRONG"}


def keys_of(marketplace: Marketplace, store_id: str, **keys: str) -> NewKeys:
    """The shop's own keys, but for those named."""
    shop = marketplace.shop(store_id)
    own = {"service_secret": shop.secret, "license_key": shop.license_key}
    return NewKeys(store_id, {**own, **keys})


def cursor_of(marketplace: Marketplace, store_id: str) -> CursorView:
    """How far the store's orders were taken in."""
    with marketplace.database.read() as connection:
        cursor = read_cursor(connection, store_id)
    assert cursor is not None
    return cursor


@pytest.mark.parametrize(
    "envelope",
    [
        Envelope.ERRORS,
        pytest.param(Envelope.RESULTS, marks=pytest.mark.slow),
        pytest.param(Envelope.MESSAGES, marks=pytest.mark.slow),
    ],
)
def test_z29_an_expired_key_pauses_one_store_and_a_new_one_resumes_it(
    marketplace: Marketplace, envelope: Envelope
) -> None:
    marketplace.rakuten.knobs.auth_envelope = envelope
    marketplace.offer(tote=20)
    marketplace.set_up()
    marketplace.tick()
    marketplace.buy("tokyo", "tote", 1)
    marketplace.shop("tokyo").expire_key()
    expired_at = marketplace.clock()
    marketplace.run_for(POLL_S, step=20)

    store = marketplace.store("tokyo")
    assert (store.status, store.paused_reason) == ("paused", "auth_expired")
    assert store.paused_at is not None
    assert (store.paused_at - expired_at).total_seconds() <= POLL_S
    assert "401" in (store.paused_detail or "")
    assert "FAKE" not in (store.paused_detail or "")
    errors = [text for task in marketplace.tasks(store_id="tokyo") for text in task.errors]
    assert any("401" in text for text in errors)
    with marketplace.database.read() as connection:
        trail = search_audit(connection, AuditFilter(action="PauseStore"))
    assert [(entry.subject, entry.actor) for entry in trail.entries] == [("store:tokyo", SYSTEM)]

    calls = len([code for code, _ in marketplace.line.calls if code in ("", "tokyo")])
    lost = marketplace.buy("tokyo", "tote", 2)
    marketplace.buy("osaka", "tote", 3)
    marketplace.goods.receive("tote", 10)
    marketplace.run_for(2 * POLL_S, step=30)
    assert marketplace.shown("tote") == {"tokyo": 17, "osaka": 27}
    assert marketplace.store("osaka").status == "active"
    assert not [task for task in marketplace.tasks(store_id="osaka") if task.errors]
    # A paused store is not called any more.
    assert len([code for code, _ in marketplace.line.calls if code in ("", "tokyo")]) == calls

    marketplace.shop("tokyo").renew_key()
    marketplace.give_keys("tokyo")
    marketplace.run_for(5 * POLL_S, step=30)
    assert marketplace.store("tokyo").status == "active"
    assert lost in marketplace.orders("tokyo")
    assert marketplace.shown("tote") == {"tokyo": 24, "osaka": 24}
    marketplace.check_whole()


def test_z29_a_key_that_expires_while_a_push_is_under_way(marketplace: Marketplace) -> None:
    marketplace.offer(tote=10)
    marketplace.set_up()
    marketplace.rakuten.faults.plan(
        Fault(kind=FaultKind.KEY_EXPIRED, function="inventories.bulk.upsert", shop="tokyo")
    )
    marketplace.goods.receive("tote", 5)
    marketplace.tick()
    assert marketplace.store("tokyo").status == "paused"
    assert marketplace.state("tokyo", "tote").push_id is None
    assert marketplace.shown("tote") == {"tokyo": 10, "osaka": 15}
    (event,) = marketplace.events("push_failed")
    assert event.store == "tokyo"
    marketplace.give_keys("tokyo")
    marketplace.tick()
    assert marketplace.shown("tote") == {"tokyo": 15, "osaka": 15}


def test_z29_an_answer_to_the_old_key_does_not_pause_the_store_again(
    marketplace: Marketplace,
) -> None:
    """The new key is stored while a call with the old one is still under way."""
    marketplace.offer(tote=10)
    marketplace.set_up()

    def meddle(request: Request, carry: Callable[[], Answer]) -> Answer:
        answer = carry()
        if request.path.endswith("searchOrder/"):
            marketplace.line.meddle = None
            marketplace.clock.advance(5)
            marketplace.give_keys("tokyo")
        return answer

    marketplace.shop("tokyo").renew_key()
    marketplace.line.meddle = meddle
    assert marketplace.run("orders.poll", "tokyo").state == "failed"
    assert marketplace.store("tokyo").status == "active"
    assert marketplace.run("orders.poll", "tokyo").state == "done"


def test_z29_a_function_that_is_not_ticked(marketplace: Marketplace) -> None:
    marketplace.offer(tote=10)
    marketplace.set_up()
    marketplace.shop("tokyo").deny("order.searchOrder")
    marketplace.run_for(POLL_S, step=20)
    store = marketplace.store("tokyo")
    assert (store.status, store.paused_reason) == ("paused", "auth_expired")
    assert "rpay.order.searchOrder" in (store.paused_detail or "")
    assert marketplace.store("osaka").status == "active"


@pytest.mark.slow
@pytest.mark.parametrize(
    "keys",
    [
        KEYS,
        {"license_key": "SL-FAKE-OTHER-SHOP"},
        {"service_secret": "SP-FAKE-OSAKA"},
    ],
)
def test_z29_wrong_keys(marketplace: Marketplace, keys: dict[str, str]) -> None:
    marketplace.offer(tote=10)
    wrong = keys_of(marketplace, "tokyo", **keys)
    vault = marketplace.environment.vault
    done = set_credentials(marketplace.database, marketplace.asked(), wrong, vault=vault)
    assert isinstance(done, Accepted)
    marketplace.run_for(POLL_S, step=20)
    assert marketplace.store("tokyo").status == "paused"
    marketplace.run_for(3 * POLL_S, step=30)
    assert marketplace.shown("tote") == {"tokyo": 0, "osaka": 10}
    marketplace.give_keys("tokyo")
    marketplace.run_for(4 * POLL_S, step=20)
    assert marketplace.shown("tote") == {"tokyo": 10, "osaka": 10}


def test_z29_keys_pasted_with_what_was_around_them(marketplace: Marketplace) -> None:
    """A newline at the end is taken off; one inside is refused and never sent."""
    vault, shop = marketplace.environment.vault, marketplace.shop("tokyo")
    pasted = keys_of(marketplace, "tokyo", license_key=f"  {shop.license_key}\r\n")
    done = set_credentials(marketplace.database, marketplace.asked(), pasted, vault=vault)
    assert isinstance(done, Accepted)
    assert marketplace.run("stores.check-keys", "tokyo").errors == []
    assert marketplace.store("tokyo").key_expires_at is not None
    broken = keys_of(marketplace, "tokyo", license_key="SL-FAKE\n-1")
    refused = set_credentials(marketplace.database, marketplace.asked(), broken, vault=vault)
    assert isinstance(refused, InvalidCredentials)
    assert marketplace.run("stores.check-keys", "tokyo").errors == []


def test_z29_a_store_without_keys(marketplace: Marketplace) -> None:
    marketplace.offer(tote=10)
    new = NewStore("kyoto", "kyoto", settings={"poll_interval_s": POLL_S})
    made = create_store(marketplace.database, marketplace.asked(), new)
    assert isinstance(made, Accepted)
    marketplace.run_for(POLL_S, step=20)
    store = marketplace.store("kyoto")
    assert (store.status, store.paused_reason) == ("paused", "auth_expired")
    assert "no keys" in (store.paused_detail or "")
    marketplace.run_for(3 * POLL_S, step=20)
    assert marketplace.shown("tote") == {"tokyo": 10, "osaka": 10}


def test_z29_keys_that_cannot_be_decrypted(marketplace: Marketplace) -> None:
    """The secret key of the installation was lost: the store says what to do."""
    marketplace.offer(tote=10)
    marketplace.set_up()
    (marketplace.home / "secret.key").unlink()
    elsewhere = marketplace.enter(marketplace.database)
    with marketplace.alone("orders.poll", environment=elsewhere) as runner:
        view = marketplace.ask(runner, "orders.poll", "tokyo")
    assert view.state == "failed"
    store = marketplace.store("tokyo")
    assert store.status == "paused"
    assert "secret.key" in (store.paused_detail or "")


STUCK = {
    "pages that never end": Fault(
        kind=FaultKind.ENDLESS, function="order.searchOrder", shop="tokyo"
    ),
    "web pages": Fault(kind=FaultKind.HTML, function="order.*", shop="tokyo", status=200),
    "half an answer": Fault(kind=FaultKind.TRUNCATED, function="order.*", shop="tokyo"),
    "no answer": Fault(kind=FaultKind.LOST, function="order.*", shop="tokyo"),
    "maintenance": Fault(kind=FaultKind.MAINTENANCE, function="order.*", shop="tokyo"),
    "too many calls": Fault(kind=FaultKind.LIMITED, function="order.*", shop="tokyo"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", STUCK)
def test_z29_a_stuck_feed_is_loud_and_the_others_go_on(marketplace: Marketplace, name: str) -> None:
    marketplace.offer(tote=20)
    marketplace.set_up()
    came_to = cursor_of(marketplace, "tokyo").taken_in_until
    marketplace.rakuten.faults.plan(STUCK[name], times=1000)
    hidden = marketplace.buy("tokyo", "tote", 1)
    marketplace.run_for(POLL_S, step=20)
    marketplace.buy("osaka", "tote", 3)
    marketplace.run_for(2 * POLL_S, step=30)

    cursor = cursor_of(marketplace, "tokyo")
    assert cursor.taken_in_until == came_to
    assert cursor.failed_at is not None
    assert cursor.last_error
    failed = [task for task in marketplace.tasks("orders.poll", "tokyo") if task.errors]
    assert failed
    assert failed[0].state == "failed"
    assert marketplace.shown("tote") == {"tokyo": 16, "osaka": 17}
    assert not [task for task in marketplace.tasks(store_id="osaka") if task.errors]

    marketplace.rakuten.faults.clear()
    marketplace.run_for(900, step=60)
    assert hidden in marketplace.orders("tokyo")
    assert cursor_of(marketplace, "tokyo").failed_at is None
    assert marketplace.shown("tote") == {"tokyo": 16, "osaka": 16}
    marketplace.check_whole()


def test_z29_an_order_nobody_understands_does_not_hold_up_the_others(
    marketplace: Marketplace,
) -> None:
    """One message of another shape: that order is odd and on the desk, the rest is taken in."""
    marketplace.offer(tote=20)
    marketplace.set_up()
    odd = marketplace.buy("tokyo", "tote", 1)
    good = marketplace.buy("tokyo", "tote", 2)
    assert odd is not None

    def meddle(request: Request, carry: Callable[[], Answer]) -> Answer:
        answer = carry()
        if isinstance(answer, Response) and request.path.endswith("getOrder/"):
            document = answer.json()
            assert isinstance(document, dict)
            for order in document["OrderModelList"]:
                if order["orderNumber"] == odd:
                    order["PackageModelList"] = {"of": "another shape"}
            return Response(200, answer.headers, json.dumps(document).encode())
        return answer

    marketplace.line.meddle = meddle
    marketplace.run_for(2 * POLL_S, step=20)
    assert marketplace.orders() == {odd: "odd", good: "confirmed"}
    assert ("odd_status", "") in marketplace.desk()
    marketplace.line.meddle = None
    marketplace.run_for(5 * POLL_S, step=30)
    assert set(marketplace.orders().values()) <= {"placed", "confirmed"}
    assert not marketplace.desk()
    marketplace.check_whole()
