"""What must stand in the channel after a history of the model: `sandbox.verify`, and for what
storms, flapping and quiet hours may leave without a card an own account of when that may be. Knows
only PagerDuty's truth and the posts."""

# flake8: noqa: E203,W503

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timezone
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Tuple

from sandbox.verify import verify

CHANNEL = "incidents"
FLAPPING = "Comes and goes"
OPEN = ("triggered", "acknowledged")
ACTS = ("acknowledge_log_entry", "annotate_log_entry")

LATE = re.compile(r" · _posted [^_]*(later|late)_( · @.*)?$", re.M)
"""How a reply says that it comes late: at the end, with nothing but a mention behind."""
SNAPSHOT_BRIDGE = r"a reply for snap-\w+-bridge-\S+, which is no change$"
"""Another conference bridge that left no entry is told by what a snapshot saw."""

Thing = Mapping[str, Any]


def differences(world: Any) -> List[str]:
    truth = [_whole(one, world) for one in world.account.truth() if one["entries"]]
    posts = world.chat.service.posts(CHANNEL)
    marks = [post.props.get("pagerduty") or {} for post in posts]
    carded = {mark["incident"] for mark in marks if mark.get("incident") and not mark.get("event")}
    digested = Counter(id for mark in marks for id in str(mark.get("incidents") or "").split())
    stormy = _may_be_stormy(truth, world.noise)
    absent = [one for one in truth if one["id"] not in carded]
    lines: List[str] = []
    excused = []
    acted = [one for one in truth if _is_acted_on(one)]
    for one in absent:
        name = f"#{one['number']} {one['title']}"
        quiet = one["urgency"] == "low" and _created(one) < _end_of(world.quiet)
        is_open = one["status"] in OPEN
        if quiet and one["id"] not in stormy:
            if is_open and digested[one["id"]] != 1:
                lines.append(
                    f"{name}: open and held by quiet hours, but in {digested[one['id']]} digests"
                )
            excused.append(one["id"])
        elif one["id"] in stormy:
            if is_open and not quiet and one["priority"] == "P1":
                lines.append(f"{name}: of high priority and without a card")
            if is_open and not quiet and one in acted and len(acted) <= 5:
                lines.append(f"{name}: somebody acted on it and it has no card")
            excused.append(one["id"])
    lines += [f"{id} is in {count} digests" for id, count in digested.items() if count > 1]
    lines += _storms_differ(
        world, posts, [one for one in absent if one["id"] in stormy and one["urgency"] != "low"]
    )
    rest = [one for one in truth if one["id"] not in excused]
    found = verify(rest, world.chat.service, CHANNEL, since=world.began)
    if not world.account.switches.bridge_entry:
        found = [line for line in found if not re.search(SNAPSHOT_BRIDGE, line)]
    return lines + found


def _whole(incident: Thing, world: Any) -> Thing:
    """With what the webhook alone told of it, in its order."""
    more = [entry for id, entry in world.told_by_webhook if id == incident["id"]]
    entries = sorted([*incident["entries"], *more], key=lambda entry: int(entry[2]))
    return {**incident, "entries": entries} if more else incident


def misnamed(world: Any) -> List[str]:
    """Incidents whose thread does not tell as many reopenings as there were since the pack's
    start, however their entries looked."""
    lines: List[str] = []
    for post in world.chat.service.posts(CHANNEL):
        mark = post.props.get("pagerduty") or {}
        incident = world.account.incidents.get(mark.get("incident"))
        if incident is None or mark.get("event"):
            continue
        entries = [entry for entry in incident.entries if entry.created_at >= int(world.began)]
        wanted = sum(entry.webhook == "incident.reopened" for entry in entries)
        replies = [one.message for one in world.chat.service.thread(post)]
        told = sum("reopened" in text.lower() for text in replies)
        told -= sum("what was posted as reopened at" in text for text in replies)
        if told != wanted:
            lines.append(f"#{incident.number}: {told} replies tell of {wanted} reopenings")
    return lines


