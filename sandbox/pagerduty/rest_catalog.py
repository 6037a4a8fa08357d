"""REST: users, teams, services, escalation policies, schedules, priorities, on-calls, abilities (reading)."""

from __future__ import annotations

from typing import Any, Callable, Dict, List

from ..server import Answer, Routes
from .call import Call
from .model import Thing, invalid, not_found
from .rota import on_calls, shifts

routes = Routes()

ABILITIES = ("teams", "read_only_users", "service_support_hours", "urgencies", "coordinated_responding")
_SORTS = ("name", "name:asc", "name:desc")
DAY = 86400


def _filtered(call: Call, kind: str) -> List[Thing]:
    """By `query` (part of the name, any case; of a user's name, not of the e-mail), `name`, teams and users."""
    account, query, name = call.account, call.param("query").lower(), call.param("name")
    teams, users = set(call.request.params("team_ids[]")), set(call.request.params("user_ids[]"))
    rows = []
    for thing in account.catalog[kind].values():
        own = thing.get("team_ids", ())
        if kind == "services":
            own = account.team_ids(thing["id"], thing["escalation_policy_id"])
        if teams and teams.isdisjoint(own) or query not in thing["name"].lower() or name and name != thing["name"]:
            continue
        if users and kind == "escalation_policies":
            targets = {target for rule in thing["rules"] for _, target in rule["targets"]}
            if users.isdisjoint(targets):
                continue
        rows.append(thing)
    order = call.param("sort_by") or "name"
    if order not in _SORTS:
        raise invalid("sort_by is invalid")
    if kind != "priorities":
        rows.sort(key=lambda t: t["name"].lower(), reverse=order.endswith(":desc"))
    return rows


def _serve(kind: str, single: str) -> None:
    @routes.add("GET", f"/{kind}")
    def index(call: Call) -> Answer:
        render = call.renderer()
        return call.page(kind, _filtered(call, kind), lambda thing: render.thing(kind, thing))

    @routes.add("GET", f"/{kind}/{{id}}")
    def show(call: Call) -> Answer:
        return Answer(200, {single: call.renderer().thing(kind, call.named(kind))})


for _kind, _single in (
    ("users", "user"),
    ("teams", "team"),
    ("services", "service"),
    ("escalation_policies", "escalation_policy"),
):
    _serve(_kind, _single)


@routes.add("GET", "/priorities")
def priorities(call: Call) -> Answer:
    """Highest first, as the account orders them."""
    render = call.renderer()
    return call.page("priorities", _filtered(call, "priorities"), lambda p: render.thing("priorities", p))


@routes.add("GET", "/users/me")
def me(call: Call) -> Answer:
    if not call.own_user:
        raise invalid("Current user endpoint can only be used with a user token")
    user = call.account.catalog["users"][call.own_user]
    return Answer(200, {"user": call.renderer().thing("users", user)})


@routes.add("GET", "/teams/{id}/members")
def members(call: Call) -> Answer:
    team, render = call.named("teams"), call.renderer()
    rows = [u for u in call.account.catalog["users"].values() if team["id"] in u.get("team_ids", ())]
    whole = "users" in render.include

    def member(user: Thing) -> Thing:
        shown = render.thing("users", user) if whole else render.reference("users", user["id"])
        return {"user": shown, "role": "manager"}

    return call.page("members", rows, member)


@routes.add("GET", "/services/{id}/integrations/{integration_id}")
def integration(call: Call) -> Answer:
    service, found = call.named("services"), call.named("integrations", "integration_id")
    if found["service_id"] != service["id"]:
        raise not_found()
    return Answer(200, {"integration": call.renderer().thing("integrations", found)})


@routes.add("GET", "/schedules")
def schedules(call: Call) -> Answer:
    render = call.renderer()
    return call.page("schedules", _filtered(call, "schedules"), lambda s: render.thing("schedules", s))


