"""REST: what goes with an incident: past, related and outlier incidents, change events, business
services."""

# flake8: noqa: W503

from __future__ import annotations

import re
from typing import List, Optional

from ..server import HttpAnswer, Routes
from .call import PagerDutyCall
from .forms import BodyForm, Field, one_of, refer, text
from .model import Incident, Thing, not_found
from .render_catalog import API, CatalogRenderer, shows
from .resource import filtered, serve_showing, serve_writing, taken

routes = Routes()
DAY_SECONDS = 86400
NEAR_SECONDS = 30 * 60
"""Incidents that began this close together count as related; changes this long before one as its
cause."""


def _brief(call: PagerDutyCall, incident: Incident) -> Thing:
    return {
        "id": incident.id,
        "created_at": call.renderer().time(incident.created_at),
        "self": f"{API}/incidents/{incident.id}",
        "title": incident.title,
    }


def _words(text_: str) -> List[str]:
    return re.findall(r"[^\W\d]+", text_.lower())


def _likeness(one: Incident, other: Incident) -> float:
    """0 to 100: how many words the titles share."""
    mine, theirs = set(_words(one.title)), set(_words(other.title))
    return round(100.0 * len(mine & theirs) / max(1, len(mine | theirs)), 4)


def _past(call: PagerDutyCall, incident: Incident) -> List[Incident]:
    """Earlier incidents of the service with a title like it, most alike first."""
    rows = [
        other
        for other in call.account.incidents.values()
        if other.service_id == incident.service_id
        and other.number < incident.number
        and _likeness(incident, other)
    ]
    return sorted(rows, key=lambda other: (-_likeness(incident, other), -other.number))


@routes.add("GET", "/incidents/{id}/past_incidents")
def past(call: PagerDutyCall) -> HttpAnswer:
    incident, limit = call.incident(), min(call.number("limit", 5), 999)
    rows = _past(call, incident)
    shown = [
        {"incident": _brief(call, row), "score": _likeness(incident, row)} for row in rows[:limit]
    ]
    body: Thing = {"past_incidents": shown, "limit": limit}
    if call.flag("total"):
        body["total"] = len(rows)
    return HttpAnswer(200, body)


@routes.add("GET", "/incidents/{id}/related_incidents")
def related(call: PagerDutyCall) -> HttpAnswer:
    """Open ones of other services that began about the same time."""
    incident, rows = call.incident(), []
    for number in call.account.open_numbers:
        other = call.account.by_number[number]
        if (
            other.service_id != incident.service_id
            and abs(other.created_at - incident.created_at) <= NEAR_SECONDS
        ):
            kind = "similar_contents" if _likeness(incident, other) else "prior_feedback"
            feedback = {"positive_feedback_count": 0, "negative_feedback_count": 0}
            meta = {"grouping_classification": kind, "user_feedback": feedback}
            relation = {"type": "machine_learning_inferred", "metadata": meta}
            rows.append({"incident": _brief(call, other), "relationships": [relation]})
    return HttpAnswer(200, {"related_incidents": rows[:20]})


@routes.add("GET", "/incidents/{id}/outlier_incident")
def outlier(call: PagerDutyCall) -> HttpAnswer:
    incident, render = call.incident(), call.renderer()
    since = call.time("since") or incident.created_at - 120 * DAY_SECONDS
    count = sum(row.created_at >= since for row in _past(call, incident))
    category = "novel" if count == 0 else "rare" if count < 5 else "frequent"
    days = max(1.0, (incident.created_at - since) / DAY_SECONDS)
    occurrence = {
        "count": count,
        "frequency": round(count / days, 2),
        "category": category,
        "since": render.time(since),
        "until": render.time(incident.created_at),
    }
    template = {"id": "P" + incident.id[-6:], "cluster_id": "P" + incident.id[-6:][::-1]}
    template["mined_text"] = re.sub(r"\d+", "<*>", incident.title)
    found = {
        "incident": {**_brief(call, incident), "occurrence": occurrence},
        "incident_template": template,
    }
    return HttpAnswer(200, {"outlier_incident": found})


# Change events


@shows("change_events")
def change_event(render: CatalogRenderer, event: Thing, shown: Thing) -> Thing:
    shown.update(
        timestamp=render.time(event["at"]),
        services=[render.reference("services", event["service_id"])],
        integration=render.reference("integrations", event["integration_id"]),
        source=event.get("source") or "",
        links=event.get("links", []),
        images=event.get("images", []),
        custom_details=event.get("custom_details") or {},
    )
    return shown


