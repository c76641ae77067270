"""What several pages of selling share: stores by name, lists read page by page, forms by GET."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from starlette.datastructures import FormData, UploadFile

from onhand.catalog.queries.stores import StoreView
from onhand.web.api.stores import unknown_store
from onhand.web.console.forms import Entered, Form, read_form
from onhand.web.console.visits import Visit

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

F = TypeVar("F", bound=Form)
Filter = TypeVar("Filter", bound="DataclassInstance")
Page = TypeVar("Page")
PAGE = 50  # rows of a list


def names(stores: Iterable[StoreView]) -> dict[str, str]:
    """The stores' names by their ids."""
    return {store.store: store.name for store in stores}


def known(visit: Visit, store: StoreView | None) -> StoreView:
    """The store that the page's address names.

    Raises:
        Refused: there is none.
    """
    if store is None:
        raise unknown_store(visit.path("store"))
    return store


def page_of(read: Callable[[Filter], Page], wanted: Filter) -> Page:
    """One page of a list; the first where the address names a place that is none."""
    try:
        return read(wanted)
    except ValueError:
        return read(replace(wanted, after=None))


def read_query(visit: Visit, model: type[F]) -> F | Entered:
    """A form that was sent in the address, by GET, or what was entered with what is wrong."""
    fields: list[tuple[str, str | UploadFile]] = [*visit.request.query_params.multi_items()]
    return read_form(model, FormData(fields), visit.reader)
