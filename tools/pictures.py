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
from typing import Any, Tuple

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
    with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox, Room(
        sandbox, Path(folder)
    ) as room, Browser(Path(folder) / "browser") as browser:
        _draw_afterwards(sandbox, room, browser, until)
    _draw_by_the_pack()
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


def _room_of(mattermost: Any, incident: Any) -> Any:
    """The incident's own channel, None while there is none."""
    channels = mattermost.state.channels.values()
    return next((one for one in channels if one.purpose.endswith(incident.id)), None)


def _draw_room(sandbox: Any, room: Any, browser: Any, until: Any, incident: Any) -> None:
    """An incident's own channel, with what was said in it."""
    from sandbox.mattermost import ChatPerson

    mattermost = sandbox.mattermost.account

    def made() -> Any:
        return _room_of(mattermost, incident)

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


def _major_incident(sandbox: Any, room: Any, until: Any) -> Tuple[Any, Any, Any, Any]:
    """An incident with its room, in which grace has the playbook begun: the incident, she, and
    what gives the room and the run's post as they are."""
    from sandbox.mattermost import ChatPerson

    mattermost = sandbox.mattermost.account
    incident = sandbox.pagerduty.account.trigger(
        "Checkout API", "Checkout answers nobody", priority="P1"
    )
    until(lambda: room.buttons(incident), 30)
    grace = ChatPerson(sandbox.mattermost, "grace")
    grace.command("incidents", f"/pd start major-incident {incident.number}")

    def made() -> Any:
        return _room_of(mattermost, incident)

    def post() -> Any:
        posts = mattermost.posts(made().name) if made() else []
        return next((one for one in posts if "Playbook **" in one.message), None)

    until(lambda: post() and grace.id in made().members, 30)
    return incident, grace, made, post


def _draw_playbook(sandbox: Any, room: Any, browser: Any, until: Any) -> None:
    """A playbook under way in the room of a major incident."""
    from sandbox.mattermost import ChatPerson

    mattermost = sandbox.mattermost.account
    _, grace, made, post = _major_incident(sandbox, room, until)
    linus = ChatPerson(sandbox.mattermost, "linus")
    mattermost.add_member(made().name, "linus")
    grace.click(post(), post().props["attachments"][0]["actions"][0]["id"])
    until(lambda: "✅ ~~1.1" in post().message, 20)
    linus.command(made(), "/pd assign 1.5 me")
    until(lambda: "channel's header · linus" in post().message, 20)
    sandbox.clock.advance(60)
    linus.command(made(), "/pd check 1.5")
    until(lambda: "✅ ~~1.5" in post().message, 20)
    grace.command(made(), '/pd task add 1 "Call the payment provider" --due 20m --assign @linus')
    until(lambda: "Call the payment provider" in post().message, 20)
    browser.open("about:blank")
    browser.open(f"{sandbox.mattermost.url}/#{made().id}")
    _seen(browser, "linus ticked")
    browser.picture(PICTURES / "playbook.png", 1180, 1020)


def _draw_afterwards(sandbox: Any, room: Any, browser: Any, until: Any) -> None:
    """What is shown to who joins late or looks back. The pack's clock is the machine's, so the
    sandbox's is not moved here."""
    mattermost, pagerduty = sandbox.mattermost.account, sandbox.pagerduty.account
    incident, grace, made, post = _major_incident(sandbox, room, until)
    mattermost.add_member(made().name, "ada")
    pagerduty.acknowledge(incident, "Ada Lovelace")
    for task in ("1.1", "1.4", "1.5"):
        grace.command(made(), f"/pd check {task}")
        until(lambda one=task: f"✅ ~~{one}" in post().message, 20)
    pagerduty.annotate(incident, "Payment provider is slow; failing over to the second one.")
    browser.open(f"{sandbox.mattermost.url}/#{made().id}")
    _seen(browser, "noted")
    count = "document.querySelectorAll('.ephemeral').length"
    _typed(browser, f"/pd timeline {incident.number}")
    browser.until(f"{count} > 0")
    browser.picture(PICTURES / "timeline.png", 1180, 760)
    _typed(browser, f"/pd catchup {incident.number}")
    browser.until(f"{count} > 1")
    browser.picture(PICTURES / "catchup-telephone.png", *TELEPHONE)


def _draw_by_the_pack() -> None:
    """What the pack itself draws, of an incident and a quarter that are made up."""
    from datetime import timezone

    from pagerduty_mattermost.incidents.incident import Incident
    from pagerduty_mattermost.reviews import pictures, report, timeline
    from pagerduty_mattermost.reviews.on_call_hours import OnCallHours

    began = 1_795_232_700.0
    acts = (
        (0, "🧭 The playbook Major incident began"),
        (2, "✅ Grace ticked 1.1 Say what customers see"),
        (6, "✅ Ada ticked 1.2 Acknowledge the incident"),
        (39, "✅ Linus ticked 1.5 Open a call"),
        (45, "✅ Grace ticked 2.1 Read what was deployed"),
        (61, "✅ Linus ticked 2.3 Roll back or fail over"),
    )
    entries = [
        timeline.TimelineEntry(began + at * 60, timeline.TASK, text, f"act:{at}")
        for at, text in acts
    ]
    incident = Incident("PT4KHLK", 6, "Checkout answers nobody")
    picture = pictures.gaps_png(incident, entries, timezone.utc)
    (PICTURES / "timeline-tasks.png").write_bytes(picture)
    services, people = ("Checkout API", "Database", "Billing Jobs"), ("Ada Lovelace", "Mei Tanaka")
    incidents, done = [], []
    for number in range(40):
        at = began - number * number * 1_500.0
        id = f"P{number}"
        service = services[number * number % 7 % 3]
        incidents.append(report.ReportedIncident(id, "Slow", service, (), "high", at, at + 3000))
        who = people[number % 3 % 2]
        done.append(report.ReportedAct(report.NOTIFIED, id, at + 10, who))
        done.append(report.ReportedAct(report.ACKNOWLEDGED, id, at + 200, who))
    hours = OnCallHours({"Ada Lovelace": 336.0, "Mei Tanaka": 252.0, "Olu Adeyemi": 84.0})
    made = report.report_of(incidents, done, timezone.utc, hours)
    picture = pictures.report_png(made, "25 Oct 2026 to 21 Nov 2026")
    (PICTURES / "report.png").write_bytes(picture)


def _seen(browser: Any, words: str) -> None:
    browser.until(f"document.getElementById('posts').innerText.includes({json.dumps(words)})")


if __name__ == "__main__":
    sys.exit(main())
