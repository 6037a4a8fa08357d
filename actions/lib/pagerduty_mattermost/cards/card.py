"""Pure: an incident as the one post that shows it, in every state. Replies in its thread:
`replies`.

    draw_card(incident, CardView(zone, key=..., version=...)) -> Card(message, props)
    plain_line(incident) -> one line of Markdown for direct messages

Two attachments of one colour, which Mattermost draws in order, so that the buttons stand above
what the alert said: the first has the title, one line of how the incident is, and the buttons; the
second one the rest, where there is any. `message` is one plain line (state, title, service) for
push, search and the list of threads; push adds each attachment's `fallback` to it, so they have
none. `props.pagerduty` is `{key, incident, version, print}`: found again by its key, compared by
its version and fingerprint. The props keep the 8000 characters of old servers, which count about
290 more for each attachment (measured on Mattermost 11.6): what matters least is cut first.
"""

from __future__ import annotations

import json
from datetime import timezone, tzinfo
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple

from pagerduty_mattermost.cards.card_text import CardLimits, CardReader, alert_text, state_line
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.post_keys import PROPS_KEY, own_props
from pagerduty_mattermost.core.text import escape, inert, one_line, plain, web_link
from pagerduty_mattermost.incidents.incident import Incident, Version

MAX_PROPS_CHARACTERS = 8000
"""Characters of a post's props on old servers."""
ATTACHMENT_CHARACTERS = 290
"""What the server adds to each attachment before it counts."""
ACTION_CHARACTERS = 200
FINGERPRINT_CHARACTERS = 16
RESERVED_CHARACTERS = 250
"""For what servers add to a bot's props (`from_bot`, channel mentions)."""


class CardState(NamedTuple):
    """How a state of an incident looks on its card."""

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
        title=255, summary=2000, note=800, details=40, detail=600, links=6, people=8, url=600
    ),
    CardLimits(
        title=255, summary=1200, note=500, details=30, detail=300, links=6, people=6, url=600
    ),
    CardLimits(
        title=255, summary=600, note=500, details=20, detail=160, links=6, people=6, url=600
    ),
    CardLimits(
        title=255, summary=300, note=300, details=8, detail=100, links=4, people=5, url=500
    ),
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
    """By whom and when, as Markdown; empty: it is not."""
    names: Mapping[str, str] = {}
    """Mattermost names by PagerDuty's user ids, as far as they are known. A new post notifies whom
    it names so; one that is changed nobody."""
    room: str = ""
    """Where the incident's own room is, as Markdown; empty: it has none."""


class Card(NamedTuple):
    """A post as Mattermost takes it."""

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


def plain_line(incident: Incident) -> str:
    """State, title, service and link on one line of Markdown, for messages beside a card."""
    return " · ".join(part for part in (message_line(incident), web_link(incident.url)) if part)


def message_line(
    incident: Incident, limits: CardLimits = LEVELS[0], *, mitigated: bool = False
) -> str:
    """`🚨 Triggered P2 · #4 Disk full · Checkout`: what push, search and the list of threads show
    of a card."""
    state = MITIGATED if mitigated else state_of(incident)
    word = state.word
    if incident.priority and incident.is_open:
        word += f" {incident.priority}"
    if incident.status == "resolved":
        length = times.between(incident.created_at, incident.resolved_at)
        word += f" after {length}" if length else ""
    parts = [
        f"{state.emoji} {escape(one_line(word, 80))}",
        escape(headline(incident, limits.title)),
        escape(one_line(incident.service, 60)),
    ]
    return " · ".join(part for part in parts if part)


def draw_card(incident: Incident, view: CardView) -> Card:
    """The whole card of an incident in any state, within the limits of every server."""
    for limits in LEVELS:
        drawn = _draw(incident, view, limits)
        if props_size(drawn.props) <= MAX_PROPS_CHARACTERS:
            break
    # What would only be written with its date a day later, or with a name that became known, is no
    # change.
    dated = _attachments(incident, view._replace(now="", names={}), limits)
    drawn.props[PROPS_KEY]["print"] = _fingerprint([drawn.message, dated])
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
    painted = painted_version(root)
    if painted is None:
        return True
    differs = bool(fingerprint) and root["props"][PROPS_KEY].get("print") != fingerprint
    return painted < version or (painted == version and differs)


def painted_version(root: Mapping[str, Any]) -> Optional[Version]:
    """The version that the card on the server shows, None when it does not say."""
    try:
        updated_at, entry_at, cycle = own_props(root.get("props"))["version"]
        return Version(str(updated_at), str(entry_at), int(cycle))
    except (KeyError, TypeError, ValueError):
        return None


def _draw(incident: Incident, view: CardView, limits: CardLimits) -> Card:
    """With room for the fingerprint, which is made of the level that is taken."""
    message = message_line(incident, limits, mitigated=bool(view.mitigated))
    own = {
        "key": view.key,
        "incident": incident.id,
        "version": list(view.version),
        "print": "0" * FINGERPRINT_CHARACTERS,
    }
    return Card(message, {"attachments": _attachments(incident, view, limits), PROPS_KEY: own})


def _attachments(incident: Incident, view: CardView, limits: CardLimits) -> List[Dict[str, Any]]:
    reader = CardReader(view.zone, view.now, view.names)
    state = state_of(incident)
    color = MITIGATED.color if view.mitigated else state.color
    line = state_line(incident, f"{state.emoji} **{escape(state.word)}**", reader, limits)
    if view.mitigated:
        line = f"{MITIGATED.emoji} **{MITIGATED.word}** {view.mitigated} · {line}"
    if view.room:
        line += f" · {view.room}"
    link = web_link(incident.url)
    title = headline(incident, limits.title)
    first: Dict[str, Any] = {"color": color, "title": inert(title), "text": line}
    if link and len(link) <= limits.url:
        # A linked title is shown as it is: nothing in it acts, and it can be copied.
        first.update(title=plain(title), title_link=link)
    if view.actions:
        first["actions"] = [dict(action) for action in view.actions]
    rest = alert_text(incident, reader, limits)
    return [first, {"color": color, "text": rest}] if rest else [first]


def _fingerprint(shown: List[Any]) -> str:
    import hashlib

    text = json.dumps(shown, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:FINGERPRINT_CHARACTERS]
