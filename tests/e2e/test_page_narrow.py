"""What a person met on the sandbox's page on a telephone, and with a dialog that was left open:
the page's own, since people try the pack on it first."""

from __future__ import annotations

import json
from typing import Iterator

import pytest
from browser import NO_BROWSER, Browser, type_in

from sandbox.chat_room import Room

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(NO_BROWSER), reason=NO_BROWSER)]
CHANNELS = "[...document.querySelectorAll('#channels button')].map(b => b.innerText)"


@pytest.fixture
def telephone(page: Browser) -> Iterator[Browser]:
    page.size(390, 800)
    page.until(f"{CHANNELS}.length > 2")
    yield page
    page.size(1280, 800)


def test_what_stands_in_the_field_is_read_whole(telephone: Browser) -> None:
    wide = telephone.js(
        "(field => { const pen = document.createElement('canvas').getContext('2d');"
        "pen.font = getComputedStyle(field).font;"
        "return pen.measureText(field.placeholder).width; })(document.getElementById('text'))"
    )
    inner = telephone.js(
        "(f => f.clientWidth - 2 * parseFloat(getComputedStyle(f).paddingLeft))"
        "(document.getElementById('text'))"
    )
    assert inner >= wide > 100
    assert telephone.js("document.documentElement.scrollWidth <= innerWidth")


def test_the_channels_do_not_scroll_sideways(room: Room, telephone: Browser) -> None:
    assert telephone.js("(n => n.scrollWidth <= n.clientWidth)(document.querySelector('nav'))")
    names = telephone.js("[...document.getElementById('place').options].map(o => o.innerText)")
    assert len(names) == len(telephone.js("view.channels"))
    telephone.js(
        "(m => { m.value = [...m.options].find(o => o.innerText.startsWith('# Ops')).value;"
        "m.dispatchEvent(new Event('change')); })(document.getElementById('place'))"
    )
    telephone.until("document.getElementById('title').innerText === 'Ops'")
    assert telephone.js("document.getElementById('place').selectedOptions[0].innerText") == "# Ops"
    telephone.js(
        "[...document.querySelectorAll('#channels button')]"
        ".find(b => b.innerText.startsWith('# Incidents')).click()"
    )
    telephone.until("document.getElementById('title').innerText === 'Incidents'")


def test_a_room_has_one_hash(room: Room, page: Browser) -> None:
    state = room.sandbox.mattermost.account
    state.add_channel("inc-4-slow", "#4 Slow", members=["ada"])
    page.until(f"{CHANNELS}.includes('#4 Slow')")
    assert not [name for name in page.js(CHANNELS) if "# #" in name]


def test_a_dialog_that_was_left_open_is_gone_after_a_reload(room: Room, page: Browser) -> None:
    type_in(page, "/pd declare Left open")
    page.until("!!document.querySelector('dialog[open] [name=title]')")
    page.open(room.sandbox.mattermost.url + "/")
    page.until(f"{CHANNELS}.length > 2")
    assert page.js("document.querySelector('dialog[open]') === null")
    assert page.js("view.dialogs.length") == 0
    type_in(page, "/pd declare Another one")
    page.until("document.querySelector('dialog[open] [name=title]')?.value === 'Another one'")
    page.js("document.querySelector('dialog .cancel').click()")
    page.until("document.querySelector('dialog[open]') === null")
    shown = page.js("document.querySelector('dialog').innerText")
    assert "Left open" not in json.dumps(shown)
