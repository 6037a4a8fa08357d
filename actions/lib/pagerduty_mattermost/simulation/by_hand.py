"""What `route.simulate` does: the log of a time through the rules and settings as they are, and
where others are given to be tried, through those as well."""

from __future__ import annotations

import copy
import json
from types import SimpleNamespace
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config import settings as configuration
from pagerduty_mattermost.core.errors import ConfigError, RejectedInput
from pagerduty_mattermost.core.text import clean, escape, listed, one_line
from pagerduty_mattermost.gateways.context import Context
from pagerduty_mattermost.incidents.log_entries import incident_from_rest
from pagerduty_mattermost.reviews.reporting import ReportSpan, span_of
from pagerduty_mattermost.simulation import outcome
from pagerduty_mattermost.simulation.log_reading import READING_SHARE, read_log
from pagerduty_mattermost.simulation.outcome import PastIncident
from pagerduty_mattermost.simulation.past import Past
from pagerduty_mattermost.simulation.patience import Patience
from pagerduty_mattermost.simulation.replay import LogReplay

LEAD_SECONDS = 86400.0
"""The replay begins so long before what is counted, so that what was open then is known."""
DEFAULT_SPAN = "30d"
TRIABLE = (
    "noise.",
    "quiet_hours.",
    "reminders.",
    "watch.",
    "time_zone",
    "mattermost.team",
    "mattermost.default_channel",
    "mattermost.operations_channel",
    "mattermost.service_channels",
)
"""Settings that may be tried, by what their names begin with: those that say what is posted where.
With another address in place of a server's its token would be sent there."""


def simulate(
    context: Context,
    rules: Sequence[Any],
    given: Mapping[str, Any],
    tell: Optional[Callable[[], None]] = None,
) -> Dict[str, Any]:
    """The action's result. `tell`: says to who waits that it is under way. Raises RejectedInput,
    ConfigError and the gateways' errors."""
    patience = Patience(context.monotonic, float(given.get("within") or 0), tell)
    zone = times.zone(context.settings.time_zone)
    span = span_of(
        str(given.get("since") or DEFAULT_SPAN),
        str(given.get("until") or ""),
        now=context.clock(),
        zone=context.settings.time_zone,
    )
    asked = begin, end = float(int(span.begin)), float(int(span.end))
    raw, changes = _changed(context._config, listed(given.get("settings")))
    other_rules, switched = _switched(
        rules, listed(given.get("enable")), listed(given.get("disable"))
    )
    what = [*changes, *switched]
    log = read_log(context, begin - LEAD_SECONDS, end, patience)
    first = log.begin
    if first > begin - LEAD_SECONDS:
        begin = first + min(LEAD_SECONDS, float(int((end - first) / 2)))
    past = Past(log.rows)
    now = LogReplay(context, context._config, rules, past, (first, end)).run(
        lambda: patience.is_over(READING_SHARE + (1 - READING_SHARE) * (0.5 if what else 1.0))
    )
    tried = None
    if what:
        tried = LogReplay(context, raw, other_rules, past, (first, now.reached)).run(
            patience.is_over
        )
    end = tried.reached if tried is not None else now.reached
    if end <= begin:
        raise RejectedInput(
            f"Nothing could be replayed within {times.duration(patience.seconds)}: ask for a "
            "shorter time"
        )
    incidents = _incidents(past, end)
    results = [
        outcome.outcome_of(done, incidents, (begin, end), zone)
        for done in (now, tried)
        if done is not None
    ]
    as_it_is, changed = results[0], results[1] if what else None
    complete = (begin, end) == asked
    shown = ReportSpan(begin, end).words(context.settings.time_zone)
    text = outcome.as_text(as_it_is, changed, what, shown, len(past.assumed))
    if not complete:
        wanted = one_line(clean(str(given.get("since") or DEFAULT_SPAN), 60))
        text += (
            f"\n- Time was up after {times.duration(patience.seconds)}: {escape(wanted)} was "
            "asked for, this is the part that was replayed. The action route.simulate replays all "
            "of it"
        )
    if log.cut:
        text += "\n- PagerDuty gave not all of its log: the figures are too low"
    with_posts = bool(given.get("posts"))
    return {
        "since": times.iso(begin),
        "until": times.iso(end),
        "complete": complete and not log.cut,
        "as_it_is": outcome.as_value(as_it_is, with_posts=with_posts),
        "changed": outcome.as_value(changed, with_posts=with_posts) if changed else None,
        "what": what,
        "assumed": sorted(past.assumed),
        "message": text,
    }


def _incidents(past: Past, at: float) -> List[PastIncident]:
    found = []
    for id in past.ids:
        incident = incident_from_rest(past.incident(id, at))
        created = times.seconds(incident.created_at) if incident is not None else None
        if incident is None or created is None:
            continue
        found.append(
            PastIncident(
                id, incident.number, incident.title, incident.service, incident.urgency, created
            )
        )
    return found


def _changed(raw: Mapping[str, Any], given: Sequence[str]) -> Tuple[Dict[str, Any], List[str]]:
    """The configuration with settings in place of its own, each `section.name=value`. Raises
    RejectedInput for what is no setting or changes nothing."""
    found: Dict[str, Any] = copy.deepcopy(dict(raw))
    said = []
    for text in given:
        name, sign, value = text.partition("=")
        path, shown = name.strip().split("."), one_line(clean(text, 100))
        if not sign or not all(path):
            raise RejectedInput(
                f"settings: '{shown}' does not read: write noise.storm_incidents=5"
            )
        if not name.strip().startswith(TRIABLE):
            what = ", ".join(one.rstrip(".") for one in TRIABLE)
            raise RejectedInput(
                f"settings: '{one_line(clean(name, 60))}' is not among the settings that can be "
                f"tried: {what}"
            )
        before = _loaded(found, shown)
        place = found
        for part in path[:-1]:
            inner = place.get(part)
            place[part] = dict(inner) if isinstance(inner, Mapping) else {}
            place = place[part]
        place[path[-1]] = _value(value.strip())
        if _loaded(found, shown) == before:
            raise RejectedInput(
                f"settings: '{shown}' changes nothing: it is so already, or there is no such "
                "setting"
            )
        said.append(shown)
    return found, said


def _loaded(raw: Mapping[str, Any], shown: str) -> Any:
    try:
        return configuration.load(dict(raw))
    except ConfigError as error:
        raise RejectedInput(f"settings: '{shown}': {error}") from None


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _switched(
    rules: Sequence[Any], enable: Sequence[str], disable: Sequence[str]
) -> Tuple[List[Any], List[str]]:
    """The rules with some switched on or off. Raises RejectedInput for a name that none has."""
    wanted: Dict[str, bool] = {}
    for names, on in ((enable, True), (disable, False)):
        for name in names:
            wanted[_ref(rules, name)] = on
    said, found = [], []
    for rule in rules:
        on = wanted.get(rule.ref, rule.enabled)
        if on != rule.enabled:
            said.append(f"rule {rule.ref} {'enabled' if on else 'disabled'}")
        found.append(
            SimpleNamespace(
                ref=rule.ref,
                enabled=on,
                type=getattr(rule, "type", None),
                trigger=rule.trigger,
                criteria=getattr(rule, "criteria", None),
                action=rule.action,
            )
        )
    return found, said


def _ref(rules: Sequence[Any], name: str) -> str:
    refs = [rule.ref for rule in rules]
    found: Optional[str] = next((one for one in (name, f"pagerduty.{name}") if one in refs), None)
    if found is None:
        raise RejectedInput(f"There is no rule '{one_line(clean(name, 60))}'")
    return found
