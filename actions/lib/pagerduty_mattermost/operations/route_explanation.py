"""Pure: why an incident has a card in a channel or has none: the filter or rule that posted it or
kept it back.

filters(watch, incident) -> [Filter(setting, passed, reason), ...]
verdicts(rules, changes) -> [Verdict(rule, outcome, channel, route, reason), ...]
by_hand(incident_id, channel) -> the command that posts it
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Iterable, List, NamedTuple, Sequence, Tuple

from pagerduty_mattermost.cards import route as routing
from pagerduty_mattermost.core.config.watch import WatchConfig
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.text import clean, inert, one_line
from pagerduty_mattermost.gateways.stackstorm import rule_criteria as criteria
from pagerduty_mattermost.incidents.incident import Change, Incident, to_payload

INCIDENT_TRIGGER = "pagerduty.incident"
POST_ACTION = "pagerduty.mattermost.post_incident"
DISABLED, POSTS, START_ON, CRITERIA, UNCLEAR = (
    "disabled",
    "posts",
    "start_on",
    "criteria",
    "unclear",
)


class Filter(NamedTuple):
    """One setting of the configuration's `watch`."""

    setting: str
    passed: bool
    reason: str


class Verdict(NamedTuple):
    """One rule that posts cards."""

    rule: str
    outcome: str
    """disabled; posts: it starts a card; start_on: its criteria fit, its start_on doesn't;
    criteria; unclear."""
    channel: str
    """As the rule writes it."""
    route: str
    reason: str
    given: Mapping[str, Any] = {}
    """The parameters that the rule gives."""


class CardState(NamedTuple):
    """One card of the incident."""

    channel_id: str
    channel: str
    """In people's words."""
    route: str
    state: str
    """Its address, or what became of it."""
    held: bool = False
    """It is not there yet: quiet hours hold it back."""


class Told(NamedTuple):
    """What a rule has made."""

    mine: Tuple[CardState, ...]
    """Cards whose route is the rule's."""
    line: str

    @property
    def outcome(self) -> str:
        """card, held, or empty when the rule has made none."""
        if not self.mine:
            return ""
        return "held" if all(card.held for card in self.mine) else "card"


class Subscribed(NamedTuple):
    """One subscription of a channel, made in chat."""

    channel: str
    asks: str
    """In people's words."""
    why_not: str
    """Empty when the incident fits."""


def filters(watch: WatchConfig, incident: Incident) -> List[Filter]:
    """Every filter that is set. They decide when an incident is first reported; one reported is
    followed to its end."""
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
        found.append(
            Filter("watch.urgencies", passed, f"the urgency is {shown(incident.urgency)}")
        )
    if incident.is_open:
        passed = incident.status in watch.start_states
        found.append(
            Filter("watch.start_states", passed, f"the state is {shown(incident.status)}")
        )
    return found


def verdicts(rules: Iterable[Any], changes: Sequence[Change]) -> List[Verdict]:
    """Every rule on the incident trigger that posts cards, judged by each change (oldest first) as
    it came: a rule that wants `triggered` and a priority posts nothing when the priority came
    later. Rules: ref, enabled, trigger, criteria, action."""
    found = [
        _verdict(rule, changes)
        for rule in rules
        if _trigger(rule) == INCIDENT_TRIGGER and _posts(rule)
    ]
    return sorted(found, key=lambda verdict: verdict.rule)


def by_hand(incident_id: str, channel: str) -> str:
    """How to post an incident's card without a rule."""
    return (
        f"`run pagerduty.mattermost.post_incident incident_id={incident_id} "
        f"channel={channel.lstrip('~')}`"
    )