def _changes(call: PagerDutyCall, service: str = "") -> List[Thing]:
    """Newest first."""
    since, until = call.time("since"), call.time("until")
    teams, integrations = (
        set(call.request.params("team_ids[]")),
        set(call.request.params("integration_ids[]")),
    )
    return [
        event
        for event in reversed(list(call.account.catalog["change_events"].values()))
        if (not service or event["service_id"] == service)
        and (since is None or event["at"] >= since)
        and (until is None or event["at"] <= until)
        and (not teams or not teams.isdisjoint(call.account.service_teams(event["service_id"])))
        and (not integrations or event["integration_id"] in integrations)
    ]


@routes.add("GET", "/change_events")
def changes(call: PagerDutyCall) -> HttpAnswer:
    render = call.renderer()
    return call.page(
        "change_events", _changes(call), lambda row: render.thing("change_events", row)
    )


serve_showing(routes, "change_events", "change_event")


@routes.add("GET", "/services/{id}/change_events")
def service_changes(call: PagerDutyCall) -> HttpAnswer:
    render, service = call.renderer(), call.named("services")
    return call.page(
        "change_events",
        _changes(call, service["id"]),
        lambda row: render.thing("change_events", row),
    )


@routes.add("GET", "/incidents/{id}/related_change_events")
def related_changes(call: PagerDutyCall) -> HttpAnswer:
    incident, render, limit = call.incident(), call.renderer(), call.number("limit", 5)
    rows = [
        {**render.thing("change_events", event), "correlation_reason": {"reason": "most_recent"}}
        for event in _changes(call, incident.service_id)
        if event["at"] <= incident.created_at
    ]
    return HttpAnswer(200, {"change_events": rows[:limit]})


# Business services

BUSINESS_SERVICE = BodyForm(
    name=Field(text(255), required=True),
    description=Field(text(1024, blank=True), null=True),
    point_of_contact=Field(text(255, blank=True), null=True),
    team=Field(refer("teams"), store="team_id", null=True),
)


@shows("business_services")
def business_service(render: CatalogRenderer, service: Thing, shown: Thing) -> Thing:
    team = service.get("team_id")
    shown.update(
        name=service["name"],
        description=service.get("description") or "",
        point_of_contact=service.get("point_of_contact") or "",
        team={"id": team, "type": "team_reference", "self": f"{API}/teams/{team}"}
        if team
        else None,
    )
    return shown


def _settle(call: PagerDutyCall, fields: Thing, service: Optional[Thing]) -> None:
    taken(call, "business_services", fields, service)


@routes.add("GET", "/business_services")
def business_services(call: PagerDutyCall) -> HttpAnswer:
    render = call.renderer()
    return call.page(
        "business_services",
        filtered(call, "business_services"),
        lambda row: render.thing("business_services", row),
    )


serve_showing(routes, "business_services", "business_service")
serve_writing(
    routes, "business_services", "business_service", BUSINESS_SERVICE, settle=_settle, created=200
)


@routes.add("GET", "/incidents/{id}/business_services/impacts")
def impacts(call: PagerDutyCall) -> HttpAnswer:
    incident, rows = call.incident(), list(call.account.catalog["business_services"].values())

    def show(service: Thing) -> Thing:
        status = "impacted" if service["id"] in incident.impacted else "not_impacted"
        return {
            "id": service["id"],
            "name": service["name"],
            "type": "business_service",
            "status": status,
        }

    return call.cursor_page("services", rows, show)


@routes.add("PUT", "/incidents/{id}/business_services/{business_service_id}/impacts")
def set_impact(call: PagerDutyCall) -> HttpAnswer:
    incident = call.incident()
    service = call.account.catalog["business_services"].get(call.names["business_service_id"])
    if service is None:
        raise not_found()
    relation = IMPACT.read(call, call.body())["relation"]
    if relation == "impacted":
        incident.impacted.add(service["id"])
    else:
        incident.impacted.discard(service["id"])
    return HttpAnswer(200, {"relation": relation}, effect=incident.id)


IMPACT = BodyForm(relation=Field(one_of("impacted", "not_impacted"), required=True))
