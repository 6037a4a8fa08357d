"""Things of the catalog by REST: list, show, create, update and delete, each as PagerDuty answers
it."""

# flake8: noqa: W503

from __future__ import annotations

from typing import Callable, List, Optional

from ..server import HttpAnswer, Routes
from .call import PagerDutyCall
from .forms import BodyForm
from .model import RequestRefused, Thing, invalid

_SORTS = ("name", "name:asc", "name:desc")


def filtered(call: PagerDutyCall, kind: str) -> List[Thing]:
    """By `query` (part of the name, any case; of a user's e-mail as well), `name`, teams; sorted
    by name."""
    account, query, name = call.account, call.param("query").lower(), call.param("name")
    teams = set(call.request.params("team_ids[]"))
    rows = []
    for thing in account.catalog[kind].values():
        own = thing.get("team_ids", ())
        if kind == "services":
            own = account.team_ids(thing["id"], thing["escalation_policy_id"])
        if (
            teams
            and teams.isdisjoint(own)
            or not any(query in str(thing.get(of, "")).lower() for of in ("name", "email"))
            or name
            and name != thing["name"]
        ):
            continue
        rows.append(thing)
    order = call.param("sort_by") or "name"
    if order not in _SORTS:
        raise invalid("sort_by is invalid")
    rows.sort(key=lambda t: t["name"].lower(), reverse=order.endswith(":desc"))
    return rows


def taken(
    call: PagerDutyCall, kind: str, fields: Thing, thing: Optional[Thing] = None, by: str = "name"
) -> None:
    """Raises 400 when another thing of the kind bears the name already, in any case."""
    wanted = str(fields.get(by, "")).lower()
    for other in call.account.catalog[kind].values() if wanted else ():
        if other is not thing and other[by].lower() == wanted:
            raise invalid(f"{by.capitalize()} has already been taken")


def in_use(message: str, *errors: str) -> RequestRefused:
    """A thing that others hold on to cannot be deleted."""
    return RequestRefused(400, 2001, message, *(errors or (message,)))


def remove_schedule(call: PagerDutyCall, schedule: Thing) -> None:
    """Of either kind. Raises RequestRefused while an escalation policy uses it."""
    target = ("schedule", schedule["id"])
    for policy in call.account.catalog["escalation_policies"].values():
        if any(target in map(tuple, rule["targets"]) for rule in policy["rules"]):
            raise in_use("Schedule can't be deleted if it's being used by escalation policies")
    call.account.remove("schedules", schedule)


def serve_reading(routes: Routes, kind: str, single: str) -> None:
    @routes.add("GET", f"/{kind}")
    def index(call: PagerDutyCall) -> HttpAnswer:
        render = call.renderer()
        return call.page(kind, filtered(call, kind), lambda thing: render.thing(kind, thing))

    serve_showing(routes, kind, single)


def serve_showing(routes: Routes, kind: str, single: str, status: int = 200) -> None:
    @routes.add("GET", f"/{kind}/{{id}}")
    def show(call: PagerDutyCall) -> HttpAnswer:
        return HttpAnswer(status, {single: call.renderer().thing(kind, call.named(kind))})


def serve_writing(
    routes: Routes,
    kind: str,
    single: str,
    form: BodyForm,
    *,
    settle: Callable[[PagerDutyCall, Thing, Optional[Thing]], None] = lambda call, fields, thing: (
        None
    ),
    born: Callable[[PagerDutyCall, Thing], None] = lambda call, thing: None,
    guard: Callable[[PagerDutyCall, Thing], None] = lambda call, thing: None,
    sender: bool = False,
    created: int = 201,
    deleted: int = 204,
) -> None:
    """`settle(call, fields, thing)` checks what a form cannot and fills fields in (`thing` is None
    for a new one); `born(call, thing)` makes what comes with a new one; `guard(call, thing)`
    refuses a delete; `sender`: a create needs `From`."""

    @routes.add("POST", f"/{kind}")
    def create(call: PagerDutyCall) -> HttpAnswer:
        if sender:
            call.sender()
        fields = form.read(call, call.body(single))
        settle(call, fields, None)
        thing = call.account.create(kind, fields)
        born(call, thing)
        return HttpAnswer(
            created, {single: call.renderer().thing(kind, thing)}, effect=thing["id"]
        )

    @routes.add("PUT", f"/{kind}/{{id}}")
    def update(call: PagerDutyCall) -> HttpAnswer:
        thing = call.named(kind)
        fields = form.read(call, call.body(single), partial=True)
        settle(call, fields, thing)
        call.account.change(kind, thing, fields)
        return HttpAnswer(200, {single: call.renderer().thing(kind, thing)}, effect=thing["id"])

    @routes.add("DELETE", f"/{kind}/{{id}}")
    def delete(call: PagerDutyCall) -> HttpAnswer:
        thing = call.named(kind)
        guard(call, thing)
        call.account.remove(kind, thing)
        return HttpAnswer(deleted, None, effect=thing["id"])
