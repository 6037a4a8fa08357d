"""What the settings and the rules make of an incident: which filter of the configuration keeps it
back, which rule starts a card for it. Pure.

    filters(watch, incident)    # [FilterResult(setting, passed, reason), …]
    verdicts(rules, changes)    # [RuleVerdict(rule, outcome, channel, route, reason), …]
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Iterable, List, NamedTuple, Optional, Sequence

from pagerduty_mattermost.cards.post_rules import posts_cards
from pagerduty_mattermost.cards.route import Route, make_route, starts_card
from pagerduty_mattermost.core.config.watch import WatchConfig
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.text import clean, inert, one_line
from pagerduty_mattermost.gateways.stackstorm import rule_criteria
from pagerduty_mattermost.incidents.incident import Change, Incident, to_payload

# What comes of a rule.
DISABLED = "disabled"
POSTS = "posts"
"""It starts a card."""
START_ON = "start_on"
"""Its criteria fit, but none of its start_on."""
CRITERIA = "criteria"
"""Its criteria do not fit."""
UNCLEAR = "unclear"
"""It can't be decided here."""


class FilterResult(NamedTuple):
    """One setting of the configuration's `watch`."""

    setting: str
    passed: bool
    reason: str


class RuleVerdict(NamedTuple):
    """One rule that posts cards."""

    rule: str
    outcome: str
    """One of the words above."""
    channel: str
    """As the rule writes it."""
    route: str
    reason: str
    given: Mapping[str, Any] = {}
    """The parameters that the rule gives."""
    lacks: Optional[rule_criteria.CriterionFinding] = None
    """The first of its criteria that do not fit, where that is why."""


class _Judged(NamedTuple):
    """What one change makes of a rule."""

    outcome: str
    reason: str = ""
    lacks: Optional[rule_criteria.CriterionFinding] = None


def filters(watch: WatchConfig, incident: Incident) -> List[FilterResult]:
    """Every filter that is set. They decide when an incident is first reported; one reported is
    followed to its end."""
    found = []
    if watch.services:
        name = incident.service or incident.service_id
        passed = _among((incident.service_id, incident.service), watch.services)
        found.append(FilterResult("watch.services", passed, f"the service is {shown(name)}"))
    if watch.teams:
        passed = any(_among((team.id, team.name), watch.teams) for team in incident.teams)
        names = ", ".join(shown(team.name) for team in incident.teams) or "none"
        found.append(FilterResult("watch.teams", passed, f"the teams are {names}"))
    if watch.urgencies:
        passed = incident.urgency in watch.urgencies
        found.append(
            FilterResult("watch.urgencies", passed, f"the urgency is {shown(incident.urgency)}")
        )
    if incident.is_open:
        passed = incident.status in watch.start_states
        found.append(
            FilterResult("watch.start_states", passed, f"the state is {shown(incident.status)}")
        )
    return found


def verdicts(rules: Iterable[Any], changes: Sequence[Change]) -> List[RuleVerdict]:
    """Every rule on the incident trigger that posts cards, judged by each change (oldest first) as
    it came: a rule that wants `triggered` and a priority posts nothing when the priority came
    later. Rules: ref, enabled, trigger, criteria, action."""
    found = [_verdict_or_unclear(rule, changes) for rule in rules if posts_cards(rule)]
    return sorted(found, key=lambda verdict: verdict.rule)


def shown(value: Any) -> str:
    """A value of a rule or an incident on one short line; the answer may be posted in a channel,
    so it does nothing."""
    text = inert(one_line(clean(value, 200), 80))
    return f"'{text}'" if text else "empty"


def _verdict_or_unclear(rule: Any, changes: Sequence[Change]) -> RuleVerdict:
    """A rule of a shape that nobody foresaw keeps no other rule back."""
    try:
        return _verdict(rule, changes)
    except Exception as error:  # noqa: BLE001 - whatever its values are
        reason = f"can't be decided here: {one_line(repr(error), 120)}"
        return RuleVerdict(str(getattr(rule, "ref", "")), UNCLEAR, "", "", reason, {})


def _verdict(rule: Any, changes: Sequence[Change]) -> RuleVerdict:
    given: Mapping[str, Any] = rule.action.get("parameters") or {}
    name = one_line(clean(given.get("route") or "", 100))
    verdict = RuleVerdict(
        str(rule.ref), DISABLED, str(given.get("channel") or ":default"), name, "", given
    )
    if not rule.enabled:
        return verdict
    kept_back: List[str] = []
    for change in changes:
        judged = _judged(rule, given, change)
        verdict = verdict._replace(**judged._asdict())
        if judged.outcome == POSTS:
            return verdict
        if judged.outcome == START_ON:
            kept_back += [kind for kind in change.event_types if kind not in kept_back]
    if kept_back:
        starts = ", ".join(_starting_route(given).start_on)
        reason = (
            f"its start_on ({starts}) kept the incident back, the events were "
            f"{', '.join(kept_back)}"
        )
        return verdict._replace(outcome=START_ON, reason=reason, lacks=None)
    return verdict


def _judged(rule: Any, given: Mapping[str, Any], change: Change) -> _Judged:
    judged = _criteria(getattr(rule, "criteria", None) or {}, to_payload(change))
    if judged.outcome != POSTS:
        return judged
    try:
        route = _starting_route(given)
    except PackError as error:
        return _Judged(UNCLEAR, f"the route is wrong: {error}")
    return _Judged(POSTS if starts_card(route, change) else START_ON)


def _starting_route(given: Mapping[str, Any]) -> Route:
    """As much of it as decides whether a card starts."""
    return make_route(start_on=given.get("start_on"), mention=given.get("mention"))


def _criteria(given: Mapping[str, Any], payload: Mapping[str, Any]) -> _Judged:
    try:
        findings = rule_criteria.check(given, payload)
    except rule_criteria.Unsupported as error:
        return _Judged(UNCLEAR, f"can't be decided here: {error}")
    for one in findings:
        if not one.matched:
            why = f" ({one_line(one.problem, 120)})" if one.problem else ""
            wanted = f"wanted: {one.operator} {shown(one.expected)}{why}"
            return _Judged(CRITERIA, f"{one.key} is {shown(one.actual)}, {wanted}", one)
    return _Judged(POSTS)


def _among(values: Iterable[str], wanted: Iterable[str]) -> bool:
    names = {" ".join(name.split()).casefold() for name in wanted}
    return any(" ".join(value.split()).casefold() in names for value in values if value)
