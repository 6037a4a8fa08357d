"""`make demo ARGS=--major`: a major incident is declared from a dialog and gets a room, its own
channel, with a playbook; people are invited, do its tasks and write there, it is resolved, and the
room is put away."""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, List, Optional, Sequence

from rich.console import Console

from . import Sandbox
from .chat_setup import set_up_chat
from .demo import CHANNEL, end_by_signals, start_pack, stop, write_config
from .mattermost import ChatPerson
from .scene import furnish
from .screen import show_channel

TITLE = "Checkout does not answer"
PURPOSE = "Room of PagerDuty incident "
STEP_SECONDS = 40.0


def main(argv: Optional[Sequence[str]] = None) -> int:
    parser = argparse.ArgumentParser(prog="make demo ARGS=--major", description=__doc__)
    parser.add_argument("--major", action="store_true", help="this demo")
    parser.add_argument("--verbose", action="store_true", help="show the pack's own log")
    options, console = parser.parse_args(argv), Console()
    end_by_signals()
    try:
        with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox:
            furnish(sandbox)
            wrong = play(console, sandbox, Path(folder), verbose=options.verbose)
    except KeyboardInterrupt:
        return 130
    for line in wrong:
        console.print(f"[red]{line}", highlight=False)
    return 1 if wrong else 0


class Missing(Exception):
    """What did not come in time."""


def play(console: Console, sandbox: Sandbox, folder: Path, *, verbose: bool) -> List[str]:
    """What differs from what has to be, a line each."""
    rooms = {"archive": "at_once", "on_declare": True}
    config = write_config(sandbox, folder, set_up_chat(sandbox), rooms=rooms)
    with (folder / "pack.log").open("wb") as sink:
        pack = start_pack(config, folder, None if verbose else sink)
        try:
            _Play(console, sandbox, pack).run()
        except Missing as missing:
            console.print((folder / "pack.log").read_text()[-3000:], markup=False)
            return [str(missing)]
        finally:
            stop(pack)
    return []


class _Play:
    def __init__(self, console: Console, sandbox: Sandbox, pack: subprocess.Popen[bytes]) -> None:
        self._console, self._sandbox, self._pack = console, sandbox, pack
        self._chat = sandbox.mattermost.account
        self._began = time.monotonic()
        self._incident: Any = None

    def run(self) -> None:
        """Raises Missing."""
        self._console.rule(
            "[bold]A major incident: declared, a room, a playbook, resolved, put away"
        )
        self._wait("the pack is ready", lambda: self._chat.posts(CHANNEL))
        mei, ada = (ChatPerson(self._sandbox.mattermost, name) for name in ("mei", "ada"))
        self._say("Mei types /pd declare, and fills in the dialog")
        self._wait("the command is answered", lambda: self._declared(mei))
        (dialog,) = mei.dialogs()
        asked = {"title": TITLE, "service": "Checkout API", "priority": "P1", "room": True}
        mei.submit(dialog, asked)
        self._wait("the room is made", lambda: self._room() is not None)
        room = self._room()
        self._wait("who it concerns is in it", lambda: {mei.id, ada.id} <= set(room.members))
        names = self._sandbox.mattermost.account.state.users
        there = ", ".join(sorted(names[one].username for one in room.members))
        self._say(f"~{room.name} is made; in it are {there}")
        self._wait("its card leads to the room", lambda: self._leads_to(room.name))
        self._wait("its playbook has begun", lambda: self._playbook(room))
        self._say("Its playbook, the one for P1, has begun")
        playbook = self._playbook(room)
        ada.click(playbook, playbook.props["attachments"][0]["actions"][0]["id"])
        self._wait("the first task is ticked", lambda: "✅ ~~1.1" in self._playbook(room).message)
        self._say("Ada ticks the first task by its button")
        mei.command(room, "/pd assign 2.3 @ada")
        self._wait("it is Ada's", lambda: "· ada" in _task(self._playbook(room), "2.3"))
        self._say("Mei gives a task to Ada: /pd assign 2.3 @ada")
        ada.command(room, "/pd ack")
        self._wait("acknowledged", lambda: self._incident.status == "acknowledged")
        self._say("Ada types /pd ack in the room, which means its incident")
        mei.say(room, "note: the payment provider is down, we fail over")
        self._wait("the note is at PagerDuty", lambda: self._notes("we fail over"))
        self._say("Mei writes note: in the room, and it is a note at PagerDuty")
        ada.command(room, "/pd resolve Failed over")
        self._wait("the room is put away", lambda: room.delete_at)
        self._say("Ada resolves it, and the room is archived")
        self._console.print()
        for channel in (room.name, CHANNEL):
            show_channel(self._console, self._chat, channel)

    def _declared(self, person: ChatPerson) -> bool:
        if not person.dialogs():
            person.command(CHANNEL, f"/pd declare {TITLE}")
        return bool(person.dialogs())

    def _room(self) -> Any:
        found = self._sandbox.pagerduty.account.incidents.values()
        self._incident = next((one for one in found if one.title == TITLE), None)
        if self._incident is None:
            return None
        wanted = PURPOSE + self._incident.id
        channels = self._chat.state.channels.values()
        return next((one for one in channels if one.purpose == wanted), None)

    def _playbook(self, room: Any) -> Any:
        """The playbook's post, None while there is none."""
        posts = self._chat.posts(room.name)
        return next((one for one in posts if "Playbook **" in one.message), None)

    def _leads_to(self, name: str) -> bool:
        return any(name in str(post.props) for post in self._chat.posts(CHANNEL))

    def _notes(self, words: str) -> bool:
        return any(words in note.content for note in self._incident.notes)

    def _say(self, text: str) -> None:
        seconds = time.monotonic() - self._began
        self._console.print(f"[dim]{seconds:5.1f} s[/dim]  {text}", highlight=False)

    def _wait(self, what: str, done: Callable[[], Any]) -> None:
        end = time.monotonic() + STEP_SECONDS
        while not done():
            if time.monotonic() > end or self._pack.poll() is not None:
                raise Missing(f"did not happen in time: {what}")
            time.sleep(0.1)


def _task(post: Any, number: str) -> str:
    """The line of a task in a playbook's post."""
    lines = post.message.splitlines()
    return next((line for line in lines if f" {number} " in line), "")
