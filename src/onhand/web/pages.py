"""Pages for people: the operations at /docs and the refusals at /docs/errors."""

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

router = APIRouter(include_in_schema=False)


@router.get("/")
def show_start() -> Response:
    """To the operations."""
    return RedirectResponse("/docs")
