"""What `serve` logs of an execution that has ended: one line, for people who follow an incident.
Pure."""

# flake8: noqa: W503

from __future__ import annotations

import re
from typing import Any, Mapping

from standalone.journal import Execution
from standalone.pack_model import Pack
from standalone.plain_text import plain
from standalone.runner import ActionOutcome

UNSEEN = ("unchanged", "not_started", "waiting", "not_configured")
"""What `done` of a result says when people see nothing new."""
KEPT = "kept"
"""What `done` says when it could not be done now and is kept, to be carried out again."""
NOTICES = ("pagerduty.sensor_health",)
"""Rules whose posts tell how the pack itself does."""
_POSTED = re.compile(r"Posted in (\S{1,200})\.$")
_BOLD = re.compile(r"(?::[a-z_]{1,40}: )?\*\*([^*\n]{1,200})\*\*")
SHORT_ID_CHARACTERS = 8
MAX_TYPED_CHARACTERS = 60
"""Of a command in the log."""


def success_line(execution: Execution) -> str:
    """What a successful execution did for people, such as `#12 in ~incidents: card created, 1
    reply.`; else empty."""
    result = execution.result.get("result")
    if not isinstance(result, dict) or not result.get("message") or not _did_something(result):
        return ""
    news = _news(execution)
    if news:
        return f"{_subject(execution)}: {news}"
    said = plain(" ".join(str(result["message"]).split()))
    joint = " in " if said.startswith("~") else ": "
    return f"{_subject(execution)}{joint}{said}"


def _news(execution: Execution) -> str:
    """What a rule of the pack's own posted, by the words in bold that its notices begin with: no
    more of them, since what follows may name anything."""
    result = execution.result["result"]
    posted = _POSTED.match(str(result["message"]))
    bold = _BOLD.match(str(execution.parameters.get("message") or ""))
    if execution.rule_ref not in NOTICES or posted is None or bold is None:
        return ""
    words = " ".join(plain(bold.group(1)).split()).rstrip(".")
    return f"posted in {posted.group(1)}: {words}"


def kept_line(execution: Execution) -> str:
    """Of one that could not do it and kept it for later, as the pack's actions say by `done`; else
    empty."""
    result = execution.result.get("result")
    if not isinstance(result, dict) or result.get("done") != KEPT:
        return ""
    words = " ".join(str(result.get("message", "")).split())
    return f"{_subject(execution)}: {execution.action_ref}{_by_rule(execution)}: {words}"


def is_answered(execution: Execution) -> bool:
    """Whether whoever asked for it in chat was told why it is not done: no trouble of the
    pack's."""
    return (
        isinstance(execution.parameters.get("order"), dict)
        and execution.status == "failed"
        and not execution.result.get("stderr")
        and "error" not in execution.result
    )


def failure_text(execution: Execution) -> str:
    """Why one failed, in its own words."""
    outcome = ActionOutcome(execution.status, {"stderr": "", **execution.result})
    return str(execution.result.get("error") or outcome.error)


def failure_line(execution: Execution, error: str, pack: Pack, retried: bool) -> str:
    """The line of one that failed: whom it concerns, what did not work, and what becomes of it."""
    if is_answered(execution):
        return f"{_subject(execution)}: {_asked(execution.parameters['order'])} not done: {error}"
    what = f"{_subject(execution)}: {execution.action_ref} {execution.status}{_by_rule(execution)}"
    if retried:
        return f"{what}; it is tried again: {error}"
    if not execution.attempt:
        return f"{what}: {error}"
    kept = f"it is kept (`executions {execution.id[:SHORT_ID_CHARACTERS]}`)"
    if any(
        one.enabled and one.action["ref"] == f"{pack.ref}.mattermost.catch_up"
        for one in pack.rules.values()
    ):
        kept += ", and catch_up posts later what still can be posted"
    return f"{what}, given up after {execution.attempt + 1} tries: {error.rstrip('.')}; {kept}"


def _by_rule(execution: Execution) -> str:
    """Which rule ran it, where the line does not begin with that."""
    rule = execution.rule_ref
    return f" ({rule})" if rule and rule != _subject(execution) else ""


def _subject(execution: Execution) -> str:
    """Who asked in chat, the incident, else the rule, else the action."""
    order = execution.parameters.get("order")
    if isinstance(order, dict) and order.get("user_name"):
        return f"@{order['user_name']}"
    change = execution.parameters.get("change")
    incident = change.get("incident") if isinstance(change, dict) else None
    if isinstance(incident, dict) and (incident.get("number") or incident.get("id")):
        return f"#{incident['number']}" if incident.get("number") else str(incident["id"])
    return execution.rule_ref or execution.action_ref


def _asked(order: Mapping[str, Any]) -> str:
    """What somebody typed after `/pd`, or clicked."""
    if order.get("kind") != "command":
        return str(order.get("verb") or order.get("kind") or "")
    typed = " ".join(str(order.get("text") or "").split())
    cut = typed if len(typed) <= MAX_TYPED_CHARACTERS else f"{typed[:MAX_TYPED_CHARACTERS]}…"
    return f"`/pd {cut}`"


def _did_something(result: Mapping[str, Any]) -> bool:
    """By the words the pack's actions have for it; a result that has none of them did what it
    says."""
    if any(_did_something(card) for card in result.get("cards") or ()):
        return True
    if "done" in result:
        return result["done"] not in UNSEEN or bool(result.get("reply_ids"))
    if "cards" in result:
        return False
    if "sent" in result:
        return any(not one.get("already") for one in result["sent"])
    if "caught_up" in result:
        return bool(result["caught_up"] or result.get("dropped"))
    return not result.get("already")
