"""Whether the server and its databases work; open to everybody."""

from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import Response

from onhand.bootstrap.environment import Onhand
from onhand.db.errors import DatabaseUnavailable
from onhand.db.migrate import is_current
from onhand.web.answers import DatabaseHealth, Health
from onhand.web.errors import Problem, Refused
from onhand.web.operation import operation, operations
from onhand.web.visits import shown

router = operations(tag="health", prefix="")


@router.get("/health", **operation(None, Health))
def health() -> Response:
    """The server answers; says nothing about its databases."""
    return shown(Health("ok", version("onhand")))


@router.get("/health/database", **operation(None, DatabaseHealth, "database_unavailable"))
def database_health(request: Request) -> Response:
    """Each environment's database answers and has the schema of this version."""
    onhand: Onhand = request.app.state.onhand
    states = {str(environment.name): "ok" for environment in onhand.environments}
    reasons = []
    for environment in onhand.environments:
        try:
            if not is_current(environment.database):
                states[environment.name] = "other schema"
                reasons.append(f"{environment.name}: the schema is of another version")
        except DatabaseUnavailable as error:
            states[environment.name] = "unavailable"
            reasons.append(f"{environment.name}: {error.reason}")
    if reasons:
        facts = {"reason": "; ".join(reasons), "databases": states}
        raise Refused(Problem("database_unavailable", facts))
    return shown(DatabaseHealth("ok", states))
