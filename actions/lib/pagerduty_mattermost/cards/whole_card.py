"""Pure: all that is known of an incident, for one reader: `/pd show`, Details of a card's menu.

whole = draw(incident, notes, CardReader(zone, now))
whole.attachments       # as a card, with nothing left out, and with its facts and notes
whole.text              # the same as Markdown alone
"""

# flake8: noqa: E203

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

from pagerduty_mattermost.cards.card import headline, state_of
from pagerduty_mattermost.cards.card_text import (
    SEPARATOR,
    CardLimits,
    CardReader,
    alert_text,
    paragraph,
    state_line,
)
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.text import escape, inert, markdown_link, one_line, plain, web_link
from pagerduty_mattermost.incidents.incident import Incident

WHOLE = CardLimits(
    title=255, summary=6000, note=0, details=200, detail=3000, links=30, people=30, url=2000
)
"""No note: all of them follow."""
MAX_NOTES, NOTE_CHARACTERS = 20, 1000
MAX_WORD_CHARACTERS = 100
MAX_ALERTS, ALERT_CHARACTERS = 15, 200


class WholeCard(NamedTuple):
    """All there is of an incident, for one person."""

    attachments: Tuple[Dict[str, Any], ...]
    text: str


def draw(
    incident: Incident,
    notes: Sequence[Mapping[str, Any]],
    reader: CardReader,
    alerts: Sequence[Mapping[str, Any]] = (),
) -> WholeCard:
    """`notes`: as PagerDuty lists them, newest first; `alerts`: the first of a group's, oldest
    first, of which the oldest is told in full."""
    state = state_of(incident)
    line = state_line(incident, f"{state.emoji} **{escape(state.word)}**", reader, WHOLE)
    title, link = headline(incident), web_link(incident.url)
    # What it said stays said when it is over.
    alert = alert_text(incident._replace(status="triggered"), reader, WHOLE)
    others = _others(incident, alerts, reader)
    found = (alert, others, _facts(incident, reader), _notes(notes, reader))
    parts = [part for part in found if part]
    first: Dict[str, Any] = {"color": state.color, "title": inert(title), "text": line}
    if link:
        first.update(title=plain(title), title_link=link)
    rest = [{"color": state.color, "text": part} for part in parts]
    text = "\n\n".join([f"{markdown_link(title, incident.url)}\n{line}", *parts])
    return WholeCard((first, *rest), text)


def _facts(incident: Incident, reader: CardReader) -> str:
    """What the line above does not say."""
    resolved = times.stamp(incident.resolved_at, reader.zone)
    facts = (
        ("Escalation policy", escape(one_line(incident.escalation_policy, MAX_WORD_CHARACTERS))),
        ("Triggered", times.stamp(incident.created_at, reader.zone)),
        ("Resolved", resolved if incident.status == "resolved" else ""),
        ("Alerts", str(incident.alerts_total or "")),
    )
    return SEPARATOR.join(f"**{name}** {value}" for name, value in facts if value)


def _others(incident: Incident, rows: Sequence[Mapping[str, Any]], reader: CardReader) -> str:
    """A line for each alert but the first, and a true count of those that are left out."""
    count = max(incident.alerts_total, len(rows)) - 1
    if count < 1:
        return ""
    lines = [f"**{count} more alert{'s' if count > 1 else ''}**"]
    for row in rows[1 : MAX_ALERTS + 1]:
        title = one_line(str(row.get("summary") or "An alert"), ALERT_CHARACTERS)
        words = [
            markdown_link(title, web_link(str(row.get("html_url") or ""))),
            *(escape(one_line(str(row.get(key) or ""), 40)) for key in ("severity", "status")),
            times.clock(str(row.get("created_at") or ""), reader.zone, reader.now),
        ]
        lines.append("- " + SEPARATOR.join(word for word in words if word))
    left, link = count - len(lines) + 1, web_link(incident.url)
    if left > 0:
        said = f"{left} more" if len(lines) > 1 else "see them"
        lines.append(
            f"- … {markdown_link(f'{said} in PagerDuty', f'{link}/alerts' if link else '')}"
        )
    return "\n".join(lines)


def _notes(rows: Sequence[Mapping[str, Any]], reader: CardReader) -> str:
    lines: List[str] = []
    for row in rows[:MAX_NOTES]:
        user = row.get("user")
        who = user.get("summary") or user.get("name") if isinstance(user, Mapping) else ""
        when = times.clock(str(row.get("created_at") or ""), reader.zone, reader.now)
        said = paragraph(str(row.get("content") or ""), NOTE_CHARACTERS)
        name = escape(one_line(str(who or "Somebody"), MAX_WORD_CHARACTERS))
        lines.append(f"📝 **{name}** {when}: {said}")
    if len(rows) > MAX_NOTES:
        lines.append(f"… and {len(rows) - MAX_NOTES} more notes: `/pd notes`")
    return "\n".join(lines)
