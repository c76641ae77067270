"""SKUs are registered, read and changed, once and with a trace, on both databases (C1)."""

import json
import threading
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from onhand.access.model import Accepted, Actor, Asked, IdempotencyConflict, Refusal
from onhand.access.queries import AuditFilter, AuditView, search_audit
from onhand.catalog.commands import add_alias, create_skus, update_sku
from onhand.catalog.model import (
    LONGEST_CODE,
    AliasTaken,
    InvalidSkuCode,
    InvalidSkuField,
    NewAlias,
    NewSku,
    SkuChange,
    SkuExists,
    SkuNotFound,
    Status,
    TooManySkus,
)
from onhand.catalog.queries import SkuView, read_sku
from onhand.db.database import Database
from tests.shop import START, FakeClock

MEI = Actor("mei", "manual", "192.0.2.7")


def create(database: Database, *skus: NewSku | str, key: str | None = None) -> Accepted | Refusal:
    """Register SKUs at START."""
    new = [NewSku(sku) if isinstance(sku, str) else sku for sku in skus]
    return create_skus(database, Asked(MEI, START, key), new)


def accepted(result: Accepted | Refusal) -> dict[str, Any]:
    """The answer of a command that must be accepted."""
    assert isinstance(result, Accepted), result
    answer: dict[str, Any] = json.loads(result.answer)
    return answer


def read(database: Database, code: str) -> SkuView | None:
    """The SKU a code means."""
    with database.read() as connection:
        return read_sku(connection, code)


def trail(database: Database) -> list[AuditView]:
    """The audit trail, newest first."""
    with database.read() as connection:
        return search_audit(connection, AuditFilter()).entries


def test_a_sku_is_read_back_as_it_was_registered(database: Database) -> None:
    new = NewSku(
        " CE-１１１１ ",
        name="丸い急須　白磁",
        image_url="https://img.example/ce.jpg",
        attributes={"色": "白", "size": "360 ml"},
        aliases=("Kyusu-White", "4901234567894"),
    )

    answer = accepted(create(database, new))

    expected = {
        "sku": "ce-１１１１",
        "original_sku": "CE-１１１１",
        "name": "丸い急須　白磁",
        "image_url": "https://img.example/ce.jpg",
        "attributes": {"色": "白", "size": "360 ml"},
        "aliases": ["4901234567894", "Kyusu-White"],
        "status": "active",
        "created_at": "2026-03-01T12:00:00Z",
        "updated_at": "2026-03-01T12:00:00Z",
    }
    assert answer == {"skus": [expected]}
    for code in ("CE-１１１１", "  ce-１１１１\n", "KYUSU-white", "4901234567894"):
        assert msgspec.to_builtins(read(database, code)) == expected
    assert read(database, "ce-1111") is None


def test_a_thousand_skus_are_registered_in_the_order_given(database: Database) -> None:
    codes = [f"S{number:04}" for number in reversed(range(1000))]

    answer = accepted(create(database, *codes))

    assert [row["original_sku"] for row in answer["skus"]] == codes
    assert isinstance(create(database, *(f"t{n}" for n in range(1001))), TooManySkus)
    assert isinstance(create(database), TooManySkus)


@pytest.mark.parametrize(
    ("skus", "refusal"),
    [
        ((NewSku("new"), NewSku("KNOWN ")), SkuExists("known")),
        ((NewSku("new"), NewSku(" New")), SkuExists("new")),
        ((NewSku("new"), NewSku("known-alias")), AliasTaken("known-alias", "known")),
        ((NewSku("new", aliases=("KNOWN",)),), AliasTaken("known", "known")),
        ((NewSku("new", aliases=("Known-Alias",)),), AliasTaken("known-alias", "known")),
        ((NewSku("new", aliases=("new ",)),), AliasTaken("new", "new")),
        ((NewSku("new", aliases=("x", "X")),), AliasTaken("x", "new")),
        ((NewSku("new", aliases=("x",)), NewSku("x")), AliasTaken("x", "new")),
        ((NewSku("new"), NewSku("\u3000 ")), InvalidSkuCode("")),
        ((NewSku("new"), NewSku("a\0b")), InvalidSkuCode("a\0b")),
        ((NewSku("new"), NewSku("\ud800")), InvalidSkuCode("\ud800")),
        ((NewSku("n" * (LONGEST_CODE + 1)),), InvalidSkuCode("n" * (LONGEST_CODE + 1))),
        ((NewSku("new", aliases=("a\nb",)),), InvalidSkuCode("a\nb")),
    ],
)
def test_one_bad_code_refuses_the_whole_command(
    database: Database, skus: tuple[NewSku, ...], refusal: Refusal
) -> None:
    accepted(create(database, NewSku("known", aliases=("known-alias",))))

    assert create(database, *skus) == refusal
    assert read(database, "new") is None
    assert len(trail(database)) == 1


