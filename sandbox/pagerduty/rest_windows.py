"""REST: maintenance windows, and the notifications that went out."""

# flake8: noqa: W503

from __future__ import annotations

from typing import List

from ..server import HttpAnswer, Routes
from .call import PagerDutyCall
from .forms import BodyForm, Field, many, moment, refer, text
from .model import LogEntry, Thing, invalid
from .resource import in_use, serve_showing

routes = Routes()
_STATES = ("past", "future", "ongoing", "open", "all")
_KINDS = ("sms_notification", "email_notification", "phone_notification", "push_notification")
MAX_RANGE_SECONDS = 92 * 86400

WINDOW = BodyForm(
    "maintenance_window",
    start_time=Field(moment, required=True, store="start"),
    end_time=Field(moment, required=True, store="end"),
    description=Field(text(1024, blank=True), store="name"),
    services=Field(many(refer("services"), least=1), required=True, store="service_ids"),
)


def _state(window: Thing, now: float) -> str:
    if window["end"] <= now:
        return "past"
    return "future" if window["start"] > now else "ongoing"


@routes.add("GET", "/maintenance_windows")
def index(call: PagerDutyCall) -> HttpAnswer:
    account, render, now = call.account, call.renderer(), call.account.clock()
    state = (call.chosen("filter", _STATES) or ["all"])[0]
    teams, services = (
        set(call.request.params("team_ids[]")),
        set(call.request.params("service_ids[]")),
    )
    query, rows = call.param("query").lower(), []
    for window in account.catalog["maintenance_windows"].values():
        own = {t for s in window["service_ids"] for t in account.service_teams(s)}
        current = _state(window, now)
        fits = state == "all" or current == state or state == "open" and current != "past"
        fits = fits and (not teams or not teams.isdisjoint(own))
        fits = fits and (not services or not services.isdisjoint(window["service_ids"]))
        if fits and query in window["name"].lower():
            rows.append(window)
    rows.sort(key=lambda w: w["start"])
    return call.page("maintenance_windows", rows, lambda w: render.thing("maintenance_windows", w))


@routes.add("POST", "/maintenance_windows")
def create(call: PagerDutyCall) -> HttpAnswer:
    agent, account = call.sender(), call.account
    fields = WINDOW.read(call, call.body("maintenance_window"))
    made = account.open_window(fields, agent.id)
    return _shown(call, 201, made, made["id"])


@routes.add("PUT", "/maintenance_windows/{id}")
def update(call: PagerDutyCall) -> HttpAnswer:
    window = call.named("maintenance_windows")
    if _state(window, call.account.clock()) == "past":
        raise in_use("Maintenance windows that have ended can't be changed")
    fields = WINDOW.read(call, call.body("maintenance_window"), partial=True)
    call.account.check_window({**window, **fields})
    call.account.change(
        "maintenance_windows",
        window,
        {**fields, "description": fields.get("name", window["name"])},
    )
    return _shown(call, 200, window, window["id"])


serve_showing(routes, "maintenance_windows", "maintenance_window")


@routes.add("DELETE", "/maintenance_windows/{id}")
def delete(call: PagerDutyCall) -> HttpAnswer:
    """One of the future is deleted, the current one ends now, a past one stays."""
    window, account = call.named("maintenance_windows"), call.account
    state = _state(window, account.clock())
    if state == "past":
        raise in_use("Maintenance windows that have ended can't be deleted")
    if state == "ongoing":
        account.change("maintenance_windows", window, {"end": account.now()})
    else:
        account.remove("maintenance_windows", window)
    return HttpAnswer(204, None, effect=window["id"])


def _shown(call: PagerDutyCall, status: int, window: Thing, effect: str) -> HttpAnswer:
    shown = call.renderer().thing("maintenance_windows", window)
    return HttpAnswer(status, {"maintenance_window": shown}, effect=effect)


@routes.add("GET", "/notifications")
def notifications(call: PagerDutyCall) -> HttpAnswer:
    """Newest first."""
    account, render = call.account, call.renderer()
    if not call.param("since") or not call.param("until"):
        raise invalid("since and until are required")
    since, until = call.span(0)
    if until - since > MAX_RANGE_SECONDS:
        raise invalid("The date range must be less than 3 months")
    wanted = (call.chosen("filter", _KINDS) or [""])[0]
    rows: List[LogEntry] = [
        entry
        for entry in reversed(account.log)
        if entry.type == "notify"
        and since <= entry.created_at <= until
        and (not wanted or entry.channel["notification"]["type"] == wanted)
    ]

    def show(entry: LogEntry) -> Thing:
        told = entry.channel["notification"]
        return {
            "id": entry.id,
            "type": told["type"],
            "started_at": render.time(entry.created_at),
            "address": told["address"],
            "status": told["status"],
            "user": render.either("users", "users", entry.extra["user"]),
        }

    return call.page("notifications", rows, show)
