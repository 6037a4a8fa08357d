"""What `serve` logs of an execution that has ended: one line, for people who follow an incident.
Pure."""

from __future__ import annotations

from typing import Any, Mapping

from standalone.journal import Execution
from standalone.pack_model import Pack

UNSEEN = ("unchanged", "not_started", "waiting", "not_configured")
"""What `done` of a result says when people see nothing new."""
KEPT = "kept"
"""What `done` says when it could not be done now and is kept, to be carried out again."""
SHORT_ID_CHARACTERS = 8


def success_line(execution: Execution) -> str:
    """What a successful execution did for people, such as `#12 in ~incidents: card created, 1
    reply.`; else empty."""
    result = execution.result.get("result")
    if not isinstance(result, dict) or not result.get("message") or not _did_something(result):
        return ""
    joint = " in " if "cards" in result or "channel" in result else ": "
    return f"{_subject(execution)}{joint}{' '.join(str(result['message']).split())}"


def kept_line(execution: Execution) -> str:
    """Of one that could not do it and kept it for later, as the pack's actions say by `done`; else
    empty."""
    result = execution.result.get("result")
    if not isinstance(result, dict) or result.get("done") != KEPT:
        return ""
    words = " ".join(str(result.get("message", "")).split())
    return f"{_subject(execution)}: {execution.action_ref}: {words}"


def failure_line(execution: Execution, error: str, pack: Pack, retried: bool) -> str:
    """The line of one that failed: whom it concerns, what did not work, and what becomes of it."""
    rule = f" ({execution.rule_ref})" if execution.rule_ref else ""
    what = f"{_subject(execution)}: {execution.action_ref} {execution.status}{rule}"
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


def _subject(execution: Execution) -> str:
    """The incident, else the rule, else the action."""
    change = execution.parameters.get("change")
    incident = change.get("incident") if isinstance(change, dict) else None
    if isinstance(incident, dict) and (incident.get("number") or incident.get("id")):
        return f"#{incident['number']}" if incident.get("number") else str(incident["id"])
    return execution.rule_ref or execution.action_ref


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