@pytest.mark.parametrize(
    ("new", "field"),
    [
        (NewSku("a", name="n" * 256), "name"),
        (NewSku("a", name="two\nlines"), "name"),
        (NewSku("a", name="half \udc00"), "name"),
        (NewSku("a", image_url="javascript:alert(1)"), "image_url"),
        (NewSku("a", image_url="https://img.example/a b.jpg"), "image_url"),
        (NewSku("a", attributes={"": "x"}), "attributes"),
        (NewSku("a", attributes={"k" * 65: "x"}), "attributes"),
        (NewSku("a", attributes={"k": "v" * 1001}), "attributes"),
        (NewSku("a", attributes={"k": "\0"}), "attributes"),
        (NewSku("a", attributes={str(n): "" for n in range(51)}), "attributes"),
        (NewSku("a", aliases=tuple(f"a{n}" for n in range(51))), "aliases"),
        (NewSku("a", status=Status.UNREGISTERED), "status"),
    ],
)
def test_a_value_that_cannot_be_kept_is_named(
    sqlite_database: Database, new: NewSku, field: str
) -> None:
    refused = create(sqlite_database, new)

    assert isinstance(refused, InvalidSkuField)
    assert refused.field == field


def test_a_change_touches_only_what_it_names(database: Database, clock: FakeClock) -> None:
    accepted(create(database, NewSku("a", name="old", image_url="https://x.example/1")))
    later = clock.advance(60)

    renamed = update_sku(database, Asked(MEI, later), SkuChange("A", name="new"))
    assert accepted(renamed)["name"] == "new"
    change = SkuChange("a", image_url="", attributes={"k": "v"}, status=Status.INACTIVE)
    accepted(update_sku(database, Asked(MEI, later + timedelta(seconds=1)), change))

    view = read(database, "a")
    assert view is not None
    assert (view.name, view.image_url, view.attributes) == ("new", None, {"k": "v"})
    assert (view.status, view.created_at) == ("inactive", START)
    assert view.updated_at == later + timedelta(seconds=1)


@pytest.mark.parametrize("code", ["nobody", "a\0b", "\ud800", ""])
def test_an_unknown_sku_cannot_be_changed(database: Database, code: str) -> None:
    assert update_sku(database, Asked(MEI, START), SkuChange(code, name="x")) == SkuNotFound(
        (code,)
    )
    assert read(database, code) is None


def test_a_change_cannot_unregister(database: Database) -> None:
    accepted(create(database, "a"))

    refused = update_sku(database, Asked(MEI, START), SkuChange("a", status=Status.UNREGISTERED))

    assert isinstance(refused, InvalidSkuField)


def test_every_write_is_in_the_audit_trail_with_before_and_after(database: Database) -> None:
    accepted(create(database, "A", "B", key="k-1"))
    accepted(
        update_sku(database, Asked(MEI, START + timedelta(seconds=1)), SkuChange("a", name="x"))
    )

    changed, created = trail(database)

    assert (created.action, created.subject, created.idempotency_key) == (
        "CreateSkus",
        "sku:a +1",
        "k-1",
    )
    assert (created.actor, created.source, created.origin) == ("mei", "manual", "192.0.2.7")
    assert created.before is None
    assert created.after is not None
    assert [row["sku"] for row in msgspec.json.decode(created.after)["skus"]] == ["a", "b"]
    assert (changed.action, changed.subject) == ("UpdateSku", "sku:a")
    assert changed.before is not None
    assert changed.after is not None
    before, after = (msgspec.json.decode(text) for text in (changed.before, changed.after))
    assert (before["name"], after["name"]) == ("", "x")


def test_the_same_key_answers_the_first_answer(database: Database) -> None:
    first = create(database, NewSku("a", name="one"), key="k")
    accepted(update_sku(database, Asked(MEI, START), SkuChange("a", name="two")))

    again = create(database, NewSku("a", name="one"), key="k")
    other = create(database, NewSku("a", name="other"), key="k")

    assert isinstance(first, Accepted)
    assert again == Accepted(first.command_id, first.answer, replayed=True)
    assert other == IdempotencyConflict("k")
    assert len(trail(database)) == 2


def in_parallel(count: int, work: Any) -> list[Any]:
    """What `count` threads made of it, started together."""
    results: list[Any] = [None] * count
    gate = threading.Barrier(count)

    def run(number: int) -> None:
        gate.wait()
        results[number] = work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_one_key_at_the_same_instant_registers_once(database: Database) -> None:
    results = in_parallel(6, lambda _: create(database, "a", "b", key="k"))

    assert [result.replayed for result in results].count(False) == 1
    assert len({result.answer for result in results}) == 1
    assert len(trail(database)) == 1


def test_one_code_at_the_same_instant_is_registered_once(database: Database) -> None:
    results = in_parallel(6, lambda _: create(database, "a"))

    assert sum(isinstance(result, Accepted) for result in results) == 1
    assert results.count(SkuExists("a")) == 5


def test_a_name_is_never_both_code_and_alias(database: Database) -> None:
    accepted(create(database, "owner"))

    def work(number: int) -> Accepted | Refusal:
        if number % 2:
            return create(database, "name")
        return add_alias(database, Asked(MEI, START), NewAlias("owner", "name"))

    results = in_parallel(6, work)

    as_code = any(isinstance(result, Accepted) for result in results[1::2])
    as_alias = any(isinstance(result, Accepted) for result in results[0::2])
    assert as_code != as_alias
    view = read(database, "name")
    assert view is not None
    assert view.sku == ("name" if as_code else "owner")
