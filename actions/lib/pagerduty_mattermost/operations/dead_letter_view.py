"""Dead letters for people: which ones were asked for, as JSON, as Markdown, and what became of
those that were carried out again. Pure; outside text is escaped here."""

# flake8: noqa: W503

from __future__ import annotations

from datetime import tzinfo
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound, RejectedInput
from pagerduty_mattermost.core.markdown import MAX_ROWS, cell, table
from pagerduty_mattermost.core.text import clean, counted
from pagerduty_mattermost.core.typed_actions import run_line
from pagerduty_mattermost.operations.dead_letters import (
    ACT,
    ACTIONS,
    ALARM_LETTERS,
    BLOCKED,
    MAX_LETTERS,
    PERMANENT,
    RETRYABLE,
    DeadLetter,
)
from pagerduty_mattermost.operations.replay_order import is_tried

WHAT_HAPPENS = {
    RETRYABLE: "tried again by itself",
    BLOCKED: "tried again by itself, once the cause may be gone",
    PERMANENT: "replayed by hand alone",
    ACT: "by hand alone, after a check of the incident",
}
_IN_WORDS = {ACT: "command"}
"""Kinds that people call otherwise than parameters and results do."""
MAX_REASON_CHARACTERS, MAX_WHAT_CHARACTERS, MAX_ABOUT_CHARACTERS = 160, 80, 60
"""Characters of each in a table."""
NO_ENDS: Mapping[str, str] = {}
POSTS = {
    "post_incident": "card",
    "repaint_incident": "cards brought up to date",
    "post_once": "message",
    "post_storm": "storm's card",
    "tell_incident": "direct message",
    "room_open": "room",
    "oncall_tell": "message about a shift",
}
"""What an action that is kept was to post."""


def chosen(
    found: Sequence[DeadLetter], *, incident: str = "", kind: str = "", since: float = 0.0
) -> List[DeadLetter]:
    """Those that fit, oldest first. `incident`: id, number or link, or the failed post's own id;
    `since`: of the newest failure."""
    wanted = incident.strip().lstrip("#").rstrip("/").rpartition("/")[2]
    return [
        one
        for one in found
        if (not wanted or wanted in (one.id, one.incident, _number(one)))
        and (not kind or kind == one.kind)
        and one.last_at >= since
    ]


def _number(one: DeadLetter) -> str:
    change = one.params.get("change")
    incident = change.get("incident") if isinstance(change, dict) else None
    return str(incident.get("number") or "") if isinstance(incident, dict) else ""


def what(one: DeadLetter) -> str:
    """What it was to be, by which one is told from another: the command as it was typed and by
    whom, the post and where it goes."""
    order = one.params.get("order")
    if isinstance(order, Mapping):
        return _ordered(order)
    if one.action not in POSTS and one.params.get("verb") == "typed":
        by = one.params.get("user")
        return f"/pd {one.params.get('text')}{f' by @{by}' if by else ''}"
    if one.action not in POSTS:
        given = (one.params.get(name) for name in ("verb", "incidents", "service", "text"))
        return " ".join(str(word) for word in given if word)
    channel = str(one.params.get("channel") or "")
    place = channel if channel[:1] in (":", "~", "") or "/" in channel else f"~{channel}"
    by = f" ({one.rule})" if one.rule else ""
    return f"{POSTS[one.action]}{' in ' + place if place else ''}{by}"


def _ordered(order: Mapping[str, Any]) -> str:
    """What was ordered from chat."""
    kind, said = str(order.get("kind") or ""), str(order.get("text") or "")
    given = f"{order.get('verb') or kind} {said}".strip()
    if kind == "command":
        given = f"/pd {said}"
    by = order.get("user_name")
    return f"{given} by @{by}" if by else given


def about(one: DeadLetter) -> str:
    """The incident it is of, with number and title where they are known."""
    change = one.params.get("change")
    incident = change.get("incident") if isinstance(change, Mapping) else None
    if isinstance(incident, Mapping) and incident.get("number"):
        return f"#{incident['number']} {incident.get('title') or ''}".strip()
    return one.incident


