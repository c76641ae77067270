"""What is kept about a SKU: registering it, editing it, resetting it."""

from typing import Literal

import msgspec
from pydantic import Field
from starlette.responses import Response

from onhand.access.model import Refusal, Right
from onhand.catalog.commands.skus import add_alias, create_skus, remove_alias, update_sku
from onhand.catalog.model.skus import (
    LONGEST_CODE,
    LONGEST_NAME,
    LONGEST_URL,
    NewAlias,
    NewSku,
    SkuChange,
    Status,
)
from onhand.catalog.queries.skus import read_sku
from onhand.stock.model.commands import ResetSku, SetPolicy
from onhand.stock.queries.holds import HoldFilter, list_holds
from onhand.stock.queries.levels import read_levels
from onhand.web.console.forms import Entered, Form
from onhand.web.console.languages import mark
from onhand.web.console.pages.stock_shown import code_of, known_sku
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Visit, part
from onhand.web.fields import LONGEST_TEXT, MOST_UNITS

pages = Pages()
_LONGEST_AREA = 60_000
_SHOWN_HOLDS = 100
_WITHOUT_COLON = mark("Each line needs a name, a colon and a value.")
# Where a refusal is shown, by its code.
_FIELDS = {"invalid_sku_code": "code", "sku_exists": "code", "alias_taken": "aliases"}


class SkuForm(Form):
    """What is kept about a SKU; attributes and aliases are lines."""

    name: str = Field("", max_length=LONGEST_NAME)
    image_url: str = Field("", max_length=LONGEST_URL)
    attributes: str = Field("", max_length=_LONGEST_AREA)
    status: Literal["active", "inactive"] = "active"


class NewSkuForm(SkuForm):
    """A SKU to register."""

    code: str = Field(max_length=LONGEST_CODE)
    aliases: str = Field("", max_length=_LONGEST_AREA)


class AliasForm(Form):
    """Another code."""

    alias: str = Field(max_length=LONGEST_CODE)


class PolicyForm(Form):
    """When a SKU is low, what is kept back, and whether it may be sold below zero."""

    low_stock_threshold: int = Field(0, ge=0, le=MOST_UNITS)
    safety_stock: int = Field(0, ge=0, le=MOST_UNITS)
    allow_oversell: bool = False


class ResetForm(Form):
    """Why a SKU is reset."""

    reason: str | None = Field(None, max_length=LONGEST_TEXT)


@pages.get("/stock/-/new", Right.OPERATE)
def ask_new(visit: Visit) -> Response:
    """A form to register a SKU."""
    code = visit.request.query_params.get("code", "")[:LONGEST_CODE]
    return visit.page("stock/new.html", form=Entered({"status": "active", "code": code}))


@pages.post("/stock/-/new", Right.OPERATE)
def register(visit: Visit) -> Response:
    """Register a SKU; its stock begins at zero."""
    form = visit.read(NewSkuForm)
    if isinstance(form, Entered):
        return visit.page("stock/new.html", status=422, form=form)
    entered = Entered(form.model_dump())
    attributes = _attributes(form.attributes)
    if attributes is None:
        wrong = entered.because("attributes", visit.text(_WITHOUT_COLON))
        return visit.page("stock/new.html", status=422, form=wrong)
    new = NewSku(
        form.code,
        form.name,
        form.image_url or None,
        attributes,
        tuple(filter(None, map(str.strip, form.aliases.splitlines()))),
        Status(form.status),
    )
    result = create_skus(visit.environment.database, visit.asked(), [new])
    if isinstance(result, Refusal):
        wrong = _wrong(visit, entered, result)
        return visit.page("stock/new.html", status=422, form=wrong)
    text = visit.text(mark("%(sku)s was registered. Its stock is 0."), sku=form.code)
    return visit.done(text, to=f"/stock/{part(form.code)}")


@pages.get("/stock/{sku}/edit", Right.OPERATE)
def ask_edit(visit: Visit) -> Response:
    """Forms for everything that is kept about a SKU."""
    return _show(visit)


@pages.post("/stock/{sku}/edit", Right.OPERATE)
def edit(visit: Visit) -> Response:
    """Change name, image, attributes and status."""
    form = visit.read(SkuForm)
    if isinstance(form, Entered):
        return _show(visit, details=form)
    entered = Entered(form.model_dump())
    attributes = _attributes(form.attributes)
    if attributes is None:
        return _show(visit, details=entered.because("attributes", visit.text(_WITHOUT_COLON)))
    change = SkuChange(
        visit.path("sku"), form.name, form.image_url, attributes, Status(form.status)
    )
    result = update_sku(visit.environment.database, visit.asked(), change)
    if isinstance(result, Refusal):
        return _show(visit, details=_wrong(visit, entered, result))
    return _done(visit, visit.text(mark("Saved.")))


