"""An incident that no rule posts: the operations channel is told which it is, why no rule fits and
what to do, once for each kind (its service and priority).

    report(context, change)    # of a change after which the incident has no card at all

Only what pages somebody: high urgency. Who wants such incidents nowhere leaves them out of what is
watched, or switches the notice off (watch, report_unrouted).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Sequence

from pagerduty_mattermost.cards.card import headline
from pagerduty_mattermost.cards.post_rules import is_on_incidents, posts_cards
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.text import escape, markdown_link, one_line
from pagerduty_mattermost.core.typed_actions import run_line
from pagerduty_mattermost.gateways.mattermost.operations_notices import was_told
from pagerduty_mattermost.gateways.stackstorm import rule_criteria
from pagerduty_mattermost.incidents.incident import Change, Incident, to_payload
from pagerduty_mattermost.operations.route_explanation import by_hand
from pagerduty_mattermost.operations.route_verdicts import (
    CRITERIA,
    DISABLED,
    RuleVerdict,
    verdicts,
)

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

KEPT_SECONDS = 30 * 86400.0
"""After which the same kind is told again, if it still comes."""
NEWS = ("incident.triggered", "incident.priority_updated", "incident.urgency_updated")
"""What may make an incident one that somebody has to see."""
BESIDE_CARDS = (
    "pagerduty.mattermost.repaint_incident",
    "pagerduty.mattermost.tell_incident",
)
"""Actions of rules that show an incident in no channel."""
MAX_NAMED = 4
"""Rules that the notice names."""
PRIORITY = "trigger.incident.priority"


def report(context: Context, change: Change) -> None:
    """Raises nothing: the incident's change was seen to."""
    from pagerduty_mattermost.gateways.stackstorm.rules_api import all_rules

    incident, settings = change.incident, context.settings
    if not settings.watch.report_unrouted or not is_urgent(change):
        return
    if settings.is_trial(incident.service_id, incident.service):
        return
    about = f"unrouted:{incident.service_id}:{incident.priority}"
    try:
        if was_told(context.store, about):
            return
        text = notice(change, all_rules(context.stackstorm))
        if text:
            context.notify_operators(about, text, KEPT_SECONDS)
            context.log.warning("%s", line(change))
    except PackError as error:
        context.log.info("Whether a rule posts %s is not known: %s", incident.id, error)


def is_urgent(change: Change) -> bool:
    """Whether it is news that somebody has to see the incident. Pure."""
    incident = change.incident
    is_news = any(kind in NEWS for kind in change.event_types)
    return is_news and incident.is_open and incident.urgency == "high"


def notice(change: Change, rules: Sequence[Any]) -> str:
    """Markdown for the operations channel; empty where a rule shows the incident, or may. Pure."""
    judged = verdicts(rules, [change])
    enabled = [one for one in judged if one.outcome != DISABLED]
    if any(one.outcome != CRITERIA for one in enabled) or _is_shown_otherwise(change, rules):
        return ""
    if enabled and not change.incident.priority and all(map(_waits, enabled)):
        return ""  # a priority is often set a moment later
    incident = change.incident
    link = markdown_link(headline(incident, 120), incident.url)
    return (
        f"{link} ({escape(_kind(incident))}) is shown in no channel: {_why(enabled)}. "
        f"`{run_line('route.explain', incident_id=incident.id)}` shows all rules, "
        f"{by_hand(incident.id, ':default')} posts it. Correct a rule or add one; "
        "`watch.report_unrouted: false` where such incidents are to be shown nowhere. Further "
        "ones of this service and priority are not reported for 30 days."
    )


def line(change: Change) -> str:
    """The same for a log. Pure."""
    incident = change.incident
    return (
        f"#{incident.number} ({_kind(incident)}) fits no enabled rule that posts cards: it is "
        f"shown in no channel; {run_line('route.explain', incident_id=incident.id)} shows why"
    )


def _why(enabled: Sequence[RuleVerdict]) -> str:
    if not enabled:
        return "no rule that posts cards is enabled"
    shown = [f"`{one.rule}`: {escape(one.reason)}" for one in enabled[:MAX_NAMED]]
    more = f"; and {len(enabled) - MAX_NAMED} more" if len(enabled) > MAX_NAMED else ""
    return f"no enabled rule fits ({'; '.join(shown)}{more})"


def _waits(one: RuleVerdict) -> bool:
    """Whether the rule lacks nothing but a priority so far."""
    return one.lacks is not None and one.lacks.key == PRIORITY and not one.lacks.actual


def _kind(incident: Incident) -> str:
    return ", ".join(
        one_line(part, 80)
        for part in (
            incident.service or incident.service_id,
            f"{incident.urgency} urgency",
            incident.priority or "no priority",
        )
    )


def _is_shown_otherwise(change: Change, rules: Sequence[Any]) -> bool:
    """Whether an enabled rule that posts no card runs another action for the change, which may
    show it: a room's, or one of somebody's own; also where that can't be decided."""
    payload = to_payload(change)
    return any(_runs(rule, payload) for rule in rules)


def _runs(rule: Any, payload: Mapping[str, Any]) -> bool:
    action = getattr(rule, "action", None)
    ref = action.get("ref") if isinstance(action, Mapping) else None
    if not (is_on_incidents(rule) and getattr(rule, "enabled", False)):
        return False
    if ref in BESIDE_CARDS or posts_cards(rule):
        return False
    try:
        return rule_criteria.matches(getattr(rule, "criteria", None) or {}, payload)
    except Exception:  # noqa: BLE001 - a rule of a shape that nobody foresaw
        return True
