"""The OpenAPI document: FastAPI's, with our answers, refusals and limits written in."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from onhand.access.model import Refusal
from onhand.stock.model.refusals import Broken, Shortage
from onhand.web.answers import ANSWERS
from onhand.web.errors import MEDIA_TYPE, STATUSES
from onhand.web.examples import EXAMPLES
from onhand.web.guard import RIGHT
from onhand.web.messages import TEXTS
from onhand.web.operation import REFUSALS
from onhand.web.visits import REPLAYED

_REFERENCE = "#/components/schemas/{name}"
_METHODS = ("get", "post", "put", "patch", "delete")
_REPLAY_HEADER = {
    REPLAYED: {
        "description": "`true` when this is the first answer, given again.",
        "schema": {"type": "string", "const": "true"},
    }
}
_DESCRIPTION = """\
One true stock number for every shop you sell in. Quantities are whole units.

Send a token with every request: `Authorization: Bearer oh_test_…`. A token belongs to one
environment, `live` or `test`, and what you do with it stays there.

Give each write an `Idempotency-Key` of your own; repeat the request with the same key as often as
the network makes you, it happens once. Refusals are `application/problem+json` with a stable
`code`, explained at [/docs/errors](/docs/errors), in English, Japanese or Chinese
(`Accept-Language`).
"""
TAGS = [
    {"name": "stock", "description": "Read, reserve, release, deduct, return and correct stock."},
    {
        "name": "stock, generic form",
        "description": "The same operations by business reference.",
    },
    {"name": "stocktake", "description": "Count what is there and set the ledger right."},
    {"name": "locations", "description": "Where units physically are."},
    {"name": "SKUs", "description": "What is counted, its other codes and its events."},
    {"name": "stores", "description": "Where it is sold: shops, their keys, their listings."},
    {"name": "sync", "description": "What shops are told: rules, what waits, failed, differs."},
    {"name": "orders", "description": "Orders taken in from shops, and the order desk."},
    {"name": "files", "description": "Spreadsheets: what is taken in, what is given out."},
    {"name": "reports", "description": "Stock in numbers: the dashboard, and reports."},
    {"name": "tasks", "description": "Long work: how far it is, what it came to."},
    {"name": "rakuten", "description": "Rakuten's shops: try keys, poll now, look inside."},
    {"name": "access", "description": "Tokens, people, and who you are."},
    {"name": "audit", "description": "Who changed what, when, from where."},
    {"name": "feed", "description": "Every event, in an order that can be followed."},
    {"name": "health", "description": "Whether the server and its databases work."},
]


def describe(app: FastAPI, *, most_lines: int) -> Callable[[], dict[str, Any]]:
    """A function that makes the app's document once and gives it ever after."""
    made: dict[str, Any] = {}

    def document() -> dict[str, Any]:
        if not made:
            made.update(_make(app, most_lines))
        return made

    return document


def _make(app: FastAPI, most_lines: int) -> dict[str, Any]:
    document: dict[str, Any] = get_openapi(
        title=app.title,
        version=app.version,
        description=_DESCRIPTION,
        routes=app.routes,
        tags=TAGS,
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas.update(_answer_schemas())
    schemas["Problem"] = _problem_schema()
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "An API or owner token."}
    }
    for operation in _operations(document):
        _complete(operation)
    _limit_lines(schemas, most_lines)
    return document


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from (path[method] for method in _METHODS if method in path)


def _answer_schemas() -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components(ANSWERS, ref_template=_REFERENCE)
    for answer, example in EXAMPLES.items():
        schemas[answer.__name__]["examples"] = [example]
    return schemas


