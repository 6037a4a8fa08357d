"""Compares what is posted in Mattermost with what truly happened in PagerDuty; the demo and the
crash tests judge by it.

    truth = sandbox.pagerduty.account.truth()
    differences = verify(truth, sandbox.mattermost.account, "incidents", since=started)

Empty when each incident that changed has exactly one card that shows its last state, and each of
its changes that the card does not tell by itself exactly one reply in the card's thread, in order.
Knows the pack only from outside:
what a post says and what `props.pagerduty` names (the incident of a card, the log entry of a
reply).
"""

# flake8: noqa: W503

from __future__ import annotations

from collections import Counter
from typing import Any, Dict, Iterable, List, Mapping, Sequence, Tuple

STATE_WORDS = {
    "triggered": "Triggered",
    "acknowledged": "Acknowledged",
    "resolved": "Resolved",
    "merged": "Merged",
}
QUIET_ENTRIES = ("notify",)
"""How people were called is no change of the incident."""

Thing = Mapping[str, Any]


def changes(incident: Thing, since: float = 0.0) -> List[str]:
    """Ids of the log entries that people should read of, oldest first; `since`: epoch seconds,
    those of that second and later."""
    belonging = _assignments(incident)
    return [
        id_
        for id_, kind, at, _ in incident["entries"]
        if kind.replace("_log_entry", "") not in QUIET_ENTRIES
        and id_ not in belonging
        and at >= int(since)
    ]


def _assignments(incident: Thing) -> Dict[str, str]:
    """Entries of assignments that belong to the entry before, which triggered or reopened the
    incident in the same second; by id, with that entry's id."""
    entries = [
        (id_, kind.replace("_log_entry", ""), at) for id_, kind, at, _ in incident["entries"]
    ]
    return {
        id_: before[0]
        for before, (id_, kind, at) in zip(entries, entries[1:])
        if kind == "assign" and before[1:] in (("trigger", at), ("reopen", at))
    }


def _is_told_by_the_card(entry: Sequence[Any]) -> bool:
    """That an alert triggered it the card says; who else did is news."""
    _, kind, _, text = entry
    return kind.replace("_log_entry", "") == "trigger" and not text.startswith("Triggered by ")


def verify(truth: Iterable[Thing], mattermost: Any, channel: str, since: float = 0.0) -> List[str]:
    """What differs, a line each. `since`: epoch seconds of the pack's first start, before which
    nothing is news."""
    cards: Dict[str, List[Any]] = {}
    for post in mattermost.posts(channel):
        mark = _mark(post)
        if mark.get("incident") and not mark.get("event"):
            cards.setdefault(str(mark["incident"]), []).append(post)
    differences: List[str] = []
    for incident in truth:
        expected = changes(incident, since)
        found = cards.pop(incident["id"], [])
        if not expected and not found:
            continue
        name = f"#{incident['number']} {incident['title'][:40]}"
        if len(found) != 1:
            differences.append(f"{name}: {len(found)} cards instead of one in {channel}")
            continue
        names = {
            f"{user.first_name} {user.last_name}": f"@{user.username}"
            for user in mattermost.state.users.values()
        }
        differences += [f"{name}: {line}" for line in _card_differs(incident, found[0], names)]
        told = [str(_mark(reply).get("event") or "") for reply in mattermost.thread(found[0])]
        # A reopening may be told by its assignment, where that came into sight first.
        reopened = {a: b for a, b in _assignments(incident).items() if b not in expected[:1]}
        replies = [reopened.get(id_, id_) for id_ in told if id_]
        silent = {entry[0] for entry in incident["entries"] if _is_told_by_the_card(entry)}
        wanted = [id_ for id_ in expected if id_ not in silent]
        differences += [f"{name}: {line}" for line in _replies_differ(incident, wanted, replies)]
    differences += [f"a card of the unknown incident {id_}" for id_ in cards]
    return differences


def _mark(post: Any) -> Thing:
    mark = post.props.get("pagerduty")
    return mark if isinstance(mark, dict) else {}


def _card_differs(incident: Thing, post: Any, names: Mapping[str, str]) -> List[str]:
    """`names`: @names by the names of people, either of which the card may show."""
    shown = " ".join(
        str(attachment.get(key, ""))
        for attachment in post.props.get("attachments") or ()
        for key in ("title", "text")
    )
    lines = []
    word = STATE_WORDS[incident["status"]]
    if word not in post.message or word not in shown:
        lines.append(f"the card does not say {word}: {post.message!r}")
    if f"#{incident['number']}" not in shown:
        lines.append("the card does not show its number")
    wanted = [incident["priority"]]
    if incident["status"] in ("triggered", "acknowledged"):
        wanted += incident["assignees"]
    lines += [
        f"the card does not name {text}"
        for text in wanted
        if text and text not in shown and names.get(text, text) not in shown
    ]
    return lines


def _replies_differ(incident: Thing, expected: Sequence[str], replies: Sequence[str]) -> List[str]:
    what: Dict[str, Tuple[str, str]] = {
        id_: (kind, text) for id_, kind, _, text in incident["entries"]
    }
    count = Counter(replies)
    lines = [f"no reply for {what[id_][0]} ({what[id_][1]})" for id_ in expected if not count[id_]]
    lines += [
        f"{count[id_]} replies for {what.get(id_, (id_,))[0]}" for id_ in count if count[id_] > 1
    ]
    lines += [f"a reply for {id_}, which is no change" for id_ in count if id_ not in expected]
    if not lines and list(replies) != list(expected):
        lines.append("the replies are not in order")
    return lines
