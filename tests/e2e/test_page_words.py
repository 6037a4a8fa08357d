"""What the pack says, as it is read in a real browser on the sandbox's page on a desk's screen and
on a telephone's: what is open at the start, lists that go on, failures that say what to type, and
a rotation's picture."""

from __future__ import annotations

import importlib.util
import json
from typing import Any, Iterator

import pytest
from browser import NO_BROWSER, Browser, type_in
from near_room import NearRoom

from sandbox import Sandbox
from sandbox.chat_room import Room
from sandbox.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(NO_BROWSER), reason=NO_BROWSER)]
LAST = "[...document.querySelectorAll('.ephemeral')].pop()"
BATCHES = 12
PATIENCE_SECONDS = 120.0
"""A picture may be the first one of the machine: its fonts are looked up then."""


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """With incidents that were open before the pack ran, the least of them the newest."""
    with Sandbox() as sandbox:
        account = sandbox.pagerduty.account
        account.trigger("Checkout API", "Checkout answers 502", priority="P1")
        account.trigger("Database", "Replica lags", priority="P3")
        for number in range(BATCHES):
            urgency = "high" if number == 0 else "low"
            account.trigger("Billing Jobs", f"Batch {number} failed", urgency=urgency)
        with NearRoom(sandbox, tmp_path_factory.mktemp("words")) as made:
            yield made


