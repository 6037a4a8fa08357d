"""REST: what the account offers as it is: priorities, vendors, abilities."""

from __future__ import annotations

from ..server import HttpAnswer, Routes
from .call import PagerDutyCall
from .model import not_found
from .resource import serve_showing

routes = Routes()

ABILITIES = (
    "teams",
    "read_only_users",
    "service_support_hours",
    "urgencies",
    "coordinated_responding",
)


def _listing(kind: str) -> None:
    @routes.add("GET", f"/{kind}")
    def index(call: PagerDutyCall) -> HttpAnswer:
        """In the account's own order; of priorities the highest first."""
        render = call.renderer()
        return call.page(
            kind,
            list(call.account.catalog[kind].values()),
            lambda thing: render.thing(kind, thing),
        )


_listing("priorities")
_listing("vendors")
serve_showing(routes, "vendors", "vendor")


@routes.add("GET", "/abilities")
def abilities(call: PagerDutyCall) -> HttpAnswer:
    return HttpAnswer(200, {"abilities": list(ABILITIES)})


@routes.add("GET", "/abilities/{id}")
def ability(call: PagerDutyCall) -> HttpAnswer:
    if call.names["id"] not in ABILITIES:
        raise not_found()
    return HttpAnswer(204, None)