def row(one: DeadLetter, *, parameters: bool) -> Dict[str, Any]:
    """One failed post as an action's result has it."""
    return {
        "id": one.id,
        "action": f"pagerduty.{ACTIONS[one.action][2]}",
        "what": what(one),
        "rule": one.rule,
        "kind": one.kind,
        "reason": one.reason,
        "incident_id": one.incident,
        "sequence": one.sequence,
        "first_failed_at": times.iso(one.first_at),
        "last_failed_at": times.iso(one.last_at),
        "attempts": one.attempts,
        "next_at": times.iso(one.next_at) if one.kind in (RETRYABLE, BLOCKED) else "",
        **({"parameters": one.params} if parameters else {}),
    }


def markdown(shown: Sequence[DeadLetter], total: int, zone: tzinfo, end: str = "") -> str:
    """The newest first; `total`: how many there are; `end`: what became of the one that was asked
    for by its id."""
    if not total:
        return f"It was {end}." if end else "No failed posts or commands."
    kinds = {kind: sum(one.kind == kind for one in shown) for kind in WHAT_HAPPENS}
    words = "; ".join(
        f"{_kind(kind, number)} ({WHAT_HAPPENS[kind]})" for kind, number in kinds.items() if number
    )
    rows = [
        [
            f"`{one.id}`",
            cell(what(one), MAX_WHAT_CHARACTERS),
            cell(about(one), MAX_ABOUT_CHARACTERS),
            _IN_WORDS.get(one.kind, one.kind),
            cell(one.reason, MAX_REASON_CHARACTERS),
            cell(times.stamp_at(one.last_at, zone), 40),
            str(one.attempts),
        ]
        for one in reversed(shown)
    ][:MAX_ROWS]
    head = ("id", "what", "incident", "kind", "why", "failed last", "times")
    text = (
        f"{total} failed {'post or command' if total == 1 else 'posts and commands'}: "
        f"{words or 'none of these'}.\n\n{table(head, rows)}"
    )
    return text + (f"\n… and {total - len(rows)} more." if total > len(rows) else "")


def _kind(kind: str, number: int) -> str:
    """How many of it."""
    return counted(number, _IN_WORDS[kind]) if kind in _IN_WORDS else f"{number} {kind}"


def picked(
    found: Sequence[DeadLetter],
    ids: Sequence[str],
    everything: bool,
    *,
    acts: bool,
    ends: Mapping[str, str] = NO_ENDS,
) -> Tuple[List[DeadLetter], List[str]]:
    """Those asked for, and the ids that are none. `acts`: whether `everything` holds the acts from
    chat too; `ends`: what became of others, by id. Raises RejectedInput unless ids or all are
    given, and NotFound where none of the ids is one."""
    if bool(ids) == everything:
        raise RejectedInput("Give either ids, as deadletter.list shows them, or all=true")
    if everything:
        return [one for one in found if acts or one.kind != ACT], []
    by_id = {one.id: one for one in found}
    wanted = list(dict.fromkeys(ids))
    chosen, missing = (
        [by_id[id] for id in wanted if id in by_id],
        [id for id in wanted if id not in by_id],
    )
    if not chosen:
        hint = (
            "It was dropped, or is mistyped"
            if len(missing) == 1
            else "These were dropped, or are mistyped"
        )
        unknown = any(id not in ends for id in missing)
        more = f" {hint}; pagerduty.deadletter.list shows those that are left" if unknown else ""
        raise NotFound(f"{_none_of(missing, ends)}{more}")
    return chosen, missing


def _none_of(ids: Sequence[str], ends: Mapping[str, str]) -> str:
    """What is said of ids that are none any more, or never were."""
    said = [f"{id} was {ends[id]}." for id in ids if id in ends]
    unknown = ", ".join(clean(id, 60) for id in ids if id not in ends)
    return " ".join([*said, *([f"No failed post or command: {unknown}."] if unknown else [])])


