"""The OpenAPI document and the pages made from it."""

import re
from collections import Counter
from typing import Any

import pytest

from onhand.web.errors import STATUSES
from tests.web.client import Api


@pytest.fixture
def document(api: Api) -> Any:
    """The document."""
    return api.get("/openapi.json")


def operations(document: Any) -> list[tuple[str, Any]]:
    """Each operation as `METHOD /path` with its description."""
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_contract_is_all_there(document: Any) -> None:
    stock, generic = "/api/v1/inventory", "/api/v1/inventory-management"
    wanted = {
        *(f"GET {stock}/{{sku}}", f"POST {stock}/batch", f"GET {stock}/low-stock"),
        *(f"POST {stock}/reserve/cart", f"POST {stock}/reserve/order"),
        *(f"DELETE {stock}/reserve/cart", f"DELETE {stock}/reserve/order/{{order_id}}"),
        *(f"GET {stock}/reservations", f"PATCH {stock}/reservations/{{reservation_id}}"),
        *(f"POST {stock}/deduct", f"POST {stock}/return", f"PUT {stock}/{{sku}}/adjust"),
        *(f"PUT {stock}/{{sku}}/threshold", f"POST {stock}/cleanup/expired-reservations"),
        *(f"GET {stock}/{{sku}}/transactions", f"GET {stock}/{{sku}}/explain"),
        *(f"GET {generic}/{{sku}}", f"POST {generic}/batch-query", f"POST {generic}/reserve"),
        *(f"POST {generic}/release", f"POST {generic}/deduct", f"POST {generic}/rollback"),
        *("GET /api/v1/skus", "POST /api/v1/skus", "GET /api/v1/skus/{sku}"),
        *("PATCH /api/v1/skus/{sku}", "DELETE /api/v1/skus/{sku}", "GET /api/v1/events/{sku}"),
        *("POST /api/v1/events/manual", "POST /api/v1/auth/token", "GET /api/v1/me"),
        *("GET /api/v1/audit/logs", "POST /api/v1/test/reset", "GET /api/v1/feed"),
        *("GET /api/v1/stores", "POST /api/v1/stores", "GET /api/v1/stores/{store}"),
        *("PATCH /api/v1/stores/{store}", "DELETE /api/v1/stores/{store}"),
        *("GET /api/v1/stores/{store}/skus", "POST /api/v1/stores/{store}/sync-skus"),
        *("GET /api/v1/stores/{store}/sku-sync-status",),
        *("POST /api/v1/stores/{store}/test-connection",),
        *("POST /api/v1/sync/{store}", "GET /api/v1/sync/failed", "GET /api/v1/sync/status"),
        *("POST /api/v1/sync/failed/{listing}/retry", "GET /api/v1/tasks"),
        *("GET /api/v1/tasks/{task}", "GET /api/v1/audit/oversell", "GET /api/v1/audit/reconcile"),
        *("GET /api/v1/rakuten/auth-test", "POST /api/v1/rakuten/manual-poll"),
        *("GET /api/v1/rakuten/debug/{store}", "GET /api/v1/orders", "GET /api/v1/desk"),
        *("GET /health", "GET /health/database"),
    }

    assert wanted <= {name for name, _ in operations(document)}


def test_every_operation_says_what_it_needs_and_refuses(document: Any) -> None:
    for name, operation in operations(document):
        assert operation["summary"], name
        assert operation["tags"], name
        is_open = name.startswith("GET /health")
        assert ("security" in operation) is not is_open, name
        assert ("401" in operation["responses"]) is not is_open, name
        if "requestBody" in operation:
            assert {"400", "413", "415", "422"} <= operation["responses"].keys(), name
        for status, response in operation["responses"].items():
            if status >= "400":
                assert list(response["content"]) == ["application/problem+json"], name
    names = Counter(operation["operationId"] for _, operation in operations(document))
    assert max(names.values()) == 1


def test_every_reference_leads_somewhere(document: Any) -> None:
    names = set(re.findall(r"#/components/schemas/([\w.]+)", str(document)))

    assert names <= document["components"]["schemas"].keys()


def test_every_body_has_an_example_and_takes_nothing_else(document: Any) -> None:
    for name, operation in operations(document):
        if "requestBody" not in operation:
            continue
        ((_, content),) = operation["requestBody"]["content"].items()
        schema = content["schema"]
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        assert schema["examples"], name
        assert schema["additionalProperties"] is False, name


def test_lists_are_limited_by_the_setting(document: Any) -> None:
    schemas = document["components"]["schemas"]

    assert schemas["ReserveCart"]["properties"]["lines"]["maxItems"] == 1000
    assert schemas["BatchBody"]["properties"]["skus"]["maxItems"] == 1000


def test_the_pages_list_everything_without_script_or_foreign_files(api: Api, document: Any) -> None:
    page = api.send("GET", "/docs")
    refusals = api.send("GET", "/docs/errors", headers={"Accept-Language": "ja"})

    for name, operation in operations(document):
        assert f'id="{operation["operationId"]}"' in page.text, name
    for code in STATUSES:
        assert f'id="{code}"' in refusals.text
    assert "在庫が足りません" in refusals.text
    for answer in (page, refusals):
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "<script" not in answer.text
        assert not re.search(r'(src|href)="(https?:)?//', answer.text)


def test_the_start_page_leads_to_the_operations(api: Api) -> None:
    answer = api.send("GET", "/")

    assert (answer.status_code, answer.headers["location"]) == (307, "/console/")
