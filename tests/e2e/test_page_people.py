"""Who is offered in dialogs, and whom only an e-mail would reach, in a real browser on the
sandbox's page, on a desk's screen and on a telephone's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Iterator, List

import pytest
from browser import NO_BROWSER, Browser, type_in
from near_room import NearRoom
from oncall_case import OnCallCase, moment

from sandbox import Sandbox
from sandbox.chat_room import Room
from sandbox.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(NO_BROWSER), reason=NO_BROWSER)]
SIZES = ((1280, 800), (390, 800))
STRANGERS = ("jenkins", "pagerduty", "zoe")
"""Bots, and somebody of another team whom PagerDuty does not know."""


@pytest.fixture(scope="module", params=["5.37", "11.6"])
def room(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with Sandbox(mattermost_version=request.param) as sandbox:
        chat = sandbox.mattermost.account
        chat.add_bot("jenkins", team="ops")
        chat.add_user("zoe", team=chat.add_team("finance"))
        with NearRoom(sandbox, tmp_path_factory.mktemp("people")) as made:
            yield made


@pytest.fixture(params=SIZES, ids=["desk", "telephone"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Browser:
    browser.size(*request.param)
    return browser


def offered(page: Browser) -> List[str]:
    """Who the open dialog offers, once it offers anybody: in a list, or as one types."""
    page.js(
        "document.querySelector('dialog [data-name=user] .look, dialog [data-name=person] .look')"
        "?.dispatchEvent(new Event('input', {bubbles: true}))"
    )
    rows = (
        "[...document.querySelectorAll('dialog .offer, dialog option')]"
        ".map(o => o.innerText).filter(t => t.includes('Mei Tanaka'))"
    )
    page.until(f"{rows}.length > 0")
    every = "[...document.querySelectorAll('dialog .offer, dialog option')].map(o => o.innerText)"
    return [str(text) for text in page.js(every)]


def no_strangers(page: Browser) -> None:
    found = offered(page)
    assert not [text for text in found for name in STRANGERS if name in text.lower()], found
    box = page.js(
        "(b => [b.left, b.right, innerWidth])"
        "(document.querySelector('dialog').getBoundingClientRect())"
    )
    assert 0 <= box[0] <= box[1] <= box[2]
    page.js("document.querySelector('dialog .cancel').click()")
    page.until("document.querySelector('dialog[open]') === null")


def test_a_card_is_given_to_pagerdutys_people_and_no_bots(room: Room, page: Browser) -> None:
    account = room.sandbox.pagerduty.account
    one = account.trigger("Storefront", "Who takes this")
    until(lambda: room.buttons(one))
    menu = f"document.querySelector('[data-post=\"{room.card(one).id}\"] [data-action^=more]')"
    for choice in ("reassign", "responders"):
        page.until(f"!!{menu} && {menu}.value === ''")
        page.js(
            f"(m => {{ m.value = {json.dumps(choice)}; "
            f"m.dispatchEvent(new Event('change', {{bubbles: true}})); }})({menu})"
        )
        page.until("!!document.querySelector('dialog[open] .element')")
        no_strangers(page)
    account.resolve(one)


def test_a_shift_is_given_to_pagerdutys_people_and_no_bots(room: Room, page: Browser) -> None:
    type_in(page, "/pd override")
    page.until("!!document.querySelector('dialog[open] .element')")
    no_strangers(page)


class WarningsTestCase(OnCallCase):
    __test__ = True

    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path) -> None:
        self.path = tmp_path

    def test_five_who_can_not_be_woken_are_one_message(self) -> None:
        self.settings["oncall"] = {
            "channels": dict.fromkeys(
                ("Payments escalation", "Platform escalation", "Web escalation"), "incidents"
            ),
            "remind_before": 0,
        }
        self.at(moment(2026, 11, 23, 12))
        told = self.done("oncall.watch")["contacts"]
        assert told > 5
        with Browser(self.path) as page:
            page.open(self.chat.server.url + "/")
            for size in SIZES:
                page.size(*size)
                posts = (
                    "[...document.querySelectorAll('.post')]"
                    ".filter(p => p.innerText.includes('no phone, SMS or push'))"
                )
                page.until(f"{posts}.length > 0")
                assert page.js(f"{posts}.length") == 1
                rows = page.js(f"[...{posts}[0].querySelectorAll('li')].map(l => l.innerText)")
                assert len(rows) == told
                said = "".join(rows).replace("\u200b", "")
                for name in ("@ada", "@grace", "@radia", "@mei", "@linus", "@olu"):
                    assert name in said
                box = page.js(
                    f"(b => [b.left, b.right, innerWidth])({posts}[0].getBoundingClientRect())"
                )
                assert 0 <= box[0] <= box[1] <= box[2]
            assert page.complaints == []