def dropped(
    chosen: Sequence[DeadLetter], missing: Sequence[str], ends: Mapping[str, str] = NO_ENDS
) -> Dict[str, Any]:
    """What `deadletter.drop` returns."""
    message = f"{len(chosen)} dropped."
    if missing:
        message += f" {_none_of(missing, ends)}"
    return {"dropped": [one.id for one in chosen], "not_found": list(missing), "message": message}


def warning(one: DeadLetter, zone: tzinfo) -> str:
    """What somebody who carries it out again must know; empty when nothing."""
    if one.kind != ACT:
        return ""
    return (
        f"A command from chat of {times.stamp_at(one.first_at, zone)}, done in the name "
        "of who asked then although more than a minute had passed: check whether the incident is "
        "as it should be."
    )


def replayed(one: DeadLetter, problem: Optional[str], zone: tzinfo) -> Dict[str, Any]:
    """What became of one that was to be carried out again. `problem`: why it failed, empty when
    it went through, None when it was not tried."""
    given = {"id": one.id, "incident_id": one.incident, "warning": warning(one, zone)}
    if problem is None:
        message = "Not tried: what has to come before it failed."
        return {**given, "done": "not_tried", "message": message}
    if problem:
        return {**given, "done": "failed", "message": problem}
    return {**given, "done": "replayed", "message": "Carried out."}


def kept_result(one: DeadLetter, line: str) -> Dict[str, Any]:
    """What an action returns that failed and was kept. `line`: why."""
    message = f"Not done, and kept as failed post {one.id} ({WHAT_HAPPENS[one.kind]}): {line}"
    return {"done": "kept", "dead_letter": one.id, "kind": one.kind, "message": message}


def not_found(id: str, end: str = "") -> Dict[str, Any]:
    """`end`: what became of it, where that is known."""
    message = f"It was {end}." if end else "No failed post or command has this id."
    return {"id": id, "done": "not_found", "message": message}


def replay_result(
    results: List[Dict[str, Any]], acts_left_out: int, ends: Mapping[str, str] = NO_ENDS
) -> Dict[str, Any]:
    """What `deadletter.replay` returns. `ends`: what became of those that are kept no more."""
    count = sum(one["done"] == "replayed" for one in results)
    failed = next((one["message"] for one in results if one["done"] == "failed"), "")
    message = f"{count} of {sum(one['done'] != 'not_found' for one in results)} retried."
    if acts_left_out:
        message += (
            f" Left out as commands from chat: {acts_left_out}; check their incidents, then give "
            "their ids."
        )
    missing = [one["id"] for one in results if one["done"] == "not_found"]
    if missing:
        message += f" {_none_of(missing, ends)}"
    if failed:
        message += f" The first that failed: {failed}"
    return {"letters": results, "replayed": count, "message": message}


def catch_up_result(
    caught_up: int,
    left: Sequence[DeadLetter],
    dropped: int,
    now: float,
    *,
    busy: bool = False,
) -> Dict[str, Any]:
    """What `mattermost.catch_up` returns. `left`: all that is still kept; `busy`: another run is
    at it."""
    waiting = sum(is_tried(one, now) for one in left)
    message = "Nothing was waiting."
    if caught_up or waiting:
        message = f"Caught up: {caught_up}; still waiting: {waiting}."
    if busy:
        message = "Another run is catching up."
    by_hand = len(left) - waiting
    return {
        "caught_up": caught_up,
        "waiting": waiting,
        "by_hand": by_hand,
        "dropped": dropped,
        "message": message,
    }


def too_many(count: int) -> str:
    """Markdown for the operations channel; empty while there are not too many."""
    if count < ALARM_LETTERS:
        return ""
    return (
        f"{count:,} posts and commands have failed and are kept, of {MAX_LETTERS:,} at most; "
        f"beyond that the oldest are dropped. `{run_line('deadletter.list')}` says why; "
        "retry or drop them."
    )
