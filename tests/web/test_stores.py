"""Stores, their keys and their listings over HTTP."""

import pytest

from onhand.bootstrap.environment import Environment
from onhand.catalog.commands.listings import take_catalogue_page
from onhand.catalog.queries.stores import read_credentials
from onhand.channels.port import ChannelListing, ListingKey
from tests.web.client import Api
from tests.web.conftest import NewApi

KEYS = {"service_secret": " SP-example-not-a-key\r\n", "license_key": "SL-example-not-a-key\n"}
STORE = {"store": "Rakuten-Tokyo", "name": "帆布堂"}


@pytest.fixture
def tokyo(api: Api) -> str:
    """The path of a store."""
    api.post("/stores", STORE, expect=201)
    return "/stores/rakuten-tokyo"


def pull(test: Environment, *codes: str) -> None:
    """Take in a listing for each code."""
    seen = [
        ChannelListing(ListingKey("tote", f"v{number}"), f"帆布トート {code}", (code,))
        for number, code in enumerate(codes)
    ]
    with test.database.begin() as connection:
        take_catalogue_page(connection, "rakuten-tokyo", seen, test.clock())


def test_a_store_is_made_read_and_changed(api: Api) -> None:
    made = api.post("/stores", STORE | {"settings": {"shop_code": "hanpudo"}}, expect=201)

    assert (made["store"], made["status"], made["has_credentials"]) == (
        "rakuten-tokyo",
        "active",
        False,
    )
    assert made["settings"]["poll_interval_s"] == 900
    assert api.get("/stores/RAKUTEN-tokyo") == made
    assert api.get("/stores")["stores"] == [made]
    changed = api.patch("/stores/rakuten-tokyo", {"settings": {"poll_interval_s": 60}})
    assert changed["settings"] == made["settings"] | {"poll_interval_s": 60}
    assert api.post("/stores", STORE, expect=409)["code"] == "store_exists"
    assert api.get("/stores/nowhere", expect=404)["code"] == "unknown_store"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"store": "a_b", "name": "x"}, "invalid_store_id"),
        ({"store": "x", "name": " "}, "invalid_store_field"),
        ({"store": "x", "name": "x", "orders_from": "2031-01-01T00:00:00Z"}, "invalid_store_field"),
        ({"store": "x", "name": "x", "platform": "bazaar"}, "invalid_request"),
        ({"store": "x", "name": "x", "settings": {"colour": 1}}, "invalid_request"),
        ({"store": "x", "name": "x", "settings": {"poll_interval_s": 9}}, "invalid_request"),
        ({"store": "x", "name": "x", "settings": {"confirm_orders": None}}, "invalid_request"),
        ({"store": "x", "name": "x", "credentials": {}}, "invalid_request"),
        ({"name": "x"}, "invalid_request"),
    ],
)
def test_what_cannot_be_a_store_is_refused(api: Api, body: dict[str, object], code: str) -> None:
    assert api.post("/stores", body, expect=422)["code"] == code
    assert api.get("/stores")["stores"] == []


def test_a_store_is_paused_resumed_and_given_up(api: Api, tokyo: str) -> None:
    paused = api.patch(tokyo, {"status": "paused"})
    assert (paused["status"], paused["paused_reason"]) == ("paused", "by_hand")
    assert api.patch(tokyo, {"status": "active"})["paused_at"] is None
    assert api.delete(tokyo)["status"] == "inactive"
    assert api.get("/stores", params={"status": "active"})["stores"] == []
    assert len(api.get("/stores", params={"status": "inactive"})["stores"]) == 1
    api.patch(tokyo, {}, expect=422)
    api.patch(tokyo, {"status": "inactive"}, expect=422)
    api.delete("/stores/nowhere", expect=404)


def test_keys_are_stored_and_never_shown(api: Api, tokyo: str, test: Environment) -> None:
    answer = api.send("PUT", f"{tokyo}/credentials", json=KEYS)

    assert answer.json()["has_credentials"] is True
    trail = api.send("GET", "/audit/logs").text
    assert "not-a-key" not in answer.text + trail + api.send("GET", "/stores").text
    assert '"credentials":"changed"' in trail
    with test.database.read() as connection:
        stored = read_credentials(connection, "rakuten-tokyo", test.vault)
    assert stored == {name: key.strip() for name, key in KEYS.items()}


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        (KEYS | {"license_key": "SL exam ple"}, "invalid_credentials"),
        (KEYS | {"license_key": ""}, "invalid_credentials"),
        (KEYS | {"license_key": "SL-exam-ple" * 6}, "invalid_credentials"),
        (KEYS | {"license_key": "SL-exam-ple" * 600}, "invalid_request"),
        (KEYS | {"license_key": 7}, "invalid_request"),
        (KEYS | {"password": "SL-exam-ple"}, "invalid_request"),
        ({"service_secret": "SL-exam-ple"}, "invalid_request"),
    ],
)
def test_a_refused_key_is_not_repeated(
    api: Api, tokyo: str, keys: dict[str, object], code: str
) -> None:
    answer = api.send("PUT", f"{tokyo}/credentials", json=keys)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert "exam" not in answer.text
    assert "not-a-key" not in answer.text
    assert api.get(tokyo)["has_credentials"] is False


