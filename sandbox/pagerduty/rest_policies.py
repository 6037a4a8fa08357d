"""REST: escalation policies, and who is on call by them."""

# flake8: noqa: E501,W503

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Tuple

from ..server import HttpAnswer, Routes
from .call import PagerDutyCall
from .forms import BodyForm, Field, Problem, many, number, one_of, refer, text
from .model import Thing
from .resource import filtered, in_use, serve_showing, serve_writing, taken
from .rota import on_calls

routes = Routes()

_STRATEGIES = ("assign_to_everyone", "round_robin")


def _target(call: PagerDutyCall, value: Any) -> Tuple[str, str]:
    kind = str(value.get("type") if isinstance(value, dict) else "").replace("_reference", "")
    if kind not in ("user", "schedule"):
        raise Problem("type must be user_reference or schedule_reference")
    return kind, str(refer(kind + "s")(call, value))


def _strategy(call: PagerDutyCall, value: Any) -> Any:
    return one_of(*_STRATEGIES)(call, value.get("type") if isinstance(value, dict) else value)


RULE = BodyForm(
    escalation_delay_in_minutes=Field(number(1, 65535), required=True, store="delay"),
    targets=Field(many(_target, least=1, most=10), required=True),
    escalation_rule_assignment_strategy=Field(_strategy, store="strategy"),
)


def _rule(call: PagerDutyCall, value: Any) -> Thing:
    rule = RULE.fields(call, value)
    rule["id"] = value.get("id") or call.account.new_id("P", 7)
    if len(set(rule["targets"])) < len(rule["targets"]):
        raise Problem("targets must not repeat")
    return rule


POLICY = BodyForm(
    "escalation_policy",
    name=Field(text(255), required=True),
    description=Field(text(1024, blank=True), null=True),
    num_loops=Field(number(0, 9)),
    on_call_handoff_notifications=Field(one_of("if_has_services", "always")),
    escalation_rules=Field(many(_rule, least=1, most=20), required=True, store="rules"),
    teams=Field(many(refer("teams"), most=1), store="team_ids"),
)


def _settle(call: PagerDutyCall, fields: Thing, policy: Optional[Thing]) -> None:
    taken(call, "escalation_policies", fields, policy)


def _guard(call: PagerDutyCall, policy: Thing) -> None:
    if any(
        s["escalation_policy_id"] == policy["id"]
        for s in call.account.catalog["services"].values()
    ):
        raise in_use("The escalation policy cannot be deleted as it is in use by services")


@routes.add("GET", "/escalation_policies")
def index(call: PagerDutyCall) -> HttpAnswer:
    render, users = call.renderer(), set(call.request.params("user_ids[]"))
    rows = [
        policy
        for policy in filtered(call, "escalation_policies")
        if not users
        or any(target in users for rule in policy["rules"] for _, target in rule["targets"])
    ]
    return call.page(
        "escalation_policies", rows, lambda policy: render.thing("escalation_policies", policy)
    )


serve_showing(routes, "escalation_policies", "escalation_policy")
serve_writing(
    routes, "escalation_policies", "escalation_policy", POLICY, settle=_settle, guard=_guard
)


@routes.add("GET", "/oncalls")
def oncalls(call: PagerDutyCall) -> HttpAnswer:
    """Now, or everything that overlaps [since, until]; `earliest`: the first of each policy, level
    and user."""
    account, render = call.account, call.renderer()
    since, until = call.span(0)
    rows = on_calls(
        account.catalog["escalation_policies"], account.catalog["schedules"], since, until
    )
    fits: List[Callable[[Any], bool]] = []
    for name, field in (
        ("user_ids[]", "user_id"),
        ("escalation_policy_ids[]", "policy_id"),
        ("schedule_ids[]", "schedule_id"),
    ):
        wanted = set(call.request.params(name))
        if "null" in wanted:
            wanted.add("")
        if wanted:
            fits.append(lambda row, wanted=wanted, field=field: getattr(row, field) in wanted)  # type: ignore[misc]
    rows = [row for row in rows if all(fit(row) for fit in fits)]
    if call.flag("earliest"):
        first: Dict[Any, Any] = {}
        for row in sorted(rows, key=lambda r: r.start or 0):
            first.setdefault((row.policy_id, row.level, row.user_id), row)
        rows = [row for row in rows if row in first.values()]
    return call.page("oncalls", rows, render.on_call)
