"""Whatever a stranger writes, wherever it is shown: nobody is pinged, nothing is formatted, no
link is in disguise."""

from __future__ import annotations

import json
import re
from datetime import timezone
from typing import Any, Dict, Iterator, Tuple

import pytest
from markdown_text import without_code

from pagerduty_mattermost.cards import replies
from pagerduty_mattermost.cards.card import (
    MAX_PROPS_CHARACTERS,
    CardView,
    draw_card,
    props_size,
)
from pagerduty_mattermost.cards.route import KNOWN_EVENTS
from pagerduty_mattermost.core.config.watch import WatchConfig
from pagerduty_mattermost.incidents.incident import (
    CHANGE_KEYS,
    Change,
    Incident,
    IncidentEvent,
    Link,
    Person,
    to_payload,
)
from pagerduty_mattermost.operations import route_verdicts
from pagerduty_mattermost.sensor import open_summary
from pagerduty_mattermost.sensor.health import SensorHealth

EVIL = (
    "@here @channel @all ＠here",
    "~town-square :skull: #hashtag",
    "[Acknowledge](http://bad.example) ![x](http://bad.example/p.png)",
    "<http://bad.example|Acknowledge> <!channel> &#64;here",
    "https://good.example@bad.example/ http://[::1]@bad.example",
    "| a | b |\n|---|---|\n@here",
    "```\n@here\n```\n# big\n> quote\n- [ ] task",
    "\u202e@here\u2066 שלום @all",
    "{{ st2kv.system.k | decrypt_kv }} <% ctx() %> @here",
    "nul\x00 @here \ud800 \x07 👩‍👩‍👧‍👦",
    "@here " * 2000,
    "%%%%%~=~=~=************=~=~=~%%%% @here %*****__%NONE%__*****%",
)
AT = "2026-11-21T12:00:00Z"


def incident(evil: str) -> Incident:
    person = Person("PU1", evil, AT)
    fields = (
        "title",
        "urgency",
        "priority",
        "service",
        "escalation_policy",
        "resolved_by",
        "merged_into",
    )
    notes = ("conference_number", "note", "note_by", "summary")
    texts: Dict[str, Any] = dict.fromkeys((*fields, *notes), evil)
    return Incident(
        id="P1",
        number=7,
        url="https://acme.pagerduty.com/incidents/P1",
        created_at=AT,
        updated_at=AT,
        resolved_at=AT,
        teams=(person,),
        assignees=(person,),
        acknowledgers=(person,),
        details=((evil, evil),),
        links=(
            Link("https://good.example/run", evil),
            Link(evil, "text"),
            Link("", evil, "https://good.example/g.png"),
        ),
        conference_url=evil,
        **texts,
    )


def shown(evil: str) -> Iterator[Tuple[str, str]]:
    """(place, text) of everything people get to see of an incident full of such text."""
    whole = incident(evil)
    for status in ("triggered", "acknowledged", "resolved", "merged", evil):
        card = draw_card(whole._replace(status=status), CardView(now=AT))
        yield "message", card.message
        for attachment in card.props["attachments"]:
            # The first one's title is linked: Mattermost shows it as it is.
            assert "title_link" in attachment or "title" not in attachment
            yield "text", without_code(attachment["text"])
    changes = tuple((key, evil) for key in CHANGE_KEYS)
    for kind in (*KNOWN_EVENTS, evil):
        event = IncidentEvent("e", kind, AT, Person("PU1", evil), changes)
        yield kind, without_code(replies.draw_reply(whole, event, CardView(now=AT)))
    yield "summary", open_summary.summary([whole], 0.0, timezone.utc)["text"]
    health = SensorHealth()
    health.failed("pagerduty", evil, 0.0, at_once=True)
    (notice,) = health.due(0.0, 0.0)
    yield "health", notice.text
    watch = WatchConfig(
        services=("a",), teams=("b",), urgencies=("high",), start_states=("triggered",)
    )
    for found in route_verdicts.filters(watch, whole):
        yield "explain", found.reason
    rule = {"trigger.incident.title": {"type": "equals", "pattern": "x"}}
    change = Change(whole)
    yield "verdict", route_verdicts._criteria(rule, to_payload(change))[1]


@pytest.mark.parametrize("evil", EVIL, ids=range(len(EVIL)))
def test_outside_text_does_nothing_wherever_it_is_shown(evil: str) -> None:
    for place, text in shown(evil):
        outside = re.sub(r"\]\(https://(good\.example|acme\.pagerduty\.com)/[^)\s]*\)", "]", text)
        outside = re.sub(r"https?://[\x21-\x7e]+", "URL", outside)
        assert not re.search(r"[@＠](?!\u200b)", outside), (place, text)
        assert not re.search(r"~(?!\u200b)[a-z]", outside), (place, text)
        assert not re.search(r"(?<!\\)\]\(", outside), (place, text)
        assert not re.search(r"<[!a-z]", outside), (place, text)
        assert not re.search(r"&#\d", outside), (place, text)
        assert not re.search("[\u202a-\u202e\u2066\u2067]", text), (place, text)
        assert "bad.example" not in "".join(re.findall(r"https?://[^\s<)]*@[^\s<)]*", text)), (
            place,
            text,
        )
        assert len(text) < 8000, place


def test_the_summary_of_many_incidents_with_long_texts_fits_into_one_message() -> None:
    long = Incident(
        id="P1", number=10**9, title="*" * 500, url="https://x.io/" + "a" * 487, service="_" * 120
    )
    many = [long._replace(id=f"P{n}", service_id=f"S{n}", urgency="*" * 120) for n in range(30)]
    assert len(open_summary.summary(many, 0.0, timezone.utc)["text"]) < 16383
    near = [one._replace(url="https://x.io/" + "a" * 280) for one in many]
    assert len(open_summary.summary(near, 0.0, timezone.utc)["text"]) < 16383


@pytest.mark.parametrize("evil", EVIL, ids=range(len(EVIL)))
def test_message_and_fallback_stay_one_line_and_the_card_within_its_limits(evil: str) -> None:
    card = draw_card(incident(evil), CardView(now=AT))
    first = card.props["attachments"][0]
    assert "\n" not in card.message + first["title"] + first["text"]
    assert props_size(card.props) <= MAX_PROPS_CHARACTERS
    assert json.dumps(card.props)
