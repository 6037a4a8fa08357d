"""What people read afterwards, or when they join late, in a browser on the sandbox's page, on a
desk's screen and on a telephone's: timeline, catching up, a report, the retrospective's draft, and
their pictures."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest
from browser import NO_BROWSER, Browser
from test_page_words import LAST, PATIENCE_SECONDS, answer, fits

from sandbox.chat_room import Room
from sandbox.mattermost import ChatPerson
from sandbox.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(NO_BROWSER), reason=NO_BROWSER)]
LONG = "Latency of payments-api-gateway-eu-central-1.internal.example.com/v2/charges?retry=true"
DRAFT = (
    "[...document.querySelectorAll('.post')]"
    ".filter(one => one.innerText.includes('Retrospective of')).pop()"
)
BEYOND = """top => [...top.querySelectorAll('*')].filter(one => {
  for (let box = one.parentElement; box && box !== top; box = box.parentElement)
    if (['auto', 'scroll'].includes(getComputedStyle(box).overflowX)) return false;
  return one.getBoundingClientRect().right > innerWidth + 1;
}).map(one => one.tagName + ' ' + one.innerText.slice(0, 60))"""
NO_PICTURES = importlib.util.find_spec("matplotlib") is None


@pytest.fixture(scope="module")
def over(room: Room) -> Any:
    """An incident with a playbook, notes and long words, resolved in the end."""
    account, mattermost = room.sandbox.pagerduty.account, room.sandbox.mattermost
    incident = account.trigger("Checkout API", LONG, priority="P1")
    until(lambda: room.buttons(incident))
    grace = ChatPerson(mattermost, "grace")
    grace.command("incidents", f"/pd start major-incident {incident.number}")

    def channel() -> Any:
        channels = mattermost.account.state.channels.values()
        return next((one for one in channels if one.purpose.endswith(incident.id)), None)

    def post() -> Any:
        posts = mattermost.account.posts(channel().name) if channel() else []
        return next((one for one in posts if "Playbook **" in one.message), None)

    until(lambda: post() and grace.id in channel().members)
    mattermost.account.add_member(channel().name, "ada")
    for task in ("1.1", "1.2", "1.3"):
        room.sandbox.clock.advance(120)
        grace.command(channel(), f"/pd check {task}")
        until(lambda one=task: f"✅ ~~{one}" in post().message)
    account.annotate(incident, "https://wiki.example.com/" + "runbook-of-the-payments-api/" * 6)
    account.acknowledge(incident, "Ada Lovelace")
    room.sandbox.clock.advance(60)
    account.resolve(incident, "Ada Lovelace")
    return incident


@pytest.fixture(params=[(1280, 800), (390, 800)], ids=["desk", "telephone"])
def sized(page: Browser, request: pytest.FixtureRequest) -> Browser:
    page.size(*request.param)
    return page


def all_fits(page: Browser, where: str) -> None:
    """Nor does anything within it, but for what scrolls by itself."""
    fits(page, where)
    beyond = page.js(f"({BEYOND})({where})")
    assert beyond == []
    assert page.js("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/pd timeline {0}", ("Timeline of", "ticked", "resolved")),
        ("/pd catchup {0}", ("esolved",)),
        ("/pd report 7d", ("Incidents:", "By service", "By hour")),
        ("/pd similar {0}", ("like",)),
        ("/pd changes {0}", ("change",)),
        ("/pd timeline seal {0}", ("sealed",)),
        ("/pd timeline verify {0}", ("as they were sealed",)),
    ],
)
def test_an_answer_fits(over: Any, sized: Browser, line: str, words: Any) -> None:
    answer(sized, line.format(over.number), *words)
    all_fits(sized, LAST)


def test_a_retrospective_fits(over: Any, sized: Browser) -> None:
    answer(sized, f"/pd retrospective {over.number} ~incidents", "etrospective")
    sized.until(f"!!{DRAFT}", PATIENCE_SECONDS)
    shown = sized.js(f"{DRAFT}.innerText")
    for words in ("time to acknowledge", "Timeline", "Time between tasks", "Follow-ups"):
        assert words in shown, words
    all_fits(sized, DRAFT)


@pytest.mark.skipif(NO_PICTURES, reason="matplotlib is not installed (requirements-pictures.txt)")
def test_pictures_come_in_a_direct_message(room: Room, over: Any, sized: Browser) -> None:
    files = room.sandbox.mattermost.account.state.files
    before = len(files)
    answer(sized, f"/pd timeline {over.number} png", f"timeline-{over.number}.png")
    answer(sized, "/pd report picture 7d", ".png")
    new = list(files.values())[before:]
    assert all(one.content.startswith(b"\x89PNG") for one in new)
    assert len(new) == 2
