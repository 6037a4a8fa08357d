"""Pure: an incident as the one post that shows it, in every state. Replies in its thread:
`replies`.

    draw_card(incident, CardView(zone, key=..., version=...)) -> Card(message, props)
    plain_line(incident) -> one line of Markdown for direct messages

`message` and the attachment's `fallback` are one plain line (state, title, service, link) for
push, mobile and search. `props.pagerduty` is `{key, incident, version, print}`: found again by its
key, compared by its version and fingerprint. The props keep the 8000 characters of old servers,
which count about 290 more for each attachment (measured on Mattermost 11.6): what matters least is
cut first.
"""

from __future__ import annotations

import json
from datetime import timezone, tzinfo
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Tuple

from pagerduty_mattermost.cards.fields import CardLimits, draw_fields, state_text
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.post_keys import PROPS_KEY
from pagerduty_mattermost.core.text import escape, inert, one_line, web_link
from pagerduty_mattermost.incidents.incident import Incident, Version

MAX_PROPS_CHARACTERS = 8000
"""Characters of a post's props on old servers."""
ATTACHMENT_CHARACTERS = 290
"""What the server adds to each attachment before it counts."""
ACTION_CHARACTERS = 200
RESERVED_CHARACTERS = 250
"""For what servers add to a bot's props (`from_bot`, channel mentions)."""


class CardState(NamedTuple):
    word: str
    emoji: str
    color: str


STATES: Mapping[str, CardState] = {
    "triggered": CardState("Triggered", "🚨", "#c62828"),
    "acknowledged": CardState("Acknowledged", "👀", "#f9a825"),
    "resolved": CardState("Resolved", "✅", "#2e7d32"),
    "merged": CardState("Merged", "🔀", "#757575"),
    "deleted": CardState("Deleted", "🗑️", "#757575"),
}
LOW_TRIGGERED = "#ef6c00"
MITIGATED = CardState("Mitigated", "🩹", "#1565c0")
"""PagerDuty has no such state: an open incident of which somebody said so
(`CardView.mitigated`)."""

LEVELS: Tuple[CardLimits, ...] = (
    CardLimits(
        title=255, summary=800, note=600, details=12, detail=200, links=6, people=8, url=600
    ),
    CardLimits(
        title=255, summary=500, note=500, details=8, detail=120, links=6, people=6, url=600
    ),
    CardLimits(title=255, summary=300, note=300, details=4, detail=80, links=4, people=5, url=500),
    CardLimits(title=200, summary=200, note=200, details=0, detail=0, links=2, people=4, url=400),
    CardLimits(title=120, summary=0, note=100, details=0, detail=0, links=0, people=2, url=300),
    CardLimits(title=60, summary=0, note=0, details=0, detail=0, links=0, people=1, url=120),
)
"""From all there is to what can't be left out; the first that fits is taken."""


class CardView(NamedTuple):
    """What a card shows beside the incident itself."""

    zone: tzinfo = timezone.utc
    key: str = ""
    """The card's key (`post_keys.post_key("card", incident, channel)`)."""
    version: Version = Version("", "", 0)
    now: str = ""
    """ISO time of the painting; replies name the day only when it is another one, and mark what is
    late."""
    actions: Tuple[Mapping[str, Any], ...] = ()
    """Buttons and menus of the attachment, as Mattermost takes them."""
    mitigated: str = ""
    """By whom and when; empty: it is not."""


class Card(NamedTuple):
    message: str
    props: Dict[str, Any]

    @property
    def fingerprint(self) -> str:
        """Equal for cards that show the same."""
        return str(self.props[PROPS_KEY]["print"])


def state_of(incident: Incident) -> CardState:
    """Word, emoji and colour; states nobody knows yet keep their own word."""
    known = STATES.get(incident.status)
    if known is None:
        return CardState(one_line(incident.status, 40).capitalize() or "Unknown", "❔", "#757575")
    if incident.status == "triggered" and incident.urgency == "low":
        return known._replace(color=LOW_TRIGGERED)
    return known


def headline(incident: Incident, limit: int = 255) -> str:
    """`#12 Disk full`, not escaped."""
    title = one_line(incident.title, limit) or "Incident without a title"
    return f"#{incident.number} {title}" if incident.number else title


