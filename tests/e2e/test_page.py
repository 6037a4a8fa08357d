"""The sandbox's page in a real browser: what people press, choose and type reaches PagerDuty, and
the card shows it.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from browser import NO_BROWSER, Browser, type_in

from sandbox.chat_room import Room
from sandbox.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(NO_BROWSER), reason=NO_BROWSER)]


def card(room: Room, title: str, service: str = "Checkout API", **fields: Any) -> Any:
    """An incident whose card has its buttons, and where it is on the page."""
    incident = room.sandbox.pagerduty.account.trigger(service, title, **fields)
    until(lambda: room.buttons(incident))
    return incident, f"document.querySelector('[data-post=\"{room.card(incident).id}\"]')"


def says(page: Browser, where: str, *words: str) -> None:
    page.until(f"{json.dumps(words)}.every(word => {where}?.innerText.includes(word))")


def test_acknowledge_is_clicked_and_the_card_repainted(room: Room, page: Browser) -> None:
    incident, where = card(room, "Checkout answers 502 for 12 % of requests", priority="P2")
    button = f"{where}?.querySelector('[data-action=acknowledge]')"
    assert page.until(f"{button}?.innerText") == "Acknowledge"
    page.js(f"{button}.click()")
    until(lambda: incident.status == "acknowledged")
    says(page, where, "Acknowledged by @ada")
    assert page.js(f"{button} === null"), "what is done can't be done again"


def test_a_choice_opens_a_dialog_whose_mistakes_are_shown(room: Room, page: Browser) -> None:
    incident, where = card(room, "Invoices are not sent", "Billing Jobs")
    menu = f"{where}?.querySelector('[data-action^=more]')"
    page.until(f"!!{menu}")
    page.js(
        f"(m => {{ m.value = 'reassign'; m.dispatchEvent(new Event('change', {{bubbles: "
        f"true}})); }})({menu})"
    )
    assert page.until("document.querySelector('dialog[open] h2')?.innerText") == "Reassign"
    page.js("document.querySelector('dialog .send').click()")
    assert page.until("document.querySelector('dialog .wrong')?.innerText") == "Choose somebody"
    page.js(
        "(s => { s.value = [...s.options].find(o => o.text.includes('Linus')).value; })"
        "(document.querySelector('dialog select'))"
    )
    page.js("document.querySelector('dialog .send').click()")
    page.until("document.querySelector('dialog[open]') === null")
    says(page, where, "Linus Example")
    assert incident.status == "triggered"


def test_a_command_is_typed_and_answered_to_who_typed_it_alone(room: Room, page: Browser) -> None:
    card(room, "Invoices are late", "Billing Jobs")
    type_in(page, "/pd list")
    mine = (
        "[...document.querySelectorAll('.ephemeral')].some(e => "
        "e.innerText.includes('Invoices are late'))"
    )
    page.until(mine)
    pick(page, "grace")
    page.until(f"!({mine})")
    type_in(page, "Looking into it")
    page.until(
        "[...document.querySelectorAll('.post')].some(e => e.innerText.startsWith('grace'))"
    )
    type_in(page, "/nonsense")
    page.until("document.getElementById('said').innerText.includes(\"'nonsense' not found\")")
    pick(page, "ada")


def test_a_reply_in_a_cards_thread_becomes_a_note(room: Room, page: Browser) -> None:
    incident, where = card(room, "Disk is full", "Database")
    page.until(f"!!{where}?.querySelector('.reply')")
    page.js(f"{where}.querySelector('.reply').click()")
    type_in(page, "note: Logs rotated <b>twice</b>")
    until(lambda: [note.content for note in incident.notes] == ["Logs rotated <b>twice</b>"])
    says(page, where, "note: Logs rotated <b>twice</b>", "📝 Logs rotated")
    (said,) = room.sandbox.mattermost.account.thread(room.card(incident))
    until(lambda: [one.emoji_name for one in said.reactions] == ["white_check_mark"])


def pick(page: Browser, name: str) -> None:
    page.js(f"document.getElementById('who').value = {json.dumps(name)}")
    page.js("document.getElementById('who').dispatchEvent(new Event('change'))")
