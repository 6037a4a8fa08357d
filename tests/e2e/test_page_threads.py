"""The sandbox's page on a telephone: channels can be chosen, a command typed below a card means
its incident, and `/incident` is there as `/pd` is."""

from __future__ import annotations

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


@pytest.fixture(scope="module")
def room(tmp_path_factory: Any) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("threads")
    with Sandbox(mattermost_version="11.6") as sandbox, NearRoom(sandbox, folder) as made:
        yield made


def test_channels_can_be_chosen_on_a_telephone(room: Room, page: Browser) -> None:
    page.size(390, 800)
    menu = "document.getElementById('place')"
    page.until(f"{menu}.options.length > 1")
    first = page.js(f"{menu}.value")
    assert page.js(f"{menu}.getBoundingClientRect().height") > 20
    change = "m.dispatchEvent(new Event('change'))"
    find = "[...m.options].find(o => o.innerText.toLowerCase().includes('ops')).value"
    page.js(f"(m => {{ m.value = {find}; {change}; }})({menu})")
    page.until("document.getElementById('title').innerText.toLowerCase().includes('ops')")
    assert page.js("document.getElementById('composer').getBoundingClientRect().bottom") <= 800
    assert page.js("document.documentElement.scrollWidth") <= 390
    page.js(f"(m => {{ m.value = {json.dumps(first)}; {change}; }})({menu})")
    page.until(f"{menu}.value === {json.dumps(first)} && view.channel === {json.dumps(first)}")


def test_a_command_below_a_card_means_its_incident(room: Room, page: Browser) -> None:
    account = room.sandbox.pagerduty.account
    one, other = (account.trigger("Storefront", title) for title in ("Slow", "Slower"))
    for each in (one, other):
        until(lambda each=each: room.buttons(each))
    card = (
        "[...document.querySelectorAll('article')]"
        f".find(a => a.querySelector('.card') && a.innerText.includes('#{one.number} Slow'))"
    )
    page.until(f"!!{card}?.querySelector('.reply')")
    page.js(f"{card}.querySelector('.reply').click()")
    type_in(page, "/pd note it is the disk")
    until(lambda: one.notes)
    assert [note.content for note in one.notes] == ["it is the disk"]
    assert not other.notes


def test_incident_is_a_command_as_well(room: Room, page: Browser) -> None:
    type_in(page, "/incident help")
    page.until(f"!!{LAST}?.innerText.includes('/pd help oncall')")
