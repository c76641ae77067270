"""Refusals over HTTP: problem details (RFC 9457) with a stable `code` and all facts as members.

The status belongs to the code; whoever refuses does not know it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from onhand.access.model import IdempotencyConflict, Refusal
from onhand.db.errors import DatabaseUnavailable
from onhand.web.messages import Language, say

MEDIA_TYPE = "application/problem+json"
KEY_SEPARATOR = "·"  # not ASCII, so no idempotency key contains it
_RETRY_AFTER_S = "2"

# Every code the interface answers with. docs/reference/errors.md explains each.
STATUSES = {
    "insufficient_stock": 409,
    "unknown_sku": 404,
    "unknown_location": 404,
    "same_location": 422,
    "stock_moved": 409,
    "reservation_not_found": 404,
    "reservation_ended": 409,
    "reservation_not_yours": 403,
    "cart_hold_must_end": 422,
    "exceeds_held": 409,
    "exceeds_reserved": 409,
    "exceeds_shipped": 409,
    "hold_limit_reached": 409,
    "invalid_moment": 422,
    "balance_too_large": 409,
    "idempotency_conflict": 409,
    "invalid_sku_code": 422,
    "sku_exists": 409,
    "alias_taken": 409,
    "unknown_alias": 404,
    "invalid_sku_field": 422,
    "too_many_skus": 422,
    "invalid_name": 422,
    "invalid_lifetime": 422,
    "not_allowed": 403,
    "token_not_found": 404,
    "token_already_made": 409,
    "user_exists": 409,
    "user_not_found": 404,
    "user_inactive": 409,
    "reserved_name": 422,
    "last_admin": 409,
    "too_many_views": 409,
    "invalid_timezone": 422,
    "weak_password": 422,
    "wrong_password": 403,
    "too_many_attempts": 429,
    "set_up_link_invalid": 404,
    "link_already_made": 409,
    "not_signed_in": 403,
    "live_only": 403,
    "location_exists": 409,
    "location_not_empty": 409,
    "main_location": 409,
    "count_not_found": 404,
    "count_ended": 409,
    "not_on_sheet": 409,
    "count_moved": 409,
    "undo_not_found": 404,
    "undo_breaks": 409,
    "undo_is_final": 409,
    "not_undoable": 409,
    "part_of_group": 409,
    "invalid_store_id": 422,
    "store_exists": 409,
    "unknown_store": 404,
    "invalid_store_field": 422,
    "invalid_credentials": 422,
    "unknown_listing": 404,
    "listing_mapped": 409,
    "invalid_rule": 422,
    "unknown_push": 404,
    "unknown_drift": 404,
    "unknown_job": 404,
    "unknown_task": 404,
    "store_inactive": 409,
    "order_not_found": 404,
    "order_not_waiting": 409,
    "entry_not_found": 404,
    "entry_closed": 409,
    "invalid_reason": 422,
    "unknown_import": 404,
    "unknown_file": 404,
    "import_not_ready": 409,
    "import_moved": 409,
    "import_failed": 422,
    "file_too_large": 413,
    "too_many_rows": 422,
    "unreadable_file": 422,
    "unpacked_too_large": 422,
    "unknown_encoding": 422,
    "unknown_delimiter": 422,
    "unknown_sheet": 422,
    "unknown_column": 422,
    "no_sku_column": 422,
    "invalid_code_rule": 422,
    "malformed_json": 400,
    "invalid_request": 422,
    "too_many_lines": 422,
    "unsupported_media_type": 415,
    "body_too_large": 413,
    "not_found": 404,
    "method_not_allowed": 405,
    "missing_token": 401,
    "invalid_token": 401,
    "insufficient_scope": 403,
    "owner_token_refused": 403,
    "too_many_requests": 429,
    "test_only": 403,
    "database_unavailable": 503,
    "export_busy": 503,
    "shutting_down": 503,
    "internal_error": 500,
}
_CHALLENGES = {
    "missing_token": "Bearer",
    "invalid_token": 'Bearer error="invalid_token"',
    "insufficient_scope": 'Bearer error="insufficient_scope"',
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request is refused; `facts` are JSON values."""

    code: str
    facts: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The HTTP status of the code."""
        return STATUSES[self.code]


class Refused(Exception):
    """A request ends here, answered with its problem."""

    def __init__(self, problem: Problem) -> None:
        """`problem` is what the caller is told."""
        super().__init__(problem.code)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Rendered:
    """A problem as it is sent."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def problem_of(refusal: Refusal) -> Problem:
    """The problem a refused command is."""
    facts: dict[str, object] = msgspec.to_builtins(refusal)
    if isinstance(refusal, IdempotencyConflict):
        facts["idempotency_key"] = refusal.idempotency_key.rpartition(KEY_SEPARATOR)[2]
    return Problem(refusal.code, facts)


def unavailable(error: DatabaseUnavailable) -> Problem:
    """The problem of a database that is gone, locked or full."""
    return Problem("database_unavailable", {"reason": error.reason})


def render(problem: Problem, language: Language) -> Rendered:
    """The problem as JSON in the reader's language, with the headers its status asks for."""
    title, detail = say(problem.code, language, problem.facts)
    status = problem.status
    body = {
        "type": f"/docs/errors#{problem.code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": problem.code,
        **problem.facts,
    }
    headers = {
        "content-type": MEDIA_TYPE,
        "content-language": language,
        "vary": "Accept-Language",
        **problem.headers,
    }
    if "retry_after_s" in problem.facts:
        headers["retry-after"] = str(problem.facts["retry_after_s"])
    elif status == 503:
        headers["retry-after"] = _RETRY_AFTER_S
    if problem.code in _CHALLENGES:
        headers["www-authenticate"] = _CHALLENGES[problem.code]
    return Rendered(
        status,
        [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        msgspec.json.encode(body),
    )