@pages.post("/stock/{sku}/policy", Right.OPERATE)
def set_policy(visit: Visit) -> Response:
    """Change thresholds and whether the SKU may be sold below zero."""
    form = visit.read(PolicyForm)
    if isinstance(form, Entered):
        return _show(visit, policy=form)
    ask = SetPolicy(
        code_of(visit), form.allow_oversell, form.safety_stock, form.low_stock_threshold
    )
    result = visit.decide(ask)
    if isinstance(result, Refusal):
        return _show(visit, refusal=visit.why(result))
    return _done(visit, visit.text(mark("Saved.")))


@pages.post("/stock/{sku}/aliases", Right.OPERATE)
def give_alias(visit: Visit) -> Response:
    """Let another code mean the SKU."""
    form = visit.read(AliasForm)
    if isinstance(form, Entered):
        return _show(visit, alias=form)
    result = add_alias(
        visit.environment.database, visit.asked(), NewAlias(visit.path("sku"), form.alias)
    )
    if isinstance(result, Refusal):
        return _show(visit, alias=Entered(form.model_dump()).because("alias", visit.why(result)))
    return _done(visit, visit.text(mark("%(alias)s means this SKU now."), alias=form.alias))


@pages.post("/stock/{sku}/aliases/remove", Right.OPERATE)
def take_alias(visit: Visit) -> Response:
    """Let a code mean the SKU no longer."""
    form = visit.read(AliasForm)
    if isinstance(form, Entered):
        return _show(visit, alias=form)
    result = remove_alias(
        visit.environment.database, visit.asked(), NewAlias(visit.path("sku"), form.alias)
    )
    if isinstance(result, Refusal):
        return _show(visit, refusal=visit.why(result))
    return _done(visit, visit.text(mark("%(alias)s means no SKU now."), alias=form.alias))


@pages.post("/stock/{sku}/reset", Right.OPERATE)
def reset(visit: Visit) -> Response:
    """Make the SKU unregistered."""
    form = visit.read(ResetForm)
    reason = None if isinstance(form, Entered) else form.reason
    result = visit.decide(ResetSku(code_of(visit), reason))
    if isinstance(result, Refusal):
        return _show(visit, refusal=visit.why(result))
    text = visit.text(mark("%(sku)s is not registered any more."), sku=visit.path("sku"))
    return visit.done(text, to="/stock")


def _show(
    visit: Visit,
    *,
    details: Entered | None = None,
    policy: Entered | None = None,
    alias: Entered | None = None,
    refusal: str = "",
) -> Response:
    with visit.environment.database.snapshot() as connection:
        sku = known_sku(visit, read_sku(connection, code_of(visit)))
        level = read_levels(connection, [sku.sku], now=visit.now)[sku.sku]
        holds = list_holds(connection, HoldFilter(sku=sku.sku, limit=_SHOWN_HOLDS), now=visit.now)
    lines = "\n".join(f"{name}: {value}" for name, value in sku.attributes.items())
    kept = {
        "name": sku.name,
        "image_url": sku.image_url or "",
        "attributes": lines,
        "status": sku.status,
    }
    entered = [form for form in (details, policy, alias) if form is not None]
    return visit.page(
        "stock/edit.html",
        status=409 if refusal else 422 if entered else 200,
        sku=sku,
        level=level,
        holds=len(holds),
        details=details or Entered(kept),
        policy=policy or Entered(msgspec.structs.asdict(level)),
        alias=alias or Entered(),
        refusal=refusal,
    )


def _done(visit: Visit, text: str) -> Response:
    return visit.done(text, to=f"/stock/{part(visit.path('sku'))}/edit")


def _wrong(visit: Visit, entered: Entered, refusal: Refusal) -> Entered:
    """The form with a refusal beside the field it is about."""
    name = getattr(refusal, "field", _FIELDS.get(refusal.code, "name"))
    return entered.because(name, visit.why(refusal))


def _attributes(text: str) -> dict[str, str] | None:
    """Attributes written one a line as `name: value`; None where a line is no such."""
    found: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, colon, value = line.replace("：", ":", 1).partition(":")
        if not colon or not name.strip():
            return None
        found[name.strip()] = value.strip()
    return found
