"""Pure: the one card of a storm, or of an alert that flaps, and the summary in its thread."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Dict, Sequence, Tuple

from pagerduty_mattermost.cards.card import LOW_TRIGGERED, STATES
from pagerduty_mattermost.cards.card_text import MAX_NAME_CHARACTERS
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.text import escape, markdown_link, one_line, web_link

ONGOING, STILL_OPEN, OVER = STATES["triggered"].color, LOW_TRIGGERED, STATES["resolved"].color
"""Those of an incident's own card: a storm that ended while its incidents are open is not over."""

MAX_ROWS = 5
"""Incidents that the card lists: with more Mattermost's app would fold it, at some 200 pixels."""


def card(
    storm: Mapping[str, Any], zone: tzinfo, actions: Sequence[Mapping[str, Any]] = ()
) -> Tuple[str, Dict[str, Any]]:
    """Message and attachment. `storm`: the payload of `pagerduty.storm`; `actions`: its buttons.
    No `fallback`: push would repeat in it what the message says."""
    ended = storm["state"] == "ended"
    head = headline(storm)
    color = (STILL_OPEN if left(storm) else OVER) if ended else ONGOING
    since = times.clock(str(storm["started_at"]), zone, str(storm["at"]))
    counts = ((storm["triggered"], "triggered"), (storm["acknowledged"], "acknowledged"))
    states = ", ".join(
        f"{count} {word}" for count, word in (*counts, (storm["closed"], "resolved")) if count
    )
    lines = [
        f"**{storm['total']} incidents** since {since}: {states}.",
        *(_line(one) for one in storm["incidents"][:MAX_ROWS]),
    ]
    hidden = int(storm["total"]) - len(storm["incidents"][:MAX_ROWS])
    below = [f"… and {hidden} more{'' if actions else ' in PagerDuty'}."] if hidden > 0 else []
    in_hand = storm["acknowledged"] and not storm["triggered"]
    if not (ended or in_hand):  # what is acknowledged in bulk has got no card
        below.append("_A card of its own gets what is of high priority or acted on._")
    if below:
        lines += ["", " ".join(below)]
    attachment: Dict[str, Any] = {"color": color, "text": "\n".join(lines)}
    if actions:
        attachment["actions"] = list(actions)
    return escape(head), attachment


def headline(storm: Mapping[str, Any]) -> str:
    """The storm on one line; not escaped."""
    service, title = (
        one_line(str(storm[name]), MAX_NAME_CHARACTERS) for name in ("service", "title")
    )
    ended = storm["state"] == "ended"
    if storm["kind"] == "flapping":
        what = f"{title} on {service} {'no longer flaps' if ended else 'flaps'}"
        return f"{'✅' if ended else '🔁'} {what} · {storm['total']} rounds"
    still_open = left(storm)
    if ended and still_open:
        what = f"The storm on {service} has ended, {still_open} still open"
        return f"⚠️ {what} · {storm['total']} incidents"
    what = f"The storm on {service} is over" if ended else f"Storm of incidents on {service}"
    return f"{'✅' if ended else '🌩️'} {what} · {storm['total']} incidents"


def left(storm: Mapping[str, Any]) -> int:
    """How many of its incidents are open."""
    return int(storm["triggered"]) + int(storm["acknowledged"])


def summary(storm: Mapping[str, Any]) -> str:
    """What is said of a storm that is over."""
    length = times.between(str(storm["started_at"]), str(storm["at"]))
    still_open = left(storm)
    still = f"{still_open} still open" if still_open else "all of them resolved"
    more = (
        " Each gets its card as soon as somebody acts on it."
        if still_open and storm["kind"] == "storm"
        else ""
    )
    return f"Ended after {length}: {storm['total']} incidents, {still}.{more}"


def _line(one: Mapping[str, Any]) -> str:
    state = STATES.get(str(one["status"]))
    emoji = state.emoji if state else "❔"
    name = f"#{one['number']} {one_line(str(one['title']), 100)}"
    return f"- {emoji} {markdown_link(name, web_link(str(one['url'])))}"
