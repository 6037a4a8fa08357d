"""REST: tags, and what bears them (users, teams, escalation policies)."""

from __future__ import annotations

from typing import Any, List

from ..server import HttpAnswer, Routes
from .call import PagerDutyCall
from .forms import BodyForm, Field, Problem, many, text
from .model import Thing, not_found
from .render_catalog import CatalogRenderer, shows
from .resource import serve_reading, taken

routes = Routes()
ENTITIES = ("users", "teams", "escalation_policies")
_LABEL = Field(text(191), required=True, store="name")
TAG = BodyForm("tag", label=_LABEL)


@shows("tags")
def shown(render: CatalogRenderer, tag: Thing, shown: Thing) -> Thing:
    return {**shown, "html_url": None, "label": tag["name"]}


serve_reading(routes, "tags", "tag")


@routes.add("POST", "/tags")
def create(call: PagerDutyCall) -> HttpAnswer:
    fields = TAG.read(call, call.body("tag"))
    taken(call, "tags", fields)
    tag = call.account.create("tags", fields)
    return HttpAnswer(201, {"tag": call.renderer().thing("tags", tag)}, effect=tag["id"])


@routes.add("DELETE", "/tags/{id}")
def delete(call: PagerDutyCall) -> HttpAnswer:
    tag = call.named("tags")
    for kind in ENTITIES:
        for thing in call.account.catalog[kind].values():
            thing["tag_ids"] = [t for t in thing.get("tag_ids", ()) if t != tag["id"]]
    call.account.remove("tags", tag)
    return HttpAnswer(204, None, effect=tag["id"])


@routes.add("GET", "/tags/{id}/{entity_type}")
def bearers(call: PagerDutyCall) -> HttpAnswer:
    tag, kind, render = call.named("tags"), call.names["entity_type"], call.renderer()
    if kind not in ENTITIES:
        raise not_found()
    rows = [
        thing
        for thing in call.account.catalog[kind].values()
        if tag["id"] in thing.get("tag_ids", ())
    ]
    return call.page(kind, rows, lambda thing: render.reference(kind, thing["id"]))


def _added(call: PagerDutyCall, value: Any) -> str:
    """By id, or by a label that becomes a tag when there is none."""
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "tag_reference":
        return _known(call, value)
    if kind != "tag":
        raise Problem("type must be tag or tag_reference")
    label = BodyForm(label=_LABEL).fields(call, value)["name"]
    for tag in call.account.catalog["tags"].values():
        if tag["name"].lower() == label.lower():
            return str(tag["id"])
    return str(call.account.create("tags", {"name": label})["id"])


def _known(call: PagerDutyCall, value: Any) -> str:
    id = value.get("id") if isinstance(value, dict) else None
    if id not in call.account.catalog["tags"]:
        raise Problem("could not be found")
    return str(id)


CHANGE = BodyForm(add=Field(many(_added)), remove=Field(many(_known)))


def _serve(kind: str) -> None:
    @routes.add("POST", f"/{kind}/{{id}}/change_tags")
    def change(call: PagerDutyCall) -> HttpAnswer:
        thing = call.named(kind)
        fields = CHANGE.read(call, call.body())
        kept = [t for t in thing.get("tag_ids", ()) if t not in fields.get("remove", ())]
        call.account.change(
            kind, thing, {"tag_ids": list(dict.fromkeys([*kept, *fields.get("add", ())]))}
        )
        return HttpAnswer(200, {}, effect=thing["id"])

    @routes.add("GET", f"/{kind}/{{id}}/tags")
    def tags(call: PagerDutyCall) -> HttpAnswer:
        render = call.renderer()
        rows: List[str] = call.named(kind).get("tag_ids", [])
        return call.page(
            "tags", rows, lambda id: render.thing("tags", call.account.catalog["tags"][id])
        )


for _kind in ENTITIES:
    _serve(_kind)