def test_who_may(new_api: NewApi, api: Api, tokyo: str) -> None:
    viewer, operator = new_api("viewer"), new_api("operator")

    assert viewer.get(tokyo)["name"] == "帆布堂"
    viewer.patch(tokyo, {"status": "paused"}, expect=403)
    operator.patch(tokyo, {"status": "paused"})
    operator.post("/stores", {"store": "x", "name": "x"}, expect=403)
    operator.put(f"{tokyo}/credentials", KEYS, expect=403)
    operator.delete(tokyo, expect=403)


def test_a_write_is_repeated_safely(api: Api) -> None:
    headers = {"Idempotency-Key": "k"}
    first = api.send("POST", "/stores", json=STORE, headers=headers)
    again = api.send("POST", "/stores", json=STORE, headers=headers)

    assert (first.content, again.headers["idempotent-replayed"]) == (again.content, "true")
    path = "/stores/rakuten-tokyo/credentials"
    for replayed in (None, "true"):
        answer = api.send("PUT", path, json=KEYS, headers={"Idempotency-Key": "k2"})
        assert answer.headers.get("idempotent-replayed") == replayed
    other = KEYS | {"license_key": "other"}
    api.put(path, other, expect=409, headers={"Idempotency-Key": "k2"})


def test_listings_are_read_mapped_and_let_go(api: Api, tokyo: str, test: Environment) -> None:
    for code in ("a", "b"):
        api.post("/skus", {"sku": code, "name": f"帆布トート {code}"}, expect=201)
    pull(test, "A", "ghost")

    mapped, unmapped = api.get(f"{tokyo}/skus")["listings"]
    assert (mapped["sku"], mapped["sku_name"], mapped["mapped_by"]) == ("a", "帆布トート a", "rule")
    assert api.get("/listings", params={"mapped": "unmapped"})["listings"] == [unmapped]
    assert api.get("/listings", params={"sku": "A", "store": "Rakuten-Tokyo "})["listings"] == [
        mapped
    ]
    first = api.get(f"{tokyo}/skus", params={"limit": 1})
    rest = api.get(f"{tokyo}/skus", params={"limit": 1, "after": first["cursor"]})
    assert first["listings"] + rest["listings"] == [mapped, unmapped]

    path = f"/listings/{unmapped['listing']}"
    found = api.get(f"{path}/suggestions")["suggestions"]
    assert [(one["sku"], one["by"], one["listings"]) for one in found] == [
        ("a", "name", 1),
        ("b", "name", 0),
    ]
    assert api.put(f"{path}/sku", {"sku": "B"})["mapped_by"] == "person"
    taken = api.put(f"{path}/sku", {"sku": "a"}, expect=409)
    assert (taken["code"], taken["sku"]) == ("listing_mapped", "b")
    assert api.put(f"{path}/sku", {"sku": "a", "replace": True})["sku"] == "a"
    assert api.put(f"{path}/sku", {"sku": "ghost"}, expect=404)["code"] == "unknown_sku"
    assert api.delete(f"{path}/sku")["sku"] is None
    assert api.get(path)["sku"] is None


def test_listings_that_are_not_there(api: Api, tokyo: str) -> None:
    assert api.get(f"{tokyo}/skus") == {"listings": [], "cursor": None}
    assert api.get("/stores/nowhere/skus", expect=404)["code"] == "unknown_store"
    for listing in ("x", "%00", "0" * 32):
        path = f"/listings/{listing}"
        api.get(path, expect=404)
        api.get(f"{path}/suggestions", expect=404)
        api.delete(f"{path}/sku", expect=404)
        assert api.put(f"{path}/sku", {"sku": "a"}, expect=404)["code"] in {
            "unknown_sku",
            "unknown_listing",
        }
    api.get("/listings", params={"after": "rubbish"}, expect=422)
    api.get("/listings", params={"mapped": "perhaps"}, expect=422)
    assert api.get("/listings", params={"store": "楽天"})["listings"] == []
