"""Rules of stores and of single listings: tried dry first, then set."""

from dataclasses import asdict, dataclass
from typing import Annotated, Literal

from pydantic import Field
from starlette.responses import Response

from onhand.access.model import Refusal, Right
from onhand.bootstrap.shops import limits_of
from onhand.catalog.queries.listings import ListingView, read_listing
from onhand.catalog.queries.stores import StoreView, read_store
from onhand.sync.commands.rules import LARGEST_UNITS, set_rule
from onhand.sync.model.rules import Rule
from onhand.sync.queries.rules import (
    Preview,
    Supposed,
    preview_listing,
    preview_store,
    read_rule,
)
from onhand.web.console.forms import Entered, Form
from onhand.web.console.languages import mark
from onhand.web.console.pages.selling_shown import known, read_query
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Visit, part
from onhand.web.errors import Problem, Refused

pages = Pages()


@dataclass(frozen=True, slots=True)
class _Of:
    """Whose rule it is: a store's, or one listing's of it."""

    store: StoreView
    listing: ListingView | None = None


_Units = Annotated[int, Field(ge=0, le=LARGEST_UNITS)]


class RuleForm(Form):
    """A rule; an empty field says nothing."""

    safety_units: _Units | None = None
    share_percent: Annotated[int, Field(ge=0, le=100)] | None = None
    cap_units: _Units | None = None
    floor_units: _Units | None = None
    fixed_units: _Units | None = None
    paused: Literal["yes", "no"] | None = None

    def rule(self) -> Rule:
        """The rule of sync."""
        paused = None if self.paused is None else self.paused == "yes"
        return Rule(**{**self.model_dump(), "paused": paused})


@pages.get("/stores/{store}/rule", Right.OPERATE)
def show_store_rule(visit: Visit) -> Response:
    """The rule of a store; with `try`, what another would change."""
    return _show(visit, _Of(_store(visit, visit.path("store"))))


@pages.post("/stores/{store}/rule", Right.OPERATE)
def set_store_rule(visit: Visit) -> Response:
    """Set the rule of a store."""
    return _set(visit, _Of(_store(visit, visit.path("store"))))


@pages.get("/listings/{listing}/rule", Right.OPERATE)
def show_listing_rule(visit: Visit) -> Response:
    """The rule of one listing; with `try`, what another would change."""
    listing = _listing(visit)
    return _show(visit, _Of(_store(visit, listing.store), listing))


@pages.post("/listings/{listing}/rule", Right.OPERATE)
def set_listing_rule(visit: Visit) -> Response:
    """Set the rule of one listing; an empty one lets it follow its store's again."""
    listing = _listing(visit)
    return _set(visit, _Of(_store(visit, listing.store), listing))


def _set(visit: Visit, of: _Of) -> Response:
    form = visit.read(RuleForm)
    if isinstance(form, Entered):
        return _page(visit, of, form=form)
    store, listing = of.store, of.listing
    listing_id = "" if listing is None else listing.listing
    result = set_rule(
        visit.environment.database, visit.asked(), store.store, form.rule(), listing_id=listing_id
    )
    if isinstance(result, Refusal):
        return _page(visit, of, form=Entered(_typed(form)), refusal=visit.why(result))
    said = visit.text(mark("The rule was set; the shop is told what it changes."))
    to = f"/stores/{part(store.store)}" if listing is None else f"/listings/{part(listing_id)}"
    return visit.done(said, to=to)


def _show(visit: Visit, of: _Of) -> Response:
    if "try" not in visit.request.query_params:
        return _page(visit, of)
    form = read_query(visit, RuleForm)
    if isinstance(form, Entered):
        return _page(visit, of, form=form)
    store, listing = of.store, of.listing
    supposed = Supposed(store.store, form.rule(), limits_of(store.platform).most_units)
    with visit.environment.database.snapshot() as connection:
        preview = (
            preview_store(connection, supposed, now=visit.now)
            if listing is None
            else preview_listing(connection, supposed, listing, now=visit.now)
        )
    return _page(visit, of, form=Entered(_typed(form)), preview=preview)


def _typed(form: RuleForm) -> dict[str, object]:
    return {name: value for name, value in form.model_dump().items() if value is not None}


def _as_set(rule: Rule) -> Entered:
    values: dict[str, object] = asdict(rule)
    if rule.paused is not None:
        values["paused"] = "yes" if rule.paused else "no"
    return Entered({name: value for name, value in values.items() if value is not None})


def _page(
    visit: Visit,
    of: _Of,
    *,
    form: Entered | None = None,
    preview: Preview | None = None,
    refusal: str = "",
) -> Response:
    own = None if of.listing is None else of.listing.listing
    with visit.environment.database.read() as connection:
        view = read_rule(connection, of.store.store, own)
    form = form or _as_set(view.rule)
    return visit.page(
        "selling/rule.html",
        status=409 if refusal else 422 if form.errors else 200,
        store=of.store,
        listing=of.listing,
        rule=view,
        form=form,
        preview=preview,
        refusal=refusal,
    )


def _store(visit: Visit, store_id: str) -> StoreView:
    with visit.environment.database.read() as connection:
        return known(visit, read_store(connection, store_id, now=visit.now))


def _listing(visit: Visit) -> ListingView:
    listing_id = visit.path("listing")
    with visit.environment.database.read() as connection:
        found = read_listing(connection, listing_id)
    if found is None:
        raise Refused(Problem("unknown_listing", {"listing": listing_id}))
    return found
