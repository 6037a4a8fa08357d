"""REST: status pages with their posts, updates and postmortems; status dashboards."""

# flake8: noqa: W503

from __future__ import annotations

from typing import Any, Callable, List

from ..server import HttpAnswer, Routes
from .call import PagerDutyCall
from .forms import BodyForm, Field, Problem, flag, many, mapping, moment, number, one_of, text
from .model import Thing, invalid, not_found
from .render_catalog import API

routes = Routes()
_POST_TYPES = ("incident", "maintenance")
STATUSES = {
    "incident": ("detected", "investigating", "monitoring", "resolved"),
    "maintenance": ("scheduled", "done"),
}
SEVERITIES = {
    "incident": ("all good", "minor", "major"),
    "maintenance": ("all good", "maintenance"),
}


def _of_page(kind: str) -> Callable[[PagerDutyCall, Any], str]:
    def read(call: PagerDutyCall, value: Any) -> str:
        id = value.get("id") if isinstance(value, dict) else None
        if id not in {row["id"] for row in call.named("status_pages")[kind]}:
            raise Problem("could not be found")
        return str(id)

    return read


UPDATE = BodyForm(
    "status_page_post_update",
    message=Field(text(), required=True),
    status=Field(_of_page("statuses"), required=True, store="status_id"),
    severity=Field(_of_page("severities"), required=True, store="severity_id"),
    impacted_services=Field(many(mapping), required=True),
    update_frequency_ms=Field(number(0), null=True),
    notify_subscribers=Field(flag, required=True),
    reported_at=Field(moment, null=True),
)
POST = BodyForm(
    "status_page_post",
    title=Field(text(128), required=True, store="name"),
    post_type=Field(one_of(*_POST_TYPES), required=True),
    starts_at=Field(moment, null=True),
    ends_at=Field(moment, null=True),
)
POSTMORTEM = BodyForm(
    "status_page_post_postmortem",
    message=Field(text(10_000), required=True),
    notify_subscribers=Field(flag, required=True),
)


def _self(page: str, *rest: str) -> str:
    return "/".join((f"{API}/status_pages/{page}", *rest))


def _page_reference(page: str) -> Thing:
    return {"id": page, "type": "status_page"}


@routes.add("GET", "/status_pages")
def pages(call: PagerDutyCall) -> HttpAnswer:
    wanted, render = call.chosen("status_page_type", ("public", "private")), call.renderer()
    rows = [
        p
        for p in call.account.catalog["status_pages"].values()
        if not wanted or p["status_page_type"] in wanted
    ]

    def show(page: Thing) -> Thing:
        shown = {n: page[n] for n in ("id", "type", "name", "status_page_type", "url")}
        return {**shown, "published_at": render.time(page["published_at"])}

    return call.page("status_pages", rows, show)


def _listing(kind: str, single: str) -> None:
    @routes.add("GET", f"/status_pages/{{id}}/{kind}")
    def index(call: PagerDutyCall) -> HttpAnswer:
        page, wanted = call.named("status_pages"), call.chosen("post_type", _POST_TYPES)
        rows = [row for row in page[kind] if not wanted or row.get("post_type") in wanted]

        def show(row: Thing) -> Thing:
            own = {"type": f"status_page_{single}", "status_page": _page_reference(page["id"])}
            return {**row, **own, "self": _self(page["id"], kind, row["id"])}

        return call.page(kind, rows, show)


for _kind, _single in (
    ("statuses", "status"),
    ("severities", "severity"),
    ("services", "service"),
):
    _listing(_kind, _single)


# Posts


def _post(call: PagerDutyCall) -> Thing:
    page, post = call.named("status_pages"), call.named("status_page_posts", "post_id")
    if post["page_id"] != page["id"]:
        raise not_found()
    return post


def _post_shown(call: PagerDutyCall, post: Thing) -> Thing:
    render, place = call.renderer(), _self(post["page_id"], "posts", post["id"])
    shown = {
        "id": post["id"],
        "self": place,
        "type": "status_page_post",
        "post_type": post["post_type"],
        "status_page": _page_reference(post["page_id"]),
        "title": post["name"],
        "starts_at": render.time(post["starts_at"]),
        "ends_at": render.time(post["ends_at"]),
        "updates": [
            {
                "id": u["id"],
                "self": f"{place}/post_updates/{u['id']}",
                "type": "status_page_post_update",
            }
            for u in post["updates"]
        ],
    }
    if post.get("postmortem"):
        shown["postmortem"] = {"id": post["postmortem"]["id"], "type": "status_page_postmortem"}
    return shown


def _update_shown(call: PagerDutyCall, post: Thing, update: Thing) -> Thing:
    render, place = call.renderer(), _self(post["page_id"], "posts", post["id"])
    return {
        "id": update["id"],
        "self": f"{place}/post_updates/{update['id']}",
        "type": "status_page_post_update",
        "post": {"id": post["id"], "type": "status_page_post"},
        "message": update["message"],
        "reviewed_status": "approved",
        "status": {"id": update["status_id"], "type": "status_page_status"},
        "severity": {"id": update["severity_id"], "type": "status_page_severity"},
        "impacted_services": update["impacted_services"],
        "update_frequency_ms": update.get("update_frequency_ms"),
        "notify_subscribers": update["notify_subscribers"],
        "reported_at": render.time(update["reported_at"]),
    }


def _update(call: PagerDutyCall, value: Any) -> Thing:
    fields = UPDATE.fields(call, value)
    return {
        "id": call.account.new_id("P", 7),
        **fields,
        "reported_at": fields.get("reported_at") or call.account.now(),
    }


