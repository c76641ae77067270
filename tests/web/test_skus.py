"""SKUs and aliases."""

from tests.web.client import Api, cart


def test_a_sku_is_registered_read_and_changed(api: Api) -> None:
    body = {"sku": " CE2222 ", "name": "急須", "attributes": {"color": "黒"}, "aliases": ["JAN 1"]}
    made = api.post("/skus", body, expect=201)

    assert (made["sku"], made["original_sku"], made["status"]) == ("ce2222", "CE2222", "active")
    assert api.get("/skus/jan%201") == made
    url = "https://www.example.com/a.jpg"
    changed = api.patch("/skus/CE2222", {"name": "", "image_url": url, "status": "inactive"})
    assert (changed["name"], changed["image_url"], changed["status"]) == ("", url, "inactive")
    assert changed["attributes"] == {"color": "黒"}
    changed = api.patch("/skus/ce2222", {"image_url": None, "attributes": {}})
    assert (changed["image_url"], changed["attributes"]) == (None, {})
    api.patch("/skus/ce2222", {}, expect=422)
    assert api.patch("/skus/nobody", {"name": "x"}, expect=404)["code"] == "unknown_sku"


def test_a_registration_is_repeated_safely(api: Api) -> None:
    headers = {"Idempotency-Key": "k"}
    first = api.send("POST", "/skus", json={"sku": "a"}, headers=headers)
    again = api.send("POST", "/skus", json={"sku": "a"}, headers=headers)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert again.headers["idempotent-replayed"] == "true"
    assert api.post("/skus", {"sku": "A"}, expect=409)["code"] == "sku_exists"


def test_many_skus_are_registered_all_or_none(api: Api) -> None:
    skus = [{"sku": f"s-{number}"} for number in range(3)]

    assert len(api.post("/skus/bulk", {"skus": skus}, expect=201)["skus"]) == 3
    more = [{"sku": "new"}, {"sku": "S-1"}]
    assert api.post("/skus/bulk", {"skus": more}, expect=409)["sku"] == "s-1"
    api.get("/skus/new", expect=404)
    many = [{"sku": f"m-{number}"} for number in range(1001)]
    assert api.post("/skus/bulk", {"skus": many}, expect=422)["code"] == "too_many_lines"


def test_skus_are_searched_sorted_and_paged(api: Api) -> None:
    for code, name in (("a1", "pot"), ("a2", "cup"), ("b1", "bowl")):
        api.post("/skus", {"sku": code, "name": name}, expect=201)
    api.patch("/skus/b1", {"status": "inactive"})

    def found(**wanted: object) -> list[str]:
        return [sku["sku"] for sku in api.get("/skus", params=wanted)["skus"]]

    assert found() == ["a1", "a2", "b1"]
    assert found(sort="name") == ["b1", "a2", "a1"]
    assert found(search="A", status="active") == ["a1", "a2"]
    first = api.get("/skus", params={"limit": 2})
    assert found(limit=2, after=first["cursor"]) == ["b1"]
    api.get("/skus", params={"after": "rubbish"}, expect=422)
    api.get("/skus", params={"sort": "price"}, expect=422)


def test_aliases_are_given_and_taken(shop: Api) -> None:
    shop.post("/skus", {"sku": "other"}, expect=201)

    assert shop.post("/skus/ce1111/aliases", {"alias": "Kyusu"})["aliases"] == ["Kyusu"]
    assert shop.units("KYUSU") == (10, 0)
    problem = shop.post("/skus/other/aliases", {"alias": "kyusu"}, expect=409)
    assert (problem["code"], problem["sku"]) == ("alias_taken", "ce1111")
    assert shop.delete("/skus/ce1111/aliases/kyusu")["aliases"] == []
    assert shop.delete("/skus/ce1111/aliases/kyusu", expect=404)["code"] == "unknown_alias"
    shop.get("/inventory/kyusu", expect=404)


def test_a_removed_sku_starts_again_from_zero(shop: Api) -> None:
    shop.post("/inventory/reserve/cart", cart())

    shop.delete("/skus/CE1111")

    shop.get("/inventory/ce1111", expect=404)
    shop.get("/skus/ce1111", expect=404)
    assert shop.get("/inventory/reservations")["reservations"] == []
    shop.post("/skus", {"sku": "ce1111"}, expect=201)
    assert shop.units() == (0, 0)
    assert shop.get("/events/ce1111")["events"] == []


def test_values_that_cannot_be_kept_are_refused(api: Api) -> None:
    for body, code in (
        ({"sku": "x" * 129}, "invalid_sku_code"),
        ({"sku": "a\tb"}, "invalid_sku_code"),
        ({"sku": "   "}, "invalid_sku_code"),
        ({"sku": "a", "image_url": "javascript:alert(1)"}, "invalid_sku_field"),
        ({"sku": "a", "attributes": {"": "x"}}, "invalid_sku_field"),
        ({"sku": "a", "name": "a\x00b"}, "invalid_sku_field"),
        ({"sku": "a", "attributes": {"a": 1}}, "invalid_request"),
        ({"sku": "a", "status": "unregistered"}, "invalid_request"),
        ({"sku": "a", "price": 100}, "invalid_request"),
        ({"sku": 5}, "invalid_request"),
        ({}, "invalid_request"),
        ([], "invalid_request"),
    ):
        assert api.post("/skus", body, expect=422)["code"] == code
