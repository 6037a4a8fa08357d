"""REST: incident workflows, their triggers and runs; and incident types."""

# flake8: noqa: W503

from __future__ import annotations

from typing import Any, Optional

from ..server import HttpAnswer, Routes
from .call import PagerDutyCall
from .forms import BodyForm, Field, Problem, flag, many, mapping, one_of, refer, text
from .model import Agent, Thing, invalid
from .render_catalog import API, CatalogRenderer, shows
from .resource import filtered, serve_showing, serve_writing, taken

routes = Routes()

WORKFLOW = BodyForm(
    name=Field(text(255), required=True),
    description=Field(text(blank=True), null=True),
    team=Field(refer("teams"), store="team_id", null=True),
    is_enabled=Field(flag),
    steps=Field(many(mapping)),
)


@shows("incident_workflows")
def workflow(render: CatalogRenderer, workflow: Thing, shown: Thing) -> Thing:
    shown.update(
        name=workflow["name"],
        description=workflow.get("description") or "",
        created_at=render.time(workflow["created_at"]),
        is_enabled=workflow["is_enabled"],
    )
    if workflow.get("team_id"):
        shown["team"] = {"id": workflow["team_id"], "type": "team_reference"}
    if "steps" in render.include:
        shown["steps"] = workflow.get("steps", [])
    return shown


def _settle(call: PagerDutyCall, fields: Thing, workflow: Optional[Thing]) -> None:
    taken(call, "incident_workflows", fields, workflow)
    if workflow is None:
        fields.update({"is_enabled": True, **fields, "created_at": call.account.now()})


@routes.add("GET", "/incident_workflows")
def index(call: PagerDutyCall) -> HttpAnswer:
    render, rows = call.renderer(), filtered(call, "incident_workflows")
    return call.page(
        "incident_workflows", rows, lambda row: render.thing("incident_workflows", row)
    )


serve_showing(routes, "incident_workflows", "incident_workflow", status=201)
serve_writing(
    routes, "incident_workflows", "incident_workflow", WORKFLOW, settle=_settle, deleted=200
)


@routes.add("POST", "/incident_workflows/{id}/instances")
def run(call: PagerDutyCall) -> HttpAnswer:
    """No `From`. The incident's log tells of the run."""
    workflow, account = call.named("incident_workflows"), call.account
    reference = call.body("incident_workflow_instance").get("incident")
    incident = (
        account.incidents.get(str(reference.get("id"))) if isinstance(reference, dict) else None
    )
    if incident is None:
        raise invalid("Incident could not be found")
    if not workflow["is_enabled"]:
        raise invalid("Incident workflow is disabled")
    agent = (
        Agent("user", call.own_user) if call.own_user else Agent("service", incident.service_id)
    )
    channel = {"type": "api", "summary": workflow["name"], "workflow_id": workflow["id"]}
    account.write(
        incident,
        account.options.workflow_entry,
        agent,
        f"Incident workflow {workflow['name']} started",
        channel,
    )
    id = account.new_id("P", 7)
    account.journal.fact("pagerduty", "workflow_started", incident.id, id, workflow=workflow["id"])
    instance: Thing = {"id": id, "type": "incident_workflow_instance"}
    instance["incident"] = call.renderer().incident_reference(incident)
    return HttpAnswer(201, {"incident_workflow_instance": instance}, effect=id)


# Triggers


def _workflow(call: PagerDutyCall, value: Any) -> str:
    return str(refer("incident_workflows")(call, value))


TRIGGER = BodyForm(
    trigger_type=Field(one_of("manual", "conditional", "incident_type"), required=True),
    condition=Field(text(), null=True),
    incident_types=Field(many(text())),
    workflow=Field(_workflow, required=True, store="workflow_id"),
    services=Field(many(refer("services")), store="service_ids"),
    is_subscribed_to_all_services=Field(flag),
    permissions=Field(mapping),
    is_disabled=Field(flag),
)


@shows("workflow_triggers")
def trigger(render: CatalogRenderer, trigger: Thing, shown: Thing) -> Thing:
    place = f"{API}/incident_workflows/triggers/{trigger['id']}"
    kind, workflow = (
        trigger["trigger_type"],
        render.reference("incident_workflows", trigger["workflow_id"]),
    )
    found = {
        "id": trigger["id"],
        "type": "workflow_trigger",
        "self": place,
        "trigger_type": kind,
        "trigger_type_name": f"{kind.replace('_', ' ').title()} Trigger",
        "trigger_url": f"{place}/start",
        "workflow": {**workflow, "type": "workflow_reference", "name": workflow["summary"]},
        "services": [
            {**render.reference("services", service), "type": "service"}
            for service in trigger.get("service_ids", ())
        ],
        "is_subscribed_to_all_services": trigger.get("is_subscribed_to_all_services", False),
        "permissions": {"restricted": False, **trigger.get("permissions", {})},
        "is_disabled": trigger.get("is_disabled", False),
    }
    for name in ("condition", "incident_types"):
        if trigger.get(name):
            found[name] = trigger[name]
    return found


