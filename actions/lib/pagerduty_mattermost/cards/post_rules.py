"""Rules that post cards (action `mattermost.post_incident`), and how many of them a change sets in
motion. Pure.

    posts_cards(rule)                   # whether it is such a rule on the incident trigger
    route_of(parameters)                # the route that the action makes of a rule's parameters
    certain_runs(rules, payload)        # how many of them run for this change, beyond doubt

Rules are StackStorm's, or the embedded default's: ref, enabled, trigger, criteria, action.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Iterable, Optional

from pagerduty_mattermost.cards.route import Route, make_route
from pagerduty_mattermost.core.errors import PackError, RejectedInput, WrongParameter
from pagerduty_mattermost.core.text import clean, listed, one_line
from pagerduty_mattermost.gateways.mattermost.channel_words import WORDS
from pagerduty_mattermost.gateways.mattermost.values import checked_name, is_id
from pagerduty_mattermost.gateways.stackstorm import rule_criteria

INCIDENT_TRIGGER = "pagerduty.incident"
POST_ACTION = "pagerduty.mattermost.post_incident"

WHOLE_TRIGGER = re.compile(r"\s*\{\{\s*trigger\s*\}\}\s*")
"""A parameter of a rule that is all of the trigger's payload."""
_TEXTS = ("channel", "route", "mention", "quiet", "priority")
_LISTS = ("start_on", "reply_on", "checklist", "reactions")


def is_on_incidents(rule: Any) -> bool:
    """Whether it is a rule on the incident trigger, enabled or not."""
    return trigger_of(rule) == INCIDENT_TRIGGER


def posts_cards(rule: Any) -> bool:
    """Whether it is one that posts cards."""
    action = getattr(rule, "action", None)
    is_post = isinstance(action, Mapping) and action.get("ref") == POST_ACTION
    return is_on_incidents(rule) and is_post


def route_of(given: Mapping[str, Any]) -> Route:
    """The route that `mattermost.post_incident` makes of a rule's parameters. Raises
    WrongParameter."""
    return make_route(
        given.get("route"),
        listed(given.get("start_on")),
        listed(given.get("reply_on")),
        given.get("mention"),
        given.get("checklist"),
        listed(given.get("reactions")),
        given.get("quiet"),
        given.get("priority"),
    )


def check_channel(text: Optional[str]) -> None:
    """Raises WrongParameter for what no configuration could make a channel of."""
    word = str(text or "").strip()
    if not word or word in WORDS or is_id(word):
        return
    team, _, name = word.rpartition("/")
    try:
        if word.startswith(":"):
            raise RejectedInput(
                f"'{one_line(clean(word, 60))}' is none of the channel words {', '.join(WORDS)}"
            )
        checked_name(name.lstrip("~"), "channel")
        if team:
            checked_name(team.lstrip("~"), "team")
    except RejectedInput as error:
        raise WrongParameter("channel", str(error)) from None


def certain_runs(rules: Iterable[Any], payload: Mapping[str, Any]) -> int:
    """How many rules that post cards have their action run for the payload of a change. 0 also
    where that is in doubt for one of them: a criterion that can't be decided here, a parameter
    that is a template or that the action would refuse."""
    found = 0
    for rule in rules:
        if not posts_cards(rule) or not rule.enabled:
            continue
        try:
            if not rule_criteria.matches(getattr(rule, "criteria", None) or {}, payload):
                continue
            if not _runs(rule):
                return 0
        except Exception:  # noqa: BLE001 - a rule of a shape that nobody foresaw is in doubt
            return 0
        found += 1
    return found


def _runs(rule: Any) -> bool:
    """Whether nothing about the rule keeps its action from running."""
    kind = getattr(rule, "type", None)
    if isinstance(kind, Mapping) and str(kind.get("ref") or "standard") != "standard":
        return False  # runs only where no other rule does
    given = rule.action.get("parameters") or {}
    if not WHOLE_TRIGGER.fullmatch(str(given.get("change") or "")):
        return False
    for name, value in given.items():
        if name == "change" or value is None:
            continue
        texts = [value] if name in _TEXTS else value if name in _LISTS else None
        if not isinstance(texts, list) or not all(_is_plain(text) for text in texts):
            return False
    try:
        check_channel(given.get("channel"))
        route_of(given)
    except PackError:
        return False
    return True


def _is_plain(text: Any) -> bool:
    return isinstance(text, str) and "{{" not in text and "{%" not in text and "{#" not in text


def trigger_of(rule: Any) -> str:
    """The reference of the trigger that a rule of StackStorm is on; empty where it has none."""
    trigger = getattr(rule, "trigger", None)
    if isinstance(trigger, Mapping):
        return str(trigger.get("type") or trigger.get("ref") or "")
    return str(trigger or "")