def plain_line(
    incident: Incident,
    limits: CardLimits = LEVELS[0],
    *,
    markdown: bool = True,
    mitigated: bool = False,
) -> str:
    """State, title, service and link on one line; `markdown=False` for places that show it as it
    is."""
    safe = escape if markdown else inert
    state = MITIGATED if mitigated else state_of(incident)
    word = (
        f"{state.word} ({incident.priority})"
        if incident.priority and incident.is_open
        else state.word
    )
    if incident.status == "resolved":
        length = times.between(incident.created_at, incident.resolved_at)
        word += f" after {length}" if length else ""
    link = web_link(incident.url)
    parts = [
        f"{state.emoji} {safe(one_line(word, 80))}",
        safe(headline(incident, limits.title)),
        safe(one_line(incident.service, 60)),
        link if len(link) <= limits.url else "",
    ]
    return " · ".join(part for part in parts if part)


def draw_card(incident: Incident, view: CardView) -> Card:
    """The whole card of an incident in any state, within the limits of every server."""
    drawn = _draw(incident, view, LEVELS[0])
    for limits in LEVELS[1:]:
        if props_size(drawn.props) <= MAX_PROPS_CHARACTERS:
            break
        drawn = _draw(incident, view, limits)
    return drawn


def props_size(props: Mapping[str, Any]) -> int:
    """Characters of the props as an old server counts them, with what it adds, on the safe
    side."""
    text = json.dumps(props, ensure_ascii=False, separators=(",", ":"))
    attachments: Iterable[Mapping[str, Any]] = props.get("attachments") or ()
    actions = sum(len(attachment.get("actions") or ()) for attachment in attachments)
    # Go writes these three as six characters each.
    escaped = 5 * (text.count("<") + text.count(">") + text.count("&"))
    extra = ATTACHMENT_CHARACTERS * len(list(attachments)) + ACTION_CHARACTERS * actions
    return len(text) + escaped + extra + RESERVED_CHARACTERS


def is_outdated(root: Mapping[str, Any], version: Version, fingerprint: str) -> bool:
    """Whether the card on the server (`root`, Mattermost's post) is older than the version, or of
    that version and shows something else, which is compared when a fingerprint is given."""
    props = root.get("props")
    own = props.get(PROPS_KEY) if isinstance(props, dict) else None
    try:
        updated_at, entry_at, cycle = own["version"]  # type: ignore[index]
        painted = Version(str(updated_at), str(entry_at), int(cycle))
    except (KeyError, TypeError, ValueError):
        return True
    differs = bool(fingerprint) and own.get("print") != fingerprint  # type: ignore[union-attr]
    return painted < version or (painted == version and differs)


def _draw(incident: Incident, view: CardView, limits: CardLimits) -> Card:
    marked = bool(view.mitigated)
    state = MITIGATED if marked else state_of(incident)
    text = state_text(
        incident,
        f"{state_of(incident).emoji} **{escape(state_of(incident).word)}**",
        view.zone,
        limits,
    )
    if marked:
        text = (
            f"{MITIGATED.emoji} **{MITIGATED.word}** "
            f"{escape(one_line(view.mitigated, 160))}\n{text}"
        )
    link = web_link(incident.url)
    attachment: Dict[str, Any] = {
        "fallback": plain_line(incident, limits, markdown=False, mitigated=marked),
        "color": state.color,
        # A linked title is shown as plain text: backslashes would be seen.
        "title": inert(headline(incident, limits.title)),
        "text": text,
        "fields": draw_fields(incident, view.zone, limits),
    }
    if link and len(link) <= limits.url:
        attachment["title_link"] = link
    if view.actions:
        attachment["actions"] = [dict(action) for action in view.actions]
    message = plain_line(incident, limits, mitigated=marked)
    own = {
        "key": view.key,
        "incident": incident.id,
        "version": list(view.version),
        "print": _fingerprint([message, attachment]),
    }
    return Card(message, {"attachments": [attachment], PROPS_KEY: own})


def _fingerprint(shown: List[Any]) -> str:
    import hashlib

    text = json.dumps(shown, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]