@routes.add("GET", "/schedules/{id}")
def schedule(call: Call) -> Answer:
    """With its layers, and who is on call from `since` to `until` (one day from now when they are missing)."""
    found, render = call.named("schedules"), call.renderer()
    since, until = _range(call, DAY)
    shown = render.thing("schedules", found)
    layers = []
    for layer in found.get("layers", ()):
        alone = {"layers": [layer]}
        layers.append(
            {
                "id": layer["id"],
                "name": layer["name"],
                "start": render.time(layer["start"]),
                "end": render.time(layer.get("end")),
                "rotation_virtual_start": render.time(layer["virtual_start"]),
                "rotation_turn_length_seconds": layer["turn"],
                "users": [{"user": render.reference("users", u)} for u in layer["user_ids"]],
                "restrictions": [],
                **_rendered(call, alone, since, until),
            }
        )
    overrides = {"overrides": found.get("overrides", ())}
    shown["schedule_layers"] = layers
    shown["overrides_subschedule"] = {"name": "Overrides", **_rendered(call, overrides, since, until)}
    shown["final_schedule"] = {"name": "Final Schedule", **_rendered(call, found, since, until)}
    return Answer(200, {"schedule": shown})


def _rendered(call: Call, schedule: Thing, since: int, until: int) -> Thing:
    """Entries cut to the range, and the part of it they cover."""
    render, entries, covered = call.renderer(), [], 0
    for shift in shifts(schedule, since, until):
        start, end = max(shift.start, since), min(shift.end, until)
        if end <= start:
            continue
        covered += end - start
        user = render.reference("users", shift.user_id)
        entries.append({"start": render.time(start), "end": render.time(end), "user": user})
    share = round(100.0 * covered / (until - since), 1) if until > since else 0.0
    return {"rendered_schedule_entries": entries, "rendered_coverage_percentage": share}


@routes.add("GET", "/schedules/{id}/users")
def schedule_users(call: Call) -> Answer:
    """Who is on call in the range; without one, everybody in the rotation."""
    found, render = call.named("schedules"), call.renderer()
    ids: Dict[str, None] = {}
    if call.param("since") or call.param("until"):
        since, until = _range(call, DAY)
        ids = dict.fromkeys(s.user_id for s in shifts(found, since, until))
    else:
        ids = dict.fromkeys(u for layer in found.get("layers", ()) for u in layer["user_ids"])
    users = call.account.catalog["users"]
    return Answer(200, {"users": [render.thing("users", users[u]) for u in ids]})


def _range(call: Call, width: int) -> Any:
    since, until = call.time("since"), call.time("until")
    low = int(since if since is not None else call.account.now())
    high = int(until if until is not None else low + width)
    if high < low:
        raise invalid("until cannot be before since")
    return low, high


@routes.add("GET", "/oncalls")
def oncalls(call: Call) -> Answer:
    """Now, or everything that overlaps [since, until]; `earliest`: the first of each policy, level and user."""
    account, render = call.account, call.renderer()
    since, until = _range(call, 0)
    rows = on_calls(account.catalog["escalation_policies"], account.catalog["schedules"], since, until)
    fits: List[Callable[[Any], bool]] = []
    for name, field in (
        ("user_ids[]", "user_id"),
        ("escalation_policy_ids[]", "policy_id"),
        ("schedule_ids[]", "schedule_id"),
    ):
        wanted = set(call.request.params(name))
        if wanted:
            fits.append(lambda row, wanted=wanted, field=field: getattr(row, field) in wanted)  # type: ignore[misc]
    rows = [row for row in rows if all(fit(row) for fit in fits)]
    if call.flag("earliest"):
        first: Dict[Any, Any] = {}
        for row in sorted(rows, key=lambda r: r.start or 0):
            first.setdefault((row.policy_id, row.level, row.user_id), row)
        rows = [row for row in rows if row in first.values()]
    return call.page("oncalls", rows, render.on_call)


@routes.add("GET", "/abilities")
def abilities(call: Call) -> Answer:
    return Answer(200, {"abilities": list(ABILITIES)})


@routes.add("GET", "/abilities/{id}")
def ability(call: Call) -> Answer:
    if call.names["id"] not in ABILITIES:
        raise not_found()
    return Answer(204, None)
