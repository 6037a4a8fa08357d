"""Draws the pictures of the documents from the sandbox's page, in Debian's Chromium.

    make pictures

The pack runs on a local PagerDuty and a local Mattermost; what is shown happens there. The page
draws posts, menus and dialogs as Mattermost's own does, but is not Mattermost's.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
WIDE, TELEPHONE = (1000, 800), (390, 800)
DETAILS = {
    "region": "eu-central-1",
    "value": 4.21,
    "threshold": "1 s",
    "hosts": ["web-1", "web-2", "web-3"],
    "error": 'Traceback:\n  File "pay.py", line 81, in charge\nTimeoutError: 5 s',
}


def main() -> int:
    for folder in ("tests/support", "actions/lib", "standalone/shims", "."):
        sys.path.insert(0, str(ROOT / folder))
    from browser import NO_BROWSER, Browser

    from sandbox import Sandbox
    from sandbox.chat_room import Room
    from sandbox.story import before
    from sandbox.waiting import until

    if NO_BROWSER:
        print(f"No pictures: {NO_BROWSER}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox:
        before(sandbox)
        with Room(sandbox, Path(folder)) as room, Browser(Path(folder) / "browser") as browser:
            browser.open(sandbox.mattermost.url + "/")
            _draw(sandbox, room, browser, until)
    return 0


def _draw(sandbox: Any, room: Any, browser: Any, until: Any) -> None:
    account = sandbox.pagerduty.account
    incident = account.trigger(
        "Checkout API",
        "Payment latency p99 is 4.2 s (limit 1 s) in eu-central-1",
        priority="P2",
        details=DETAILS,
        links=[{"href": "https://wiki.example.com/payments", "text": "Runbook"}],
    )
    until(lambda: room.buttons(incident), 30)
    _seen(browser, "assigned to")
    browser.picture(PICTURES / "card-triggered.png", *WIDE)
    room.click(incident, "acknowledge")
    until(lambda: incident.status == "acknowledged", 20)
    _seen(browser, "Acknowledged by")
    sandbox.clock.advance(60)
    account.annotate(incident, "Payment provider is slow; failing over to the second one.")
    _seen(browser, "noted")
    browser.picture(ROOT / "docs" / "card.png", 1000, 720)
    browser.picture(PICTURES / "card-telephone.png", *TELEPHONE)
    for service, title, priority in (
        ("Billing Jobs", "Invoices are late", "P3"),
        ("Database", "Replica lag is 90 s", "P1"),
    ):
        other = account.trigger(service, title, priority=priority)
        until(lambda one=other: room.buttons(one), 30)
    _typed(browser, "/pd list")
    browser.until("!!document.querySelector('.ephemeral')")
    _seen(browser, "Replica lag")
    browser.picture(PICTURES / "chat.png", 1180, 1100)
    _draw_answers(browser, incident)
    _draw_room(sandbox, room, browser, until, incident)
    _draw_playbook(sandbox, room, browser, until)


def _draw_answers(browser: Any, incident: Any) -> None:
    """What comes of a click in a list, what is asked before an act, an incident with all its
    details, and the help."""
    last = "[...document.querySelectorAll('.ephemeral')].pop()"
    browser.js(f"{last}.querySelector('[data-action^=acknowledge]').click()")
    browser.until(f"{last}.innerText.includes('Acknowledged #')")
    browser.picture(PICTURES / "list-answer.png", 1180, 900)
    _typed(browser, "/pd resolve 2 3 The provider is back")
    browser.until("!!document.querySelector('dialog[open] h2')")
    browser.picture(PICTURES / "question.png", 1000, 560)
    browser.picture(PICTURES / "question-telephone.png", *TELEPHONE)
    browser.js("document.querySelector('dialog .cancel').click()")
    _typed(browser, f"/pd show {incident.number}")
    browser.until(f"{last}.innerText.includes('Escalation policy')")
    browser.picture(PICTURES / "show.png", 1000, 720)
    _typed(browser, "/pd help")
    browser.until(f"{last}.innerText.includes('/pd help oncall')")
    browser.picture(PICTURES / "help.png", 1000, 560)
    browser.picture(PICTURES / "help-telephone.png", *TELEPHONE)


def _typed(browser: Any, text: str) -> None:
    browser.js(f"document.getElementById('text').value = {json.dumps(text)}")
    browser.js("document.querySelector('#composer button').click()")


def _draw_room(sandbox: Any, room: Any, browser: Any, until: Any, incident: Any) -> None:
    """An incident's own channel, with what was said in it."""
    from sandbox.mattermost import ChatPerson

    mattermost = sandbox.mattermost.account

    def made() -> Any:
        channels = mattermost.state.channels.values()
        return next((one for one in channels if one.purpose.endswith(incident.id)), None)

    grace = ChatPerson(sandbox.mattermost, "grace")
    grace.command("incidents", f"/pd room {incident.number}")
    until(lambda: made() and grace.id in made().members, 30)
    grace.say(made(), "Payments go through the second provider now, latency is back at 300 ms.")
    grace.say(made(), "note: failed over to the second provider")
    until(lambda: any("failed over" in one.content for one in incident.notes), 30)
    sandbox.pagerduty.account.set_priority(incident, "P1", "Ada Lovelace")
    browser.open("about:blank")  # the page looks at its address when it is opened
    browser.open(f"{sandbox.mattermost.url}/#{made().id}")
    _seen(browser, "changed the priority")
    browser.picture(PICTURES / "room.png", 1180, 1240)


def _draw_playbook(sandbox: Any, room: Any, browser: Any, until: Any) -> None:
    """A playbook under way in the room of a major incident."""
    from sandbox.mattermost import ChatPerson

    mattermost = sandbox.mattermost.account
    incident = sandbox.pagerduty.account.trigger(
        "Checkout API", "Checkout answers nobody", priority="P1"
    )
    grace, linus = (ChatPerson(sandbox.mattermost, name) for name in ("grace", "linus"))
    until(lambda: room.buttons(incident), 30)
    grace.command("incidents", f"/pd start major-incident {incident.number}")

    def made() -> Any:
        channels = mattermost.state.channels.values()
        return next((one for one in channels if one.purpose.endswith(incident.id)), None)

    def post() -> Any:
        posts = mattermost.posts(made().name) if made() else []
        return next((one for one in posts if "Playbook **" in one.message), None)

    until(lambda: post() and grace.id in made().members, 30)
    mattermost.add_member(made().name, "linus")
    grace.click(post(), post().props["attachments"][0]["actions"][0]["id"])
    until(lambda: "✅ ~~1.1" in post().message, 20)
    linus.command(made(), "/pd assign 1.3 me")
    until(lambda: "Set the priority · linus" in post().message, 20)
    sandbox.clock.advance(60)
    linus.command(made(), "/pd check 1.3")
    until(lambda: "✅ ~~1.3" in post().message, 20)
    grace.command(made(), '/pd task add 1 "Call the payment provider" --due 20m --assign @linus')
    until(lambda: "Call the payment provider" in post().message, 20)
    browser.open("about:blank")
    browser.open(f"{sandbox.mattermost.url}/#{made().id}")
    _seen(browser, "linus ticked")
    browser.picture(PICTURES / "playbook.png", 1180, 1020)


def _seen(browser: Any, words: str) -> None:
    browser.until(f"document.getElementById('posts').innerText.includes({json.dumps(words)})")


if __name__ == "__main__":
    sys.exit(main())
