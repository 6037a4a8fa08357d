"""Answers, questions and dialogs in a real browser on the sandbox's page, on a desk's screen and
on a telephone's: the result is where the act was, and all of it is on the screen."""

from __future__ import annotations

from typing import Any, Tuple

import pytest
from browser import NO_BROWSER, Browser, type_in

from sandbox.chat_room import Room
from sandbox.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(NO_BROWSER), reason=NO_BROWSER)]
DESK, TELEPHONE = (1280, 800), (390, 800)
LAST = "[...document.querySelectorAll('.ephemeral')].pop()"


@pytest.fixture(params=[DESK, TELEPHONE], ids=["desk", "telephone"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Browser:
    browser.size(*request.param)
    return browser


def made(room: Room, page: Browser, service: str, *titles: str) -> Tuple[Any, ...]:
    """Incidents with their cards."""
    found = tuple(room.sandbox.pagerduty.account.trigger(service, title) for title in titles)
    for one in found:
        until(lambda one=one: room.buttons(one))
    return found


def fits(page: Browser, where: str) -> None:
    """Nothing of it runs off the screen."""
    box = page.js(f"(b => [b.left, b.right, innerWidth])({where}.getBoundingClientRect())")
    assert box[0] >= 0
    assert box[1] <= box[2], box


def test_what_is_asked_is_a_dialog_with_titles_and_its_answer_stands_below(
    room: Room, page: Browser
) -> None:
    first, second = made(room, page, "Checkout API", "Slow answers", "Many errors")
    type_in(page, f"/pd resolve {first.number} {second.number} It is over")
    assert page.until("document.querySelector('dialog[open] h2')?.innerText") == "Resolve"
    text = page.js("document.querySelector('dialog').innerText")
    for word in ("Resolve these 2 incidents", "Slow answers", "Many errors", "It is over"):
        assert word in text
    fits(page, "document.querySelector('dialog')")
    assert page.js("document.querySelector('dialog .cancel').innerText") == "Cancel"
    assert first.status == "triggered"
    page.js("document.querySelector('dialog .send').click()")
    page.until("document.querySelector('dialog[open]') === null")
    page.until(f"{LAST}?.innerText.includes('Resolved #{first.number} Slow answers')")
    fits(page, LAST)
    assert (first.status, second.status) == ("resolved", "resolved")


def test_a_click_in_a_list_is_answered_below_it_with_the_list_as_it_is_now(
    room: Room, page: Browser
) -> None:
    (one,) = made(room, page, "Storefront", "The shop is slow")
    type_in(page, "/pd list on Storefront")
    page.until(f"{LAST}?.querySelector('[data-action=acknowledge0]') !== null")
    fits(page, LAST)
    page.js(f"{LAST}.querySelector('[data-action=acknowledge0]').click()")
    page.until(f"{LAST}?.innerText.includes('Acknowledged #{one.number} The shop is slow')")
    buttons = page.js(f"[...{LAST}.querySelectorAll('[data-action]')].map(b => b.innerText)")
    assert buttons == ["Resolve"]
    fits(page, LAST)
    room.sandbox.pagerduty.account.resolve(one)


def test_a_mistake_stands_at_its_field_and_what_was_typed_stays(room: Room, page: Browser) -> None:
    (one,) = made(room, page, "Billing Jobs", "Invoices are late")
    type_in(page, f"/pd show {one.number}")
    menu = f"{LAST}?.querySelector('[data-action^=more]')"
    page.until(f"!!{menu} && {LAST}.innerText.includes('#{one.number} ')")
    fits(page, LAST)
    page.js(
        "(m => { m.value = 'escalate'; m.dispatchEvent(new Event('change', {bubbles: true})); })"
        f"({menu})"
    )
    page.until("!!document.querySelector('dialog[open] input')")
    assert f"#{one.number} Invoices are late" in page.js(
        "document.querySelector('dialog').innerText"
    )
    page.js("document.querySelector('dialog input').value = 'No such policy'")
    page.js("document.querySelector('dialog .send').click()")
    wrong = page.until("document.querySelector('dialog .wrong')?.innerText")
    assert "there is no level and no escalation policy 'No such policy'" in wrong
    assert page.js("document.querySelector('dialog input').value") == "No such policy"
    fits(page, "document.querySelector('dialog')")
    page.js("document.querySelector('dialog .cancel').click()")
    page.until("document.querySelector('dialog[open]') === null")
    room.sandbox.pagerduty.account.resolve(one)


def test_help_is_one_screen(page: Browser) -> None:
    type_in(page, "/pd help")
    page.until(f"{LAST}?.innerText.includes('/pd help oncall')")
    assert page.js(f"{LAST}.getBoundingClientRect().height") < 800
    fits(page, LAST)
