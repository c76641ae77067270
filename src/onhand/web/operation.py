"""How an operation is described to FastAPI: what it asks, answers and may refuse."""

from typing import Any

from fastapi import APIRouter

from onhand.access.model import Right
from onhand.web.guard import BOUND, JSON, RIGHT, GuardedRoute

PREFIX = "/api/v1"
REFUSALS = "x-onhand-refusals"


def operations(path: str = "", *, tag: str | None = None, prefix: str = PREFIX) -> APIRouter:
    """A group of operations below a path, shown under one tag."""
    return APIRouter(
        prefix=prefix + path,
        tags=[] if tag is None else [tag],
        route_class=GuardedRoute,
        generate_unique_id_function=lambda route: str(route.name),
    )


def operation(
    right: Right | None,
    answer: type,
    *refusals: str,
    owner_token: bool = False,
    status: int = 200,
    media_type: str = JSON,
) -> dict[str, Any]:
    """Keyword arguments of a route: the right it asks, the type it answers, the codes it refuses.

    Text of another media type is answered as `str`. Codes that any operation may answer (token,
    content type, validation, database) are added where the OpenAPI document is made.
    """
    extra: dict[str, Any] = {REFUSALS: list(refusals)}
    if right is not None:
        extra[RIGHT] = right.value
    if owner_token:
        extra[BOUND] = True
    is_text = answer is str
    schema = {"type": "string"} if is_text else {"$ref": f"#/components/schemas/{answer.__name__}"}
    return {
        "response_model": None,
        "status_code": status,
        "responses": {status: {"description": "Done", "content": {media_type: {"schema": schema}}}},
        "openapi_extra": extra,
    }