def _checked(post: Thing) -> None:
    if post["post_type"] == "maintenance" and None in (post["starts_at"], post["ends_at"]):
        raise invalid("Starts at and ends at can't be blank for maintenance")
    if post["starts_at"] and post["ends_at"] and post["ends_at"] <= post["starts_at"]:
        raise invalid("Ends at must be after starts at")


@routes.add("GET", "/status_pages/{id}/posts")
def posts(call: PagerDutyCall) -> HttpAnswer:
    page, wanted = call.named("status_pages"), call.chosen("post_type", _POST_TYPES)
    reviewed, statuses = (
        call.chosen("reviewed_status", ("approved", "not_reviewed")),
        call.request.params("status[]"),
    )
    rows: List[Thing] = [
        post
        for post in call.account.catalog["status_page_posts"].values()
        if post["page_id"] == page["id"]
        and (not wanted or post["post_type"] in wanted)
        and (not reviewed or "approved" in reviewed)
        and (not statuses or post["updates"] and post["updates"][-1]["status_id"] in statuses)
    ]
    return call.page("posts", rows, lambda post: _post_shown(call, post))


@routes.add("POST", "/status_pages/{id}/posts")
def add_post(call: PagerDutyCall) -> HttpAnswer:
    page, body = call.named("status_pages"), call.body("post")
    form = BodyForm(updates=Field(many(_update, least=1), required=True))
    post = {
        "starts_at": None,
        "ends_at": None,
        **POST.read(call, body),
        **form.read(call, body),
        "page_id": page["id"],
    }
    if (body.get("status_page") or {}).get("id") != page["id"]:
        raise invalid("Status page must be the one in the path")
    _checked(post)
    made = call.account.create("status_page_posts", post)
    return HttpAnswer(201, {"post": _post_shown(call, made)}, effect=made["id"])


@routes.add("GET", "/status_pages/{id}/posts/{post_id}")
def post(call: PagerDutyCall) -> HttpAnswer:
    return HttpAnswer(200, {"post": _post_shown(call, _post(call))})


@routes.add("PUT", "/status_pages/{id}/posts/{post_id}")
def change_post(call: PagerDutyCall) -> HttpAnswer:
    found = _post(call)
    fields = POST.read(call, call.body("post"), partial=True)
    _checked({**found, **fields})
    call.account.change("status_page_posts", found, fields)
    return HttpAnswer(200, {"post": _post_shown(call, found)}, effect=found["id"])


@routes.add("DELETE", "/status_pages/{id}/posts/{post_id}")
def delete_post(call: PagerDutyCall) -> HttpAnswer:
    found = _post(call)
    call.account.remove("status_page_posts", found)
    return HttpAnswer(204, None, effect=found["id"])


@routes.add("GET", "/status_pages/{id}/posts/{post_id}/post_updates")
def updates(call: PagerDutyCall) -> HttpAnswer:
    found = _post(call)
    return call.page(
        "post_updates", found["updates"], lambda update: _update_shown(call, found, update)
    )


@routes.add("POST", "/status_pages/{id}/posts/{post_id}/post_updates")
def add_update(call: PagerDutyCall) -> HttpAnswer:
    found = _post(call)
    update = BodyForm(post_update=Field(_update, required=True)).read(call, call.body())[
        "post_update"
    ]
    call.account.change("status_page_posts", found, {"updates": [*found["updates"], update]})
    return HttpAnswer(
        201, {"post_update": _update_shown(call, found, update)}, effect=update["id"]
    )


# Postmortems


def _postmortem(call: PagerDutyCall, status: int, post: Thing, effect: str = "") -> HttpAnswer:
    found = post.get("postmortem")
    if not found:
        raise not_found()
    shown = {
        "id": found["id"],
        "self": _self(post["page_id"], "posts", post["id"], "postmortem"),
        "type": "status_page_postmortem",
        "post": {"id": post["id"], "type": "status_page_post"},
        "message": found["message"],
        "notify_subscribers": found["notify_subscribers"],
        "reported_at": call.renderer().time(found["reported_at"]),
    }
    return HttpAnswer(status, {"postmortem": shown}, effect=effect)


@routes.add("GET", "/status_pages/{id}/posts/{post_id}/postmortem")
def postmortem(call: PagerDutyCall) -> HttpAnswer:
    return _postmortem(call, 200, _post(call))


@routes.add("PUT", "/status_pages/{id}/posts/{post_id}/postmortem")
def set_postmortem(call: PagerDutyCall) -> HttpAnswer:
    """201 for the first, 200 after that."""
    found = _post(call)
    fields = POSTMORTEM.read(call, call.body("postmortem"))
    old = found.get("postmortem")
    id = old["id"] if old else call.account.new_id("P", 7)
    call.account.change(
        "status_page_posts",
        found,
        {"postmortem": {**fields, "id": id, "reported_at": call.account.now()}},
    )
    return _postmortem(call, 200 if old else 201, found, id)


@routes.add("DELETE", "/status_pages/{id}/posts/{post_id}/postmortem")
def remove_postmortem(call: PagerDutyCall) -> HttpAnswer:
    found = _post(call)
    if not found.get("postmortem"):
        raise not_found()
    call.account.change("status_page_posts", found, {"postmortem": None})
    return HttpAnswer(204, None, effect=found["id"])


@routes.add("GET", "/status_dashboards")
def dashboards(call: PagerDutyCall) -> HttpAnswer:
    rows = [{"id": "PDASH01", "name": "Everything", "url_slug": "everything"}]
    return call.cursor_page("status_dashboards", rows, lambda row: row)
