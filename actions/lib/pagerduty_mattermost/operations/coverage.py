"""Which services' incidents reach no channel: those that are watched, or came lately, and that no
enabled rule and no subscription can show. A line of `health.check`, and of the embedded default's
`check`.

    gaps = coverage.unshown(pagerduty, settings, rules, subscriptions, now)
    coverage.sentence(gaps)      # empty where nothing is to be said

Said is only what is beyond doubt: a rule counts as fitting unless a criterion on something that
is known of such incidents (service, urgency; of one that came also its team, policy and priority)
rules it out. Who wants such incidents nowhere switches `watch.report_unrouted` off; low urgency is
spoken of only where `watch.urgencies` names it, since few want it in a channel.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Dict, FrozenSet, Iterable, List, NamedTuple, Sequence, Tuple

from pagerduty_mattermost.cards import subscriptions as subscribed
from pagerduty_mattermost.cards.post_rules import is_on_incidents, posts_cards
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.quiet import URGENCIES
from pagerduty_mattermost.core.config.settings import mattermost_missing
from pagerduty_mattermost.core.errors import Ambiguous, NotFound, RetryLater
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.stackstorm import rule_criteria
from pagerduty_mattermost.incidents.incident import Change, Incident, to_payload
from pagerduty_mattermost.operations.route_verdicts import filters
from pagerduty_mattermost.operations.unrouted import BESIDE_CARDS

if TYPE_CHECKING:
    from pagerduty_mattermost.core.config.settings import Config
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty

LATELY_SECONDS = 7 * 86400.0
MAX_NAMED = 4
"""Services that the line names."""
MAX_TEAM_SERVICES = 1000
OF_SERVICE = frozenset(("service", "service_id", "urgency"))
"""What is known of incidents that a service may have."""
OF_INCIDENT = OF_SERVICE | {"teams", "escalation_policy", "escalation_policy_id"}
"""What is known of others like one that came."""
NO_RULE = (
    "no enabled rule posts cards, so no incident reaches a channel: enable one, such as "
    "pagerduty.post_incidents"
)


class Gap(NamedTuple):
    """Incidents of one kind that nothing shows."""

    service: str
    urgency: str
    priority: str = ""
    """Empty: whatever theirs is."""


class _Sample(NamedTuple):
    """Incidents of one kind: one of them, and which of its fields all of them share."""

    incident: Incident
    known: FrozenSet[str]


def check(context: Context) -> Tuple[str, str]:
    """ok, warn or off, and a text. Raises the gateways' errors."""
    from pagerduty_mattermost.gateways.stackstorm.rules_api import all_rules

    settings, client = context.settings, context.stackstorm()
    if mattermost_missing(settings) or getattr(client, "rules", None) is None:
        return "off", "Mattermost is not configured" if client else "there is no StackStorm here"
    if not settings.watch.report_unrouted:
        return "off", "not asked for: watch.report_unrouted is false"
    try:
        rules = all_rules(lambda: client)
    except RetryLater as error:
        return "off", f"not known: {error}"
    asked = subscribed.every(context.store, context.log)
    found = unshown(context.pagerduty, settings, rules, asked, context.clock())
    line = sentence(found, has_rules=shows_any(rules, asked))
    return ("warn", line) if line else ("ok", "a rule fits what is watched and what came lately")


def shows_any(rules: Iterable[Any], asked: Sequence[subscribed.Subscription]) -> bool:
    """Whether anything could show an incident at all. Pure."""
    return bool(asked) or any(_may_show(rule, {}, frozenset()) for rule in rules)


def unshown(
    pagerduty: PagerDuty,
    settings: Config,
    rules: Sequence[Any],
    asked: Sequence[subscribed.Subscription],
    now: float,
) -> List[Gap]:
    """`now`: seconds since the epoch. Two or three requests. Raises the gateway's errors."""
    if not settings.watch.report_unrouted or mattermost_missing(settings):
        return []
    if not shows_any(rules, asked):
        return []
    samples = [*_watched(pagerduty, settings), *_came_lately(pagerduty, settings, now)]
    return gaps(samples, rules, asked)


def gaps(
    samples: Iterable[_Sample],
    rules: Sequence[Any],
    asked: Sequence[subscribed.Subscription],
) -> List[Gap]:
    """Each kind once; one whatever its priority holds those of one priority. Pure."""
    found: Dict[Gap, None] = {}
    for incident, known in samples:
        payload = to_payload(Change(incident))
        if any(_may_show(rule, payload, known) for rule in rules):
            continue
        if any(_may_fit(one, incident, known) for one in asked):
            continue
        name = one_line(clean(incident.service or incident.service_id, 80))
        priority = incident.priority if "priority" in known else ""
        found[Gap(name, incident.urgency, one_line(clean(priority, 40)))] = None
    return [one for one in found if not one.priority or one._replace(priority="") not in found]