def disordered(world: Any, *, strictly: bool = False) -> List[str]:
    """Threads in which a reply stands below one of something later and does not say that it comes
    late; `strictly`: also where it says so, unless it came into sight after the other."""
    lines = []
    for card, replies in _threads(world):
        for place, (text, later, seen) in enumerate(replies):
            for told, earlier, seen_before in replies[place + 1 :]:
                if earlier[0] >= later[0]:  # of one second, or rightly below it
                    continue
                if not LATE.search(told):
                    lines.append(f"{card}: {told!r} does not say that it stands below {text!r}")
                elif strictly and seen_before <= seen:
                    lines.append(f"{card}: {told!r} stands below {text!r}")
    return lines


def _threads(world: Any) -> Iterator[Tuple[str, List[Tuple[str, Tuple[int, int], float]]]]:
    """Of each card the words of its replies, in their order: each with when it happened (second,
    and place in the log), and when it came into sight."""
    when: Dict[str, Tuple[Tuple[int, int], float]] = {
        entry.id: ((int(entry.created_at), number), entry.visible_at)
        for incident in world.account.incidents.values()
        for number, entry in enumerate(incident.entries)
    }
    for _, (id, _, at, _) in world.told_by_webhook:
        when[id] = ((int(at), 0), at)
    for post in world.chat.service.posts(CHANNEL):
        mark = post.props.get("pagerduty") or {}
        if mark.get("incident") and not mark.get("event"):
            replies = world.chat.service.thread(post)
            ids = [str((one.props.get("pagerduty") or {}).get("event") or "") for one in replies]
            known = [(one.message, *when[id]) for one, id in zip(replies, ids) if id in when]
            yield str(mark["incident"]), known


def _created(incident: Thing) -> float:
    return float(incident["entries"][0][2])


def _is_acted_on(incident: Thing) -> bool:
    return any(kind in ACTS for _, kind, _, _ in incident["entries"])


def _end_of(hours: str) -> float:
    """Of the quiet hours of the day on which the histories begin."""
    if not hours:
        return 0.0
    hour, minute = map(int, hours.split("-")[1].split(":"))
    return datetime(2025, 10, 9, hour, minute, tzinfo=timezone.utc).timestamp()


def _may_be_stormy(truth: Iterable[Thing], noise: bool) -> Dict[str, str]:
    """Incidents that storms or flapping may hold: more than three of a service in a minute, those
    that come while that lasts, and what has had two rounds of its title."""
    from model_world import NOISE

    found: Dict[str, str] = {}
    by_service: Dict[str, List[Thing]] = {}
    for one in truth if noise else ():
        by_service.setdefault(one["service"], []).append(one)
    for service, those in by_service.items():
        those.sort(key=_created)
        rounds = 0
        last = 0.0
        for number, one in enumerate(those):
            window = those[number : number + NOISE["storm_incidents"] + 1]
            if (
                len(window) > NOISE["storm_incidents"]
                and _created(window[-1]) - _created(one) <= NOISE["storm_window"]
            ):
                last = max(last, _created(window[-1]))
                found.update((each["id"], service) for each in window)
            elif last and _created(one) <= last + NOISE["storm_quiet"]:
                found[one["id"]] = service
                last = max(last, _created(one))
            if one["title"] == FLAPPING:
                if rounds >= NOISE["flapping_rounds"]:
                    found[one["id"]] = service
                rounds += sum(
                    "trigger" in kind or "reopen" in kind for _, kind, _, _ in one["entries"]
                )
    return found


def _storms_differ(world: Any, posts: Iterable[Any], absent: Iterable[Thing]) -> List[str]:
    lines: List[str] = []
    storms = [post for post in posts if (post.props.get("pagerduty") or {}).get("storm")]
    keys = Counter(post.props["pagerduty"]["storm"] for post in storms)
    lines += [f"{count} cards of {key}" for key, count in keys.items() if count > 1]
    for post in storms:
        if not re.search("has ended|is over|no longer flaps", post.message):
            lines.append(f"a storm without an end: {post.message!r}")
        summaries = [
            one for one in world.chat.service.thread(post) if one.message.startswith("Ended after")
        ]
        if len(summaries) != 1:
            lines.append(f"{len(summaries)} summaries of {post.message!r}")
    for service, count in Counter(str(one["service"]) for one in absent).items():
        told = sum(
            int(found.group(1))
            for post in storms
            for found in [re.search(r"(\d+) (incidents|rounds)(?: · @|$)", post.message)]
            if found and service in post.message
        )
        if told < count:
            lines.append(f"{count} incidents of {service} have no card, and storms tell of {told}")
    return lines
