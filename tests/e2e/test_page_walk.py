"""What a person met in the real Mattermost and meets no more, point by point, in a real browser on
the sandbox's page, which folds, keeps menus and reads markup as the real one does; on a desk's
screen and on a telephone's. Beside it: `test_page_answers` (what is answered and asked),
`test_page_words` (what it says)."""

from __future__ import annotations

import json
from typing import Any, List

import pytest
from browser import NO_BROWSER, Browser, type_in

from sandbox.chat_room import Room
from sandbox.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(NO_BROWSER), reason=NO_BROWSER)]
LAST = "[...document.querySelectorAll('.ephemeral')].pop()"


@pytest.fixture(params=[(1280, 800), (390, 800)], ids=["desk", "telephone"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Browser:
    browser.size(*request.param)
    return browser


class Shown:
    """An incident, and its card on the page."""

    def __init__(self, room: Room, page: Browser, title: str, **fields: Any) -> None:
        self.room, self.page = room, page
        self.account = room.sandbox.pagerduty.account
        self.one = self.account.trigger(fields.pop("service", "Billing Jobs"), title, **fields)
        until(lambda: room.buttons(self.one))
        self.where = f"document.querySelector('[data-post=\"{room.card(self.one).id}\"]')"
        page.until(f"!!{self.where}?.querySelector('[data-action^=more]')")

    def says(self, *words: str) -> None:
        self.page.until(
            f"{json.dumps(words)}.every(word => {self.where}?.innerText.includes(word))"
        )

    def press(self, action: str) -> None:
        button = f"{self.where}?.querySelector('[data-action={action}]')"
        self.page.until(f"!!{button}")
        self.page.js(f"{button}.click()")

    def choose(self, value: str) -> None:
        menu = f"{self.where}.querySelector('[data-action^=more]')"
        self.page.js(
            f"(m => {{ m.value = {json.dumps(value)}; "
            f"m.dispatchEvent(new Event('change', {{bubbles: true}})); }})({menu})"
        )

    def chosen(self) -> str:
        return str(self.page.js(f"{self.where}.querySelector('[data-action^=more]').value"))

    def options(self) -> List[str]:
        menu = f"{self.where}.querySelector('[data-action^=more]')"
        return list(self.page.js(f"[...{menu}.options].map(o => o.innerText)"))


def closed(page: Browser) -> None:
    page.until("document.querySelector('dialog[open]') === null")


def test_a_menu_follows_the_state_and_keeps_no_choice(room: Room, page: Browser) -> None:
    shown = Shown(room, page, "Invoices are not sent")
    assert not [option for option in shown.options() if option.startswith("Snooze")]
    shown.press("acknowledge")
    page.until(
        f"[...{shown.where}.querySelector('[data-action^=more]').options]"
        ".some(o => o.innerText === 'Snooze 1 hour')"
    )
    shown.choose("resolvenote")
    page.until("!!document.querySelector('dialog[open]')")
    assert shown.chosen() == "resolvenote"
    page.js("document.querySelector('dialog .cancel').click()")
    closed(page)
    page.until(f"{shown.where}.querySelector('[data-action^=more]').value === ''")
    shown.choose("snooze1h")
    shown.says("snoozed until ")
    page.until(f"{shown.where}.querySelector('[data-action^=more]').value === ''")
    shown.account.resolve(shown.one)


def test_escalate_is_in_the_menu_and_asks(room: Room, page: Browser) -> None:
    shown = Shown(room, page, "The printer burns")
    buttons = page.js(
        f"[...{shown.where}.querySelectorAll('button[data-action]')].map(b => b.innerText)"
    )
    assert buttons == ["Acknowledge", "Resolve", "Note…"]
    shown.choose("escalate")
    assert page.until("document.querySelector('dialog[open] h2')?.innerText") == "Escalate"
    text = page.js("document.querySelector('dialog').innerText")
    assert "Assigned to Ada Lovelace now." in text
    assert "Level 1: Ada Lovelace" in text
    assert "Level 2: Grace Hopper" in text
    page.js("document.querySelector('dialog .cancel').click()")
    closed(page)
    assert shown.one.status == "triggered"
    shown.account.resolve(shown.one)


def test_an_act_is_answered_in_lines_not_with_a_table(room: Room, page: Browser) -> None:
    one, other = (Shown(room, page, title).one for title in ("Late", "Later"))
    type_in(page, f"/pd ack {one.number}")
    page.until(f"{LAST}?.innerText.includes('Acknowledged #{one.number} Late')")
    assert "still open: /pd list" in page.js(f"{LAST}.innerText")
    assert page.js(f"{LAST}.querySelector('table') === null")
    assert page.js(f"{LAST}.getBoundingClientRect().height") < 140
    for incident in (one, other):
        room.sandbox.pagerduty.account.resolve(incident)


def test_what_a_card_says_first_fits_and_what_the_alert_said_is_whole(
    room: Room, page: Browser
) -> None:
    trace = "Traceback (most recent call last):\n  File `x`, line 3\nOSError: **gone** | away"
    details = {"trace": trace, "arn": "arn:aws:sns:eu-central-1:1:alerts", "labels": {"ok": True}}
    shown = Shown(room, page, "Disk is full", priority="P2", details=details)
    shown.says("assigned to ", "P2", "labels.ok: true")
    first = f"{shown.where}.querySelector('section.card')"
    limit = 130 if page.js("innerWidth") > 1000 else 300
    assert page.js(f"{first}.getBoundingClientRect().height") <= limit
    code = page.js(f"{shown.where}.querySelector('pre').innerText")
    assert "OSError: **gone** | away" in code
    copied = page.js(f"[...{shown.where}.querySelectorAll('code')].map(c => c.innerText)")
    assert "arn:aws:sns:eu-central-1:1:alerts" in copied
    title = page.js(f"{shown.where}.innerText.split('Disk is full').length - 1")
    assert title == 2, "in push and in the card"
    assert "@ada" in page.js(f"{shown.where}.innerText"), "who has it is notified"
    shown.account.resolve(shown.one)


def test_a_merge_is_asked_with_titles_and_direction_and_named_so(
    room: Room, page: Browser
) -> None:
    into, gone = (Shown(room, page, title) for title in ("Shop is down", "Shop is slow"))
    type_in(page, f"/pd merge {gone.one.number} into {into.one.number}")
    assert page.until("document.querySelector('dialog[open] h2')?.innerText") == "Merge"
    text = page.js("document.querySelector('dialog').innerText")
    assert f"Merge #{gone.one.number} Shop is slow into #{into.one.number} Shop is down?" in text
    assert f"#{gone.one.number} is resolved by it." in text
    page.js("document.querySelector('dialog .send').click()")
    closed(page)
    gone.says(f"#{into.one.number} Shop is down")
    into.account.resolve(into.one)


def test_a_declared_incident_is_shown_once(room: Room, page: Browser) -> None:
    type_in(page, "/pd declare Nodes hang")
    page.until("!!document.querySelector('dialog[open] [name=title]')")
    page.js(
        "(s => { s.value = [...s.options].find(o => o.innerText === 'Storefront').value; })"
        "(document.querySelector('dialog [name=service]'))"
    )
    page.js("document.querySelector('dialog .send').click()")
    closed(page)
    page.until(f"{LAST}?.innerText.includes('Nodes hang, assigned to')")
    assert page.js(f"{LAST}.querySelector('li, table, section') === null")
    account = room.sandbox.pagerduty.account
    account.resolve([one for one in account.incidents.values() if one.title == "Nodes hang"][-1])