@pytest.fixture(params=[(1280, 800), (390, 800)], ids=["desk", "telephone"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Browser:
    browser.size(*request.param)
    return browser


def fits(page: Browser, where: str) -> None:
    """Nothing of it runs off the screen."""
    box = page.js(f"(b => [b.left, b.right, innerWidth])({where}.getBoundingClientRect())")
    assert box[0] >= 0
    assert box[1] <= box[2], box


def answer(page: Browser, line: str, *words: str) -> str:
    """What is answered to a command, to who typed it alone."""
    before = page.js("document.querySelectorAll('.ephemeral').length")
    type_in(page, line)
    page.until(f"document.querySelectorAll('.ephemeral').length > {before}", PATIENCE_SECONDS)
    said = f"{json.dumps(words)}.every(word => {LAST}.innerText.includes(word))"
    page.until(said, PATIENCE_SECONDS)
    fits(page, LAST)
    return str(page.js(f"{LAST}.innerText"))


def numbers(page: Browser, where: str) -> Any:
    return page.js(
        f"[...{where}.querySelectorAll('a')].map(a => Number(a.innerText.match(/#(\\d+)/)[1]))"
    )


def test_what_is_open_at_the_start_is_sorted_as_lists_are(room: Room, page: Browser) -> None:
    plain = "p => p.querySelector('li') && !p.matches('.ephemeral')"
    first = f"[...document.querySelectorAll('.post')].find({plain})"
    page.until(f"!!{first}")
    batches = list(range(3 + BATCHES - 1, 3, -1))
    assert numbers(page, first) == [1, 2, 3, *batches], "priority, urgency, newest"
    rows = page.js(f"[...{first}.querySelectorAll('li')].map(li => li.innerText)")
    assert rows[0].startswith("🚨 P1 #1 Checkout answers 502 · high · Checkout API")
    fits(page, first)


def test_a_list_goes_on_by_a_button(room: Room, page: Browser) -> None:
    answer(page, "/pd list", "page 1 of 2")
    one = numbers(page, LAST)
    assert one[:3] == [1, 2, 3]
    page.js(f"{LAST}.querySelector('[data-action=nextpage]').click()")
    page.until(f"{LAST}.innerText.includes('page 2 of 2')")
    fits(page, LAST)
    two = numbers(page, LAST)
    assert len(one) == 10
    assert sorted(one + two) == list(range(1, 3 + BATCHES))
    assert page.js(f"{LAST}.querySelector('[data-action=nextpage]') === null")
    assert page.js(f"!!{LAST}.querySelector('[data-action^=acknowledge]')")


def test_a_word_that_means_no_incident_changes_nothing(room: Room, page: Browser) -> None:
    said = answer(page, "/pd resolve nonsense", "which incident? 13 are assigned to you")
    assert "P1 #1 Checkout answers 502" in said
    assert "and 8 more" in said
    commands = page.js(f"[...{LAST}.querySelectorAll('code')].map(c => c.innerText)")
    assert commands == ["/pd list mine", "/pd resolve 1 nonsense"]
    assert {one.status for one in room.sandbox.pagerduty.account.incidents.values()} == {
        "triggered"
    }


def test_what_is_missing_can_be_copied(room: Room, page: Browser) -> None:
    answer(page, "/pd page @grace the shop is down", "on which service?")
    commands = page.js(f"[...{LAST}.querySelectorAll('code')].map(c => c.innerText)")
    assert commands == ["--service <name>", "/pd services"]
    assert "`" not in page.js(f"{LAST}.innerText")


def test_who_is_nobody_at_pagerduty_is_told_three_ways_out(room: Room, page: Browser) -> None:
    try:
        pick(page, "admin")
        said = answer(page, "/pd ack 2", "Three ways out")
        for word in (
            "/pd connect",
            "run pagerduty.identity.link user=admin",
            "chat.default_sender",
        ):
            assert word in said
    finally:
        pick(page, "ada")


def pick(page: Browser, name: str) -> None:
    page.js(f"document.getElementById('who').value = {json.dumps(name)}")
    page.js("document.getElementById('who').dispatchEvent(new Event('change'))")
    page.until(f"JSON.parse(shown)[3] === {json.dumps(name)}")  # what they see is drawn


def test_what_is_typed_while_a_command_is_answered_stays(room: Room, page: Browser) -> None:
    """It was wiped out when the answer came, and the next line was lost."""
    calls = "performance.getEntriesByType('resource').filter(e => /command/.test(e.name)).length"
    before = page.js(calls)
    type_in(page, "/pd list")
    page.js("document.getElementById('text').value = 'the next line'")
    page.until(f"{calls} > {before}", PATIENCE_SECONDS)
    page.js("new Promise(done => setTimeout(done, 50))")
    assert page.js("document.getElementById('text').value") == "the next line"
    page.js("document.getElementById('text').value = ''")


def test_dry_runs_say_in_words_what_would_be_sent(room: Room, page: Browser) -> None:
    said = answer(page, "/pd dry-run resolve 2 replaced it", "Dry run, nothing is changed")
    assert "Resolve #2 Replica lags, with the note “replaced it”." in said
    said = answer(page, "/pd dry-run declare", "none opens here")
    assert '/pd trigger "<what>" on <service>' in said
    said = answer(page, "/pd dry-run page @grace down --service Storefront", "Page Grace Hopper")
    assert "a high-urgency incident on Storefront" in said


def test_an_incident_is_shown_whole_with_its_buttons(room: Room, page: Browser) -> None:
    account = room.sandbox.pagerduty.account
    one = account.trigger("Storefront", "Cart is slow", details={"host": "web-1"})
    account.annotate(one, "Looking at web-1")
    said = answer(page, f"/pd show {one.number}", "Looking at web-1", "host: web-1")
    assert "Escalation policy" in said
    assert page.js(f"!!{LAST}.querySelector('h2 a[href]')")
    assert page.js(f"{LAST}.querySelectorAll('button[data-action]').length") == 3
    account.resolve(one)


def test_who_mitigated_and_who_was_asked_for_help_is_named(room: Room, page: Browser) -> None:
    account = room.sandbox.pagerduty.account
    one = account.trigger("Storefront", "Cart is slower")
    until(lambda: room.buttons(one))
    card = f"document.querySelector('[data-post=\"{room.card(one).id}\"]')"
    answer(page, f"/pd mitigate {one.number} rolled back", "is marked as mitigated")
    page.until(f"{card}.innerText.includes('Mitigated by @ada')")
    answer(page, f"/pd add-responder {one.number} @linus", "Asked Linus Example to help")
    page.until(f"{card}.innerText.includes('help asked of Linus Example')")
    account.resolve(one)


def test_a_dialog_says_what_it_does_and_what_is_so_now(room: Room, page: Browser) -> None:
    account = room.sandbox.pagerduty.account
    one = account.trigger("Storefront", "Cart is slowest", priority="P2")
    until(lambda: room.buttons(one))
    menu = f"document.querySelector('[data-post=\"{room.card(one).id}\"] [data-action^=more]')"
    page.until(f"!!{menu}")
    for choice, title, send, label in (
        ("priority", "Set priority", "Set priority", "Set priority"),
        ("responders", "Ask for help", "Ask for help", "Person (optional)"),
        ("status", "Status update", "Publish", "Update"),
    ):
        page.js(
            f"(m => {{ m.value = '{choice}'; m.dispatchEvent(new Event('change', "
            f"{{bubbles: true}})); }})({menu})"
        )
        page.until(f"document.querySelector('dialog[open] h2')?.innerText === '{title}'")
        fits(page, "document.querySelector('dialog')")
        assert page.js("document.querySelector('dialog .send').innerText") == send
        assert page.js("document.querySelector('dialog .element b').innerText") == label
        if choice == "priority":
            assert page.js("document.querySelector('dialog select').value") == "P2"
        page.js("document.querySelector('dialog .cancel').click()")
        page.until("document.querySelector('dialog[open]') === null")
        page.until(f"{menu}.value === ''")
    account.resolve(one)


@pytest.mark.skipif(
    importlib.util.find_spec("matplotlib") is None,
    reason="matplotlib is not installed (requirements-pictures.txt)",
)
def test_a_rotation_is_a_picture_that_is_read_in_the_dark_theme(room: Room, page: Browser) -> None:
    """It stands on a ground of its own, which is not white, and is as wide as the screen lets
    it."""
    dark = {"name": "prefers-color-scheme", "value": "dark"}
    page.call("Emulation.setEmulatedMedia", features=[dark])
    try:
        answer(page, "/pd oncall picture Platform rotation", "Posted in")
        shown = "[...document.querySelectorAll('.post img')].pop()"
        page.until(f"{shown}?.naturalWidth > 0")
        fits(page, shown)
        width = page.js(f"{shown}.getBoundingClientRect().width")
        assert width >= min(350, page.js("innerWidth") - 60)
        corner = page.js(
            "(i => { const c = document.createElement('canvas').getContext('2d'); "
            f"c.drawImage(i, 0, 0); return [...c.getImageData(0, 0, 1, 1).data]; }})({shown})"
        )
        assert corner[3] == 255, "nothing shows through"
        assert max(corner[:3]) < 100, "no glaring white"
    finally:
        page.call("Emulation.setEmulatedMedia", features=[])
