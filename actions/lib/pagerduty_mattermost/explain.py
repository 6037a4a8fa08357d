"""Pure: why an incident has a card in a channel or has none: the filter or rule that posted it or kept it back.

filters(watch, incident) -> [Filter(setting, passed, reason), ...]
verdicts(rules, payload) -> [Verdict(rule, ...), ...]
"""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Tuple

from . import criteria, routing
from .config import WatchConfig
from .errors import PackError
from .incident import Change, Incident
from .text import clean, inert, one_line

INCIDENT_TRIGGER = "pagerduty.incident"
POST_ACTION = "pagerduty.mattermost.post_incident"


class Filter(NamedTuple):
    """One setting of the configuration's `watch`."""

    setting: str
    passed: bool
    reason: str


class Verdict(NamedTuple):
    """One rule on the incident trigger."""

    rule: str
    enabled: bool
    matched: bool
    posts: bool
    """Whether its action posts a card."""
    channel: str
    """As the rule writes it."""
    reason: str


def filters(watch: WatchConfig, incident: Incident) -> List[Filter]:
    """Every filter that is set. They decide when an incident is first reported; one reported is followed to its end."""
    found = []
    if watch.services:
        name = incident.service or incident.service_id
        passed = _among((incident.service_id, incident.service), watch.services)
        found.append(Filter("watch.services", passed, f"the service is {shown(name)}"))
    if watch.teams:
        passed = any(_among((team.id, team.name), watch.teams) for team in incident.teams)
        names = ", ".join(shown(team.name) for team in incident.teams) or "none"
        found.append(Filter("watch.teams", passed, f"the teams are {names}"))
    if watch.urgencies:
        passed = incident.urgency in watch.urgencies
        found.append(Filter("watch.urgencies", passed, f"the urgency is {shown(incident.urgency)}"))
    if incident.is_open:
        passed = incident.status in watch.start_states
        found.append(Filter("watch.start_states", passed, f"the state is {shown(incident.status)}"))
    return found


def verdicts(rules: Iterable[Any], change: Change, payload: Mapping[str, Any]) -> List[Verdict]:
    """Every rule on the incident trigger, those that post first. Rules: ref, enabled, trigger, criteria, action."""
    found = [_verdict(rule, change, payload) for rule in rules if _trigger(rule) == INCIDENT_TRIGGER]
    return sorted(found, key=lambda verdict: (not verdict.posts, verdict.rule))


def shown(value: Any) -> str:
    """A value of a rule or an incident on one short line; the answer may be told in a channel, so it does nothing."""
    text = inert(one_line(clean(value, 200), 80))
    return f"'{text}'" if text else "empty"


def _verdict(rule: Any, change: Change, payload: Mapping[str, Any]) -> Verdict:
    action: Mapping[str, Any] = rule.action if isinstance(rule.action, Mapping) else {}
    ref = str(action.get("ref") or "")
    given: Mapping[str, Any] = action.get("parameters") or {}
    posts = ref == POST_ACTION
    channel = str(given.get("channel") or ":default") if posts else ""
    matched, reason = _criteria(getattr(rule, "criteria", None) or {}, payload)
    if matched and posts:
        matched, reason = _route(given, change)
    enabled = bool(rule.enabled)
    if not enabled:
        reason = "the rule is disabled" + ("" if matched else f"; {reason}")
    return Verdict(str(rule.ref), enabled, matched, posts, channel, reason or f"matches: runs {ref}")


def _criteria(given: Mapping[str, Any], payload: Mapping[str, Any]) -> Tuple[bool, str]:
    try:
        findings = criteria.check(given, payload)
    except criteria.Unsupported as error:
        return False, f"can't be decided here: {error}"
    for finding in findings:
        if not finding.matched:
            why = f" ({one_line(finding.problem, 120)})" if finding.problem else ""
            return (
                False,
                f"{finding.key} is {shown(finding.actual)}, wanted: {finding.operator} {shown(finding.expected)}{why}",
            )
    return True, ""


def _route(given: Mapping[str, Any], change: Change) -> Tuple[bool, str]:
    try:
        route = routing.make_route(start_on=given.get("start_on"), mention=given.get("mention"))
    except PackError as error:
        return False, f"the route is wrong: {error}"
    if routing.starts(route, change):
        return True, ""
    seen = ", ".join(change.event_types)
    return (
        False,
        f"start_on is {', '.join(route.start_on)}, the events were {seen}: it starts no card, but keeps one true",
    )


def _trigger(rule: Any) -> str:
    trigger = getattr(rule, "trigger", None)
    if isinstance(trigger, Mapping):
        return str(trigger.get("type") or trigger.get("ref") or "")
    return str(trigger or "")


def _among(values: Iterable[str], wanted: Iterable[str]) -> bool:
    names = {" ".join(name.split()).casefold() for name in wanted}
    return any(" ".join(value.split()).casefold() in names for value in values if value)


def as_results(found: Iterable[NamedTuple]) -> List[Dict[str, Any]]:
    return [dict(one._asdict()) for one in found]