def _problem_schema() -> dict[str, Any]:
    """Every member a problem may have; which ones it has depends on its code."""
    facts: dict[str, Any] = {}
    for refusal in refusal_kinds().values():
        schema = msgspec.json.schema(refusal)
        facts.update(schema["$defs"][refusal.__name__]["properties"])
    items: tuple[tuple[str, type], ...] = (("shortages", Shortage), ("breaks", Broken))
    for name, kind in items:
        listed = msgspec.json.schema(kind)
        facts[name] = {"type": "array", "items": listed["$defs"][kind.__name__]}
    texts = {"type": "array", "items": {"type": "string"}}
    error = {
        "type": "object",
        "properties": {name: {"type": "string"} for name in ("field", "kind", "message")},
        "required": ["field", "kind", "message"],
    }
    facts |= {"skus": texts, "errors": {"type": "array", "items": error}}
    return {
        "type": "object",
        "title": "Problem",
        "description": "Why a request is refused (RFC 9457); the facts are further members.",
        "properties": {
            **{
                name: {k: v for k, v in fact.items() if k != "default"}
                for name, fact in facts.items()
            },
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "code": {"type": "string", "enum": sorted(STATUSES)},
        },
        "required": ["type", "title", "status", "detail", "code"],
        "examples": [
            {
                "type": "/docs/errors#insufficient_stock",
                "title": "Not enough stock",
                "status": 409,
                "detail": "Too few units are available: ce1111: 5 asked, 2 left.",
                "code": "insufficient_stock",
                "shortages": [{"sku": "ce1111", "asked": 5, "left": 2}],
            }
        ],
    }


def refusal_kinds() -> dict[str, type[Refusal]]:
    """Every refusal of the rooms, by its code."""
    found: dict[str, type[Refusal]] = {}
    waiting: list[type[Refusal]] = [Refusal]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            waiting.append(kind)
            # A dataclass with slots is made twice; the first making is nobody's.
            if kind.__dataclass_fields__.keys() <= {*kind.__slots__}:
                found[kind.code] = kind
    return found


def _complete(operation: dict[str, Any]) -> None:
    """Write in what every operation of its kind may answer."""
    codes = ["invalid_request", *operation.pop(REFUSALS, [])]
    right = operation.get(RIGHT)
    summary, _, rest = operation.get("description", "").partition("\n\n")
    operation["summary"] = " ".join(summary.split()).removesuffix(".")
    operation["description"] = rest
    if right is not None:
        operation["security"] = [{"token": []}]
        needs = f"Needs the right to `{right}`."
        operation["description"] = f"{rest}\n\n{needs}".strip()
        codes += ["missing_token", "invalid_token", "insufficient_scope", "owner_token_refused"]
        codes += ["too_many_requests", "database_unavailable", "shutting_down"]
    if "requestBody" in operation:
        codes += ["malformed_json", "body_too_large", "unsupported_media_type"]
    names = {parameter["name"] for parameter in operation.get("parameters", [])}
    if "Idempotency-Key" in names:
        codes.append("idempotency_conflict")
    by_status: defaultdict[int, list[str]] = defaultdict(list)
    for code in dict.fromkeys(codes):
        by_status[STATUSES[code]].append(code)
    responses = operation["responses"]
    responses.pop("422", None)
    for status, at_status in sorted(by_status.items()):
        responses[str(status)] = _refusals(at_status)
    if "Idempotency-Key" in names:
        done = next(response for code, response in responses.items() if code.startswith("2"))
        done["headers"] = _REPLAY_HEADER


def _refusals(codes: list[str]) -> dict[str, Any]:
    titles = "; ".join(f"`{code}`: {TEXTS['en'][code].title}" for code in codes)
    schema = {
        "allOf": [
            {"$ref": _REFERENCE.format(name="Problem")},
            {"properties": {"code": {"enum": codes}}},
        ]
    }
    return {"description": titles, "content": {MEDIA_TYPE: {"schema": schema}}}


_LIMITED = ("lines", "skus", "sku_codes")


def _limit_lines(schemas: dict[str, Any], most_lines: int) -> None:
    """State the setting INVENTORY_BATCH_SIZE where it limits a list in a request."""
    for schema in schemas.values():
        for name in _LIMITED:
            member = schema.get("properties", {}).get(name, {})
            for form in (member, *member.get("anyOf", ())):
                if form.get("minItems"):
                    form["maxItems"] = most_lines
