"""A parameter that means nothing, of a rule that somebody wrote: it is told by the rule's name, in
the failed execution and in the operations channel. Neither kept nor repeated: as it is written it
would fail for ever, and once it is right `posts.reconcile` posts the cards that are missing.
"""

from __future__ import annotations

from typing import Any, List, Mapping

from pagerduty_mattermost.core.errors import PackError, WrongParameter
from pagerduty_mattermost.core.text import clean, escape, listed, one_line
from pagerduty_mattermost.gateways.context import Context

MAX_NAMED = 5
"""Rules that a line names."""


def told(context: Context, action: str, given: Mapping[str, Any], error: WrongParameter) -> str:
    """The line that names rule and parameter; the operations channel is told once a day.
    `action`: its name without the pack's."""
    names = _rules(context, action, given, error.parameter)
    shown = ", ".join(names[:MAX_NAMED]) + (", …" if len(names) > MAX_NAMED else "")
    whose = f"The rule {shown}" if len(names) == 1 else f"The rules {shown}" if names else ""
    line = f"{whose or f'A rule that runs {action}'}: {context.line_of(error)}"
    try:
        context.notify_operators(
            f"rule:{shown or action}:{error.parameter}",
            f"{escape(line)}. Correct the rule: until then it posts nothing.",
        )
    except PackError as failed:  # no Mattermost is configured
        context.log.info("Not posted in the operations channel: %s", context.line_of(failed))
    return line


def name_channel(context: Context, channel: str, entry_point: str) -> bool:
    """Whether a rule names this channel for an action of the pack, or runs the action of this
    entry point with a template, which could be any; True also where StackStorm does not list its
    rules: then it may be one's. `entry_point`: its module."""
    from pagerduty_mattermost.gateways.stackstorm.rules_api import all_rules

    try:
        rules = all_rules(context.stackstorm)
    except PackError as error:
        context.log.info("Whether it is a rule's is not known: %s", context.line_of(error))
        return True
    for rule in rules:
        runs = getattr(rule, "action", None) or {}
        written = str((runs.get("parameters") or {}).get("channel") or "")
        pack, _, action = str(runs.get("ref") or "").partition(".")
        if pack != "pagerduty" or not written:
            continue
        if bare(written) == bare(channel):
            return True
        if "{" in written and action.replace(".", "_") == entry_point:
            return True
    return False


def bare(channel: str) -> str:
    """A channel's name, whichever way it is written."""
    return channel.strip().lstrip("~").rpartition("/")[2].lower()


def _rules(context: Context, action: str, given: Mapping[str, Any], parameter: str) -> List[str]:
    """Names of the rules that run the action with this very parameter; none where StackStorm does
    not tell, or where a template made the value."""
    from pagerduty_mattermost.gateways.stackstorm.rules_api import all_rules

    try:
        rules = all_rules(context.stackstorm)
    except PackError as error:
        context.log.info("Which rule it is could not be found out: %s", context.line_of(error))
        return []
    found = []
    for rule in rules:
        runs = getattr(rule, "action", None) or {}
        written = (runs.get("parameters") or {}).get(parameter)
        if runs.get("ref") == f"pagerduty.{action}" and _same(written, given.get(parameter)):
            found.append(one_line(clean(rule.ref, 200)))
    return sorted(found)


def _same(written: Any, value: Any) -> bool:
    """A list may be written as words with commas between them."""
    if isinstance(value, list) or isinstance(written, list):
        return [str(one) for one in listed(written) or ()] == [
            str(one) for one in listed(value) or ()
        ]
    return bool(written == value)