def sentence(found: Sequence[Gap], *, has_rules: bool = True) -> str:
    """What is said of them, on one line; empty where nothing is. Pure."""
    if not has_rules:
        return NO_RULE
    if not found:
        return ""
    kinds: Dict[str, List[str]] = {}
    for one in found:
        words = f"{one.urgency} urgency" + (f" {one.priority}" if one.priority else "")
        kinds.setdefault(one.service, []).append(words)
    named = [f"{service} ({', '.join(words)})" for service, words in kinds.items()]
    more = f" and {len(named) - MAX_NAMED} services more" if len(named) > MAX_NAMED else ""
    return (
        f"incidents of {', '.join(named[:MAX_NAMED])}{more} reach no channel: no enabled rule "
        "fits them; correct or add a rule, or set watch.report_unrouted: false where they are "
        "meant to be shown nowhere"
    )


def _may_show(rule: Any, payload: Mapping[str, Any], known: FrozenSet[str]) -> bool:
    """Whether the rule shows such incidents, or may: a room's, or one with an action of somebody's
    own, counts as well as one that posts cards."""
    action = getattr(rule, "action", None)
    ref = action.get("ref") if isinstance(action, Mapping) else None
    if not getattr(rule, "enabled", False) or not is_on_incidents(rule):
        return False
    if ref in BESIDE_CARDS and not posts_cards(rule):
        return False
    criteria = getattr(rule, "criteria", None) or {}
    return all(_may_hold(key, criterion, payload, known) for key, criterion in criteria.items())


def _may_hold(key: str, criterion: Any, payload: Mapping[str, Any], known: FrozenSet[str]) -> bool:
    try:
        steps = rule_criteria.steps(key.split("#", 1)[0])
        if steps[:2] != ["trigger", "incident"] or not known.intersection(steps[2:3]):
            return True
        return rule_criteria.matches({key: criterion}, payload)
    except Exception:  # noqa: BLE001 - a criterion of a shape that nobody foresaw is in doubt
        return True


def _may_fit(one: subscribed.Subscription, incident: Incident, known: FrozenSet[str]) -> bool:
    """Whether a subscription asks for such incidents, or may."""
    terms = one._replace(
        team_id=one.team_id if "teams" in known else "",
        priority=one.priority if "priority" in known else "",
    )
    return not terms.why_not(incident)


def _urgencies(settings: Config) -> Tuple[str, ...]:
    """Those that are spoken of."""
    named: Tuple[str, ...] = settings.watch.urgencies
    return named or tuple(one for one in URGENCIES if one == "high")


def _watched(pagerduty: PagerDuty, settings: Config) -> Iterable[_Sample]:
    """Of the services that the configuration names, or that its teams have."""
    from pagerduty_mattermost.gateways.pagerduty.references import reference, resolve_each

    watch = settings.watch
    named = [*watch.services, *settings.mattermost.service_channels]
    services = []
    if named:
        each = resolve_each(pagerduty, "service", dict.fromkeys(named)).values()
        services = [one for one in each if not isinstance(one, (Ambiguous, NotFound))]
    if watch.teams and not watch.services:
        teams = resolve_each(pagerduty, "team", watch.teams).values()
        ids = [one.id for one in teams if not isinstance(one, (Ambiguous, NotFound))]
        query = {"team_ids": ids}
        rows = (
            pagerduty.list_all("/services", "services", query, MAX_TEAM_SERVICES).items
            if ids
            else []
        )
        services += [reference("service", row) for row in rows if row.get("status") != "disabled"]
    only = watch._replace(teams=(), urgencies=())
    for one in services:
        for urgency in _urgencies(settings):
            incident = Incident(one.id, service=one.name, service_id=one.id, urgency=urgency)
            if _counts(only, settings, incident):
                yield _Sample(incident, OF_SERVICE)


def _came_lately(pagerduty: PagerDuty, settings: Config, now: float) -> Iterable[_Sample]:
    """The newest hundred incidents of a week."""
    from pagerduty_mattermost.incidents.log_entries import incident_from_rest

    query = {
        "since": times.iso(now - LATELY_SECONDS),
        "until": times.iso(now),
        "sort_by": "created_at:desc",
    }
    for row in pagerduty.page("/incidents", "incidents", query).items:
        incident = incident_from_rest(row)
        if incident is None or incident.urgency not in _urgencies(settings):
            continue
        known = OF_INCIDENT | ({"priority", "priority_id"} if incident.priority else set())
        if _counts(settings.watch, settings, incident):
            yield _Sample(incident, known)


def _counts(watch: Any, settings: Config, incident: Incident) -> bool:
    """Whether it is watched, and none of the canary's, a test's or a drill's."""
    if settings.is_trial(incident.service_id, incident.service):
        return False
    return all(one.passed for one in filters(watch, incident))
