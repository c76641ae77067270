"""What a fault does to a call: instead of its effect, or to the answer after it."""

from datetime import datetime, timedelta
from typing import Any

from onhand.simulators.rakuten.call import errors
from onhand.simulators.rakuten.dice import Dice
from onhand.simulators.rakuten.faults import Fault, FaultKind
from onhand.simulators.rakuten.gateway import limited, read_only, unauthorised
from onhand.simulators.rakuten.items import ENDLESS
from onhand.simulators.rakuten.knobs import Knobs
from onhand.simulators.rakuten.wire import Lost, Outcome, Request, Response, html, ok
from onhand.simulators.rakuten.world import RequestLands, World

_LISTS = ("orderNumberList", "OrderModelList", "results", "inventories")
_MOST_REPEATED = 10


def before(world: World, fault: Fault, request: Request, now: datetime) -> Outcome | None:
    """What the client gets instead of the effect; None when the effect is to happen."""
    if fault.kind is FaultKind.LATE:
        event = RequestLands(request, now)
        world.schedule(now + timedelta(seconds=fault.delay_s), event)
        return Lost(effect_done=False, hang_s=fault.hang_s)
    if not fault.after and fault.kind is FaultKind.LOST:
        return Lost(effect_done=False, hang_s=fault.hang_s)
    if not fault.after and fault.kind in {FaultKind.ERROR, FaultKind.HTML}:
        return _broken(fault)
    return _refusal(fault, world.knobs)


def after(fault: Fault, answer: Response, dice: Dice) -> Outcome:
    """What the client gets after the effect, where `before` let it happen."""
    if fault.kind is FaultKind.LOST:
        return Lost(effect_done=True, hang_s=fault.hang_s)
    if fault.kind in {FaultKind.ERROR, FaultKind.HTML}:
        return _broken(fault)
    if fault.kind is FaultKind.TRUNCATED:
        return Response(answer.status, answer.headers, answer.body[: len(answer.body) // 2])
    if answer.status != 200:
        return answer
    document: Any = answer.json()
    if fault.kind is FaultKind.ENDLESS:
        _without_end(document, dice)
    for name in _LISTS:
        found = document.get(name)
        if found and fault.kind is FaultKind.REORDERED:
            document[name] = dice.shuffled(found)
        elif found and fault.kind is FaultKind.REPEATED:
            document[name] = found + found[:_MOST_REPEATED]
    changed = ok(document)
    return Response(200, answer.headers, changed.body)


def _broken(fault: Fault) -> Response:
    if fault.kind is FaultKind.HTML:
        return html(fault.status, "Bad Gateway")
    return errors(fault.status, fault.code, "An unexpected error has occurred")


def _refusal(fault: Fault, knobs: Knobs) -> Response | None:
    if fault.kind is FaultKind.LIMITED:
        return limited(429, fault.retry_after_s)
    if fault.kind is FaultKind.KEY_EXPIRED:
        return unauthorised(fault.envelope or knobs.auth_envelope)
    if fault.kind is FaultKind.MAINTENANCE:
        return html(503, "メンテナンス中")
    if fault.kind is FaultKind.CONFLICT:
        return errors(409, "CE0001", "Conflict with another process. Try again shortly.")
    if fault.kind is FaultKind.READ_ONLY:
        return read_only()
    return None


def _without_end(document: dict[str, Any], dice: Dice) -> None:
    if "nextCursorMark" in document:
        document["nextCursorMark"] = f"{ENDLESS}{dice.whole(1, 10**9)}"
    pages = document.get("PaginationResponseModel")
    if pages and pages["requestPage"] is not None:
        pages["totalPages"] = pages["requestPage"] + 1
        pages["totalRecordsAmount"] += 1_000
