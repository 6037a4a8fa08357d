"""kill -9 of the running embedded default while a page waits for PagerDuty: it is sent once by the
next process, without a hand, and told at both ends."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, List

from test_killed_orders import Killed

from sandbox import Sandbox
from sandbox.chat_room import until
from sandbox.demo import CHANNEL

WORD = "wordpage"


def incidents(sandbox: Sandbox) -> List[Any]:
    found = sandbox.pagerduty.account.incidents.values()
    return [one for one in found if WORD in one.title]


def told(sandbox: Sandbox, words: str) -> int:
    posts = sandbox.mattermost.account.posts(CHANNEL)
    return len([post for post in posts if WORD in post.message and words in post.message])


def tried(sandbox: Sandbox) -> bool:
    entries = sandbox.pagerduty.journal.entries
    return ("POST", "/incidents") in [(entry.method, entry.path) for entry in entries]


def test_a_page_outlives_kills_and_the_outage(tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        room = Killed(sandbox, tmp_path)
        room.start()
        try:
            faults = sandbox.pagerduty.faults
            faults.add("status", status=503, method="POST", path="^/incidents$")
            room.ada.command(CHANNEL, f'/pd trigger "{WORD}" on Database')
            until(lambda: told(sandbox, "is not at PagerDuty yet") == 1)
            for ahead in (120.0, 240.0):
                room.kill()
                sandbox.pagerduty.journal.clear()
                room.start(ahead)
                until(partial(tried, sandbox))
            assert (told(sandbox, "is not at PagerDuty yet"), incidents(sandbox)) == (1, [])
            room.kill()
            faults.clear()
            room.start(400.0)
            until(lambda: told(sandbox, "is at PagerDuty now") == 1)
            room.kill()
            room.start(600.0)
            until(room.rests)
            assert len(incidents(sandbox)) == 1
            assert told(sandbox, "is at PagerDuty now") == 1
            assert room.failed() == []
        finally:
            room.kill()