@routes.add("GET", "/incident_workflows/triggers")
def triggers(call: PagerDutyCall) -> HttpAnswer:
    account, render, rows = call.account, call.renderer(), []
    kind = (call.chosen("trigger_type", ("manual", "conditional", "incident_type")) or [""])[0]
    workflow, service, disabled = (
        call.param("workflow_id"),
        call.param("service_id"),
        call.param("is_disabled"),
    )
    incident = account.incidents.get(call.param("incident_id"))
    if incident is not None:
        service = incident.service_id
    part = call.param("workflow_name_contains").lower()
    for row in account.catalog["workflow_triggers"].values():
        everywhere = row.get("is_subscribed_to_all_services", False)
        if (
            (not kind or row["trigger_type"] == kind)
            and (not workflow or row["workflow_id"] == workflow)
            and (not service or everywhere or service in row.get("service_ids", ()))
            and (not disabled or row.get("is_disabled", False) == call.flag("is_disabled"))
            and part in row["name"].lower()
        ):
            rows.append(row)
    return call.cursor_page("triggers", rows, lambda row: render.thing("workflow_triggers", row))


@routes.add("POST", "/incident_workflows/triggers")
def add_trigger(call: PagerDutyCall) -> HttpAnswer:
    fields = TRIGGER.read(call, call.body("trigger"))
    if fields["trigger_type"] == "conditional" and not fields.get("condition"):
        raise invalid("Condition can't be blank")
    if fields["trigger_type"] == "incident_type" and not fields.get("incident_types"):
        raise invalid("Incident types can't be empty")
    name = call.account.catalog["incident_workflows"][fields["workflow_id"]]["name"]
    made = call.account.create("workflow_triggers", {**fields, "name": name})
    return HttpAnswer(
        201, {"trigger": call.renderer().thing("workflow_triggers", made)}, effect=made["id"]
    )


@routes.add("GET", "/incident_workflows/triggers/{id}")
def show_trigger(call: PagerDutyCall) -> HttpAnswer:
    return HttpAnswer(
        200,
        {"trigger": call.renderer().thing("workflow_triggers", call.named("workflow_triggers"))},
    )


@routes.add("DELETE", "/incident_workflows/triggers/{id}")
def remove_trigger(call: PagerDutyCall) -> HttpAnswer:
    found = call.named("workflow_triggers")
    call.account.remove("workflow_triggers", found)
    return HttpAnswer(204, None, effect=found["id"])


# Incident types


def _parent(call: PagerDutyCall, value: Any) -> str:
    for kind in call.account.catalog["incident_types"].values():
        if value in (kind["id"], kind["name"]):
            return str(kind["id"])
    raise Problem("could not be found")


TYPE = BodyForm(
    name=Field(text(50), required=True),
    display_name=Field(text(50), required=True),
    parent_type=Field(_parent, required=True, store="parent_id"),
    enabled=Field(flag),
    description=Field(text(1000, blank=True), null=True),
)


@shows("incident_types")
def incident_type(render: CatalogRenderer, kind: Thing, shown: Thing) -> Thing:
    found = {
        "id": kind["id"],
        "type": "incident_type",
        "name": kind["name"],
        "display_name": kind["display_name"],
        "description": kind.get("description") or "",
        "enabled": kind.get("enabled", True),
        "created_at": render.time(kind["created_at"]),
        "updated_at": render.time(kind["created_at"]),
    }
    if kind.get("parent_id"):
        found["parent"] = {"id": kind["parent_id"], "type": "incident_type_reference"}
    return found


@routes.add("GET", "/incidents/types")
def types(call: PagerDutyCall) -> HttpAnswer:
    wanted, render = (
        (call.chosen("filter", ("enabled", "disabled", "all")) or ["enabled"])[0],
        call.renderer(),
    )
    rows = [
        render.thing("incident_types", kind)
        for kind in call.account.catalog["incident_types"].values()
        if wanted == "all" or kind.get("enabled", True) == (wanted == "enabled")
    ]
    return HttpAnswer(200, {"incident_types": rows})


@routes.add("POST", "/incidents/types")
def add_type(call: PagerDutyCall) -> HttpAnswer:
    fields = TYPE.read(call, call.body("incident_type"))
    taken(call, "incident_types", fields)
    made = call.account.create("incident_types", {**fields, "created_at": call.account.now()})
    return HttpAnswer(
        201, {"incident_type": call.renderer().thing("incident_types", made)}, effect=made["id"]
    )
