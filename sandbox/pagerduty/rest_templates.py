"""REST: templates of status updates."""

from __future__ import annotations

import re
from typing import Dict, Optional

from ..server import HttpAnswer, Routes
from .call import PagerDutyCall
from .forms import BodyForm, Field, nested, one_of, text
from .model import Incident, Thing, invalid
from .render_catalog import CatalogRenderer, shows
from .resource import filtered, serve_showing, serve_writing, taken

routes = Routes()

_FIELDS = ("email_subject", "email_body", "message")
TEMPLATE = BodyForm(
    template_type=Field(one_of("status_update"), required=True),
    name=Field(text(255), required=True),
    description=Field(text(blank=True), null=True),
    templated_fields=Field(
        nested(BodyForm(**{name: Field(text(blank=True), null=True) for name in _FIELDS})),
        required=True,
    ),
)


@shows("templates")
def template(render: CatalogRenderer, template: Thing, shown: Thing) -> Thing:
    account = {
        "id": "PACCT01",
        "type": "account_reference",
        "summary": None,
        "self": None,
        "html_url": None,
    }
    shown.update(
        html_url=None,
        template_type="status_update",
        name=template["name"],
        description=template.get("description") or "",
        templated_fields=template["templated_fields"],
        created_by=account,
        updated_by=account,
    )
    return shown


def _settle(call: PagerDutyCall, fields: Thing, template: Optional[Thing]) -> None:
    taken(call, "templates", fields, template)


@routes.add("GET", "/templates")
def index(call: PagerDutyCall) -> HttpAnswer:
    render = call.renderer()
    call.chosen("template_type", ("status_update",))
    return call.page(
        "templates", filtered(call, "templates"), lambda row: render.thing("templates", row)
    )


serve_showing(routes, "templates", "template")
serve_writing(routes, "templates", "template", TEMPLATE, settle=_settle)


def _words(call: PagerDutyCall, incident: Incident) -> Dict[str, str]:
    service = call.account.known("services", incident.service_id)["name"]
    return {
        "incident.title": incident.title,
        "incident.status": incident.status,
        "incident.urgency": incident.urgency,
        "incident.incident_number": str(incident.number),
        "incident.service.name": service,
    }


@routes.add("POST", "/templates/{id}/render")
def render(call: PagerDutyCall) -> HttpAnswer:
    """`{{incident.title}}` and the like filled in; an unknown word is a warning."""
    found, fields = call.named("templates"), call.body()
    incident = call.account.incidents.get(str(fields.get("incident_id")))
    if incident is None:
        raise invalid("Incident could not be found")
    update = fields.get("status_update") or {}
    words = {**_words(call, incident), "status_update.message": str(update.get("message", ""))}
    rendered: Thing = {}
    warnings: Thing = {}
    for name in _FIELDS:
        source = found["templated_fields"].get(name) or ""
        names = re.findall(r"\{\{\s*([\w.]+)\s*\}\}", source)
        rendered[name] = re.sub(
            r"\{\{\s*([\w.]+)\s*\}\}", lambda match: words.get(match.group(1), ""), source
        )
        warnings[name] = [f"Unknown field {word}" for word in names if word not in words]
    return HttpAnswer(200, {"templated_fields": rendered, "warnings": warnings, "errors": []})
