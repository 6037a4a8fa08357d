"""Pure: what the pack says in a room's header: the incident, how it is, and where to go.

Each change of a header is told in the channel, so it names nobody and holds little that changes.
"""

from __future__ import annotations

from typing import List

from pagerduty_mattermost.cards.card import headline, state_of
from pagerduty_mattermost.core.text import escape, markdown_link, one_line, web_link
from pagerduty_mattermost.incidents.incident import Incident

WORDS = "Room of "
"""How the pack's part begins, by which it is known."""
MAX_TITLE_CHARACTERS = 80


def parts(incident: Incident, card_link: str, more: str = "") -> List[str]:
    """What stands behind `WORDS`, from all there is to the least. `more`: who leads, as Markdown;
    empty where that is not known."""
    state = state_of(incident)
    word = f"{state.emoji} {escape(state.word)}"
    if incident.priority and incident.is_open:
        word += f" {escape(one_line(incident.priority, 40))}"
    title = markdown_link(headline(incident, MAX_TITLE_CHARACTERS), incident.url)
    number = markdown_link(f"#{incident.number}" if incident.number else "it", incident.url)
    card = markdown_link("card", card_link) if card_link else ""
    address = web_link(incident.conference_url)
    bridge = markdown_link("join the call", address) if address and incident.is_open else ""
    lists = [
        (title, word, more, card, bridge),
        (title, word, more, card),
        (title, word),
        (number, word),
    ]
    return [" · ".join(part for part in one if part) for one in lists]