def sentences(
    incident: Incident,
    settings: Sequence[Filter],
    verdicts: Sequence[Verdict],
    told: Sequence[Told],
    cards: Sequence[CardState],
    assumed: bool,
    subscribed: Sequence[Subscribed] = (),
) -> str:
    """All of it for people; `told` is in the order of `verdicts`, `assumed`: no change was
    remembered to judge by."""
    failed = [one for one in settings if not one.passed]
    lines = [f"Incident {incident.id}, {incident.status}:"]
    lines += [f"- kept back by {one.setting}: {one.reason}" for one in failed]
    if not failed:
        lines.append("- passes the settings of the configuration")
    for verdict, result in zip(verdicts, told):
        if result.line:
            where = f" → {verdict.channel}" if verdict.outcome in (POSTS, START_ON) else ""
            lines.append(f"- rule {verdict.rule}{where}: {result.line}")
    for one in subscribed:
        fits = f"does not fit, {inert(one.why_not)}" if one.why_not else "fits"
        lines.append(f"- {one.channel} is subscribed to {one.asks}: {fits}")
    disabled = [verdict.rule for verdict in verdicts if verdict.outcome == DISABLED]
    if disabled:
        lines.append(f"- disabled: {', '.join(disabled)}")
    if not any(verdict.outcome == POSTS for verdict in verdicts):
        lines.append("- no enabled rule posts it")
    credited = {card for result in told for card in result.mine}
    for card in cards:
        if card not in credited:
            lines.append(
                f"- card in {card.channel} (route {card.route or 'unnamed'}): {card.state}"
            )
    if assumed:
        lines.append(
            "- nothing of it is remembered here: rules were judged as if it had just been "
            "triggered"
        )
    if not cards:
        lines.append(f"- to post it by hand: {by_hand(incident.id, ':default')}")
    return "\n".join(lines)


def shown(value: Any) -> str:
    """A value of a rule or an incident on one short line; the answer may be told in a channel, so
    it does nothing."""
    text = inert(one_line(clean(value, 200), 80))
    return f"'{text}'" if text else "empty"


def _verdict(rule: Any, changes: Sequence[Change]) -> Verdict:
    given: Mapping[str, Any] = rule.action.get("parameters") or {}
    name = one_line(clean(given.get("route") or "", 100))
    verdict = Verdict(
        str(rule.ref), DISABLED, str(given.get("channel") or ":default"), name, "", given
    )
    if not rule.enabled:
        return verdict
    kept_back: List[str] = []
    for change in changes:
        outcome, reason = _judged(rule, given, change)
        verdict = verdict._replace(outcome=outcome, reason=reason)
        if outcome == POSTS:
            return verdict
        if outcome == START_ON:
            kept_back += [kind for kind in change.event_types if kind not in kept_back]
    if kept_back:
        starts = ", ".join(_route(given).start_on)
        reason = (
            f"its start_on ({starts}) kept the incident back, the events were "
            f"{', '.join(kept_back)}"
        )
        return verdict._replace(outcome=START_ON, reason=reason)
    return verdict


def _judged(rule: Any, given: Mapping[str, Any], change: Change) -> Tuple[str, str]:
    outcome, reason = _criteria(getattr(rule, "criteria", None) or {}, to_payload(change))
    if outcome != POSTS:
        return outcome, reason
    try:
        route = _route(given)
    except PackError as error:
        return UNCLEAR, f"the route is wrong: {error}"
    return (POSTS if routing.starts(route, change) else START_ON), ""


def _route(given: Mapping[str, Any]) -> routing.Route:
    return routing.make_route(start_on=given.get("start_on"), mention=given.get("mention"))


def _criteria(given: Mapping[str, Any], payload: Mapping[str, Any]) -> Tuple[str, str]:
    try:
        findings = criteria.check(given, payload)
    except criteria.Unsupported as error:
        return UNCLEAR, f"can't be decided here: {error}"
    for one in findings:
        if not one.matched:
            why = f" ({one_line(one.problem, 120)})" if one.problem else ""
            return (
                CRITERIA,
                (
                    f"{one.key} is {shown(one.actual)}, wanted: {one.operator} "
                    f"{shown(one.expected)}{why}"
                ),
            )
    return POSTS, ""


def _posts(rule: Any) -> bool:
    return isinstance(rule.action, Mapping) and rule.action.get("ref") == POST_ACTION


def _trigger(rule: Any) -> str:
    trigger = getattr(rule, "trigger", None)
    if isinstance(trigger, Mapping):
        return str(trigger.get("type") or trigger.get("ref") or "")
    return str(trigger or "")


def _among(values: Iterable[str], wanted: Iterable[str]) -> bool:
    names = {" ".join(name.split()).casefold() for name in wanted}
    return any(" ".join(value.split()).casefold() in names for value in values if value)
