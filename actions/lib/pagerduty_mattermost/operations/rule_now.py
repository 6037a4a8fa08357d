"""A dead letter with the parameters that its rule gives today: what somebody has corrected in a
rule since then counts; what the rule makes of its trigger stays as it was made. Pure.

    as_rule_says(letter, rule)    # the letter; None where the rule runs the action no more
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Dict, Optional

from pagerduty_mattermost.operations.dead_letters import ACTIONS, DeadLetter

CHANNEL, DEFAULT_CHANNEL = "channel", ":default"
"""Where an action posts that is given no channel."""


def as_rule_says(one: DeadLetter, rule: Any) -> Optional[DeadLetter]:
    """`rule`: StackStorm's or the embedded default's (enabled, action), None where there is none
    of that name. The letter itself where nothing differs."""
    action = getattr(rule, "action", None)
    if not isinstance(action, Mapping) or not getattr(rule, "enabled", False):
        return None
    if action.get("ref") != f"pagerduty.{ACTIONS[one.action][2]}":
        return None
    given = action.get("parameters") or {}
    params: Dict[str, Any] = dict(one.params)
    params.update(
        (name, value) for name, value in given.items() if value is not None and not _made(value)
    )
    if CHANNEL in params and given.get(CHANNEL) is None:
        params[CHANNEL] = DEFAULT_CHANNEL
    return one if params == one.params else one._replace(params=params)


def _made(value: Any) -> bool:
    """Whether a template makes it, or a part of it."""
    if isinstance(value, str):
        return "{{" in value or "{%" in value
    if isinstance(value, Mapping):
        return any(_made(one) for one in value.values())
    return isinstance(value, list) and any(_made(one) for one in value)
