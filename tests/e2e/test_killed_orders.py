"""kill -9 of the running embedded default while it carries out what people said: no effect comes
twice, and whoever said it hears what became of it. By the sandbox's truth."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest
import requests

from sandbox import Sandbox
from sandbox.chat_setup import set_up_chat
from sandbox.demo import CHANNEL, write_config
from sandbox.mattermost import ChatPerson
from sandbox.waiting import until
from standalone.data_folder import DATABASE
from standalone.database import Database

ROOT = Path(__file__).resolve().parents[2]
FORMS: Tuple[str, ...] = (
    "note {number} {word}",
    "status {number} {word}",
    "escalate {number} to level 2",
    "add-responder {number} @mei",
    'page @olu "{word}" --service Database',
    'trigger "{word}" on Database',
    "resolve {number} {word}",
)
"""Each has an effect that people notice when it comes twice: a call, a message, another level."""


class Said:
    """One command, and what became of it."""

    def __init__(self, text: str, word: str, incident: Any) -> None:
        self.text, self.word, self.incident = text, word, incident
        self.accepted = False

    def effects(self, sandbox: Sandbox) -> Dict[str, int]:
        """How often each of its requests was carried out at PagerDuty."""
        found: Dict[str, int] = {}
        for entry in sandbox.journal.entries:
            if entry.server != "pagerduty" or entry.method == "GET" or not entry.effect:
                continue
            about = f"{entry.path} {entry.body.decode('utf-8', 'replace')}"
            if self.word in about or self.incident.id in about:
                kind = f"{entry.method} {entry.path}"
                found[kind] = found.get(kind, 0) + 1
        return found


class Killed:
    """The pack's process, its sandbox, and Ada who types."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        self.account = sandbox.pagerduty.account
        self.account.set_options(rate_limit=None)
        chat = {**set_up_chat(sandbox), "confirm": []}
        self.url = str(chat["public_url"])
        self.config = write_config(sandbox, folder, chat)
        self.ada = ChatPerson(sandbox.mattermost, "ada")
        self.said: List[Said] = []
        self.kills = 0
        self._kill_at_write = 0
        self._process: Any = None
        sandbox.journal.listeners.append(self._on_entry)

    def start(self, ahead: float = 0.0) -> None:
        """`ahead`: seconds by which the pack's clocks are."""
        command = [sys.executable, str(ROOT / "tests" / "support" / "crash_runner.py")]
        command += [str(self.config), str(self.folder / "data"), str(ahead)]
        quiet = {**os.environ, "PYTHONWARNINGS": "ignore"}
        with (self.folder / "pack.log").open("ab") as sink:
            self._process = subprocess.Popen(command, stdout=sink, stderr=sink, env=quiet)
        # Another process may have been given the port meanwhile: it is tried again each minute.
        until(self._listens, 150)

    def _listens(self) -> bool:
        try:
            return requests.get(self.url, timeout=1).status_code == 405
        except requests.RequestException:
            return False

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def kill_at(self, write: int) -> None:
        """At the n-th request from now on that changes something: it is carried out, and its
        answer arrives nowhere."""
        self._kill_at_write = write

    def _on_entry(self, entry: Any) -> None:
        if entry.server != "pagerduty" or entry.method == "GET" or not entry.effect:
            return
        if not self._kill_at_write:
            return
        self._kill_at_write -= 1
        if not self._kill_at_write:
            self._process.kill()
            self._process.wait()

    def say(self, form: str, draw: random.Random) -> None:
        number = len(self.said)
        incident = self.account.trigger("Checkout API", f"Trouble {number}")
        word = f"word{number}x{draw.randrange(10**6)}"
        said = Said(form.format(number=incident.number, word=word), word, incident)
        self.said.append(said)
        try:
            answer = self.ada.command(CHANNEL, f"/pd {said.text}")
            said.accepted = answer.status_code == 200 and "Not taken" not in answer.text
        except requests.RequestException:
            return  # killed before it was taken: the client shows an error

    def is_dead(self) -> bool:
        return self._process.poll() is not None

    def rests(self) -> bool:
        """Nothing that was taken is left to do."""
        database = Database(self.folder / "data" / DATABASE)
        try:
            rows = database.read(
                "SELECT count(*) FROM executions WHERE finished_at IS NULL "
                "AND action_ref = 'pagerduty.chat.handle'"
            )
            return not rows[0][0]
        finally:
            database.close()

    def heard(self) -> str:
        """All that Ada was told, alone or with the channel: cards are no answer."""
        world, account = self.sandbox.mattermost.world, self.sandbox.mattermost.account
        assert world is not None
        public = [post for post in account.posts(CHANNEL) if "pagerduty" not in post.props]
        shown = [*account.direct_posts("ada", world.bot.username), *self.ada.seen(), *public]
        text = "\n".join(p.message + json.dumps(p.attachments, ensure_ascii=False) for p in shown)
        return text.replace("\u200b", "").replace("\\", "")

    def failed(self) -> List[Dict[str, Any]]:
        """Failed commands that were kept."""
        database = Database(self.folder / "data" / DATABASE)
        try:
            rows = database.read(
                "SELECT value FROM datastore WHERE name LIKE 'pagerduty.deadletter.%'"
            )
            return [json.loads(row[0])["data"] for row in rows]
        finally:
            database.close()

    def check(self) -> None:
        """Nothing twice, and of each command that was taken its giver heard."""
        until(self.rests)
        heard, taken = self.heard(), 0
        lines = (self.folder / "pack.log").read_text("utf-8", "replace").splitlines()
        tail = "\n".join(lines[-40:])
        for said in self.said:
            effects = said.effects(self.sandbox)
            assert all(count == 1 for count in effects.values()), (said.text, effects, tail)
            taken += said.accepted
            if said.accepted:
                words = (said.word, f"#{said.incident.number} ", f"{said.text}: Not done")
                told = any(each in heard for each in words)
                assert told, (said.text, heard[-2000:], tail)
        assert taken


def play(folder: Path, *, draw: int, kills: int, at_a_write: float) -> Killed:
    """Kill `kills` times while commands are carried out: with the chance `at_a_write` right when
    PagerDuty has done something, else after a random while."""
    chance = random.Random(draw)
    with Sandbox() as sandbox:
        room = Killed(sandbox, folder)
        room.start()
        try:
            for number in range(kills):
                writes = chance.random() < at_a_write
                if writes:
                    room.kill_at(1 + number % 3)
                for _ in range(3):
                    room.say(FORMS[len(room.said) % len(FORMS)], chance)
                end = time.monotonic() + (20 if writes else chance.uniform(0, 0.6))
                while (
                    time.monotonic() < end and not room.is_dead() and not (writes and room.rests())
                ):
                    time.sleep(0.02)
                room.kill_at(0)
                room.kill()
                room.start()
            room.check()
        finally:
            room.kill()
        return room


def test_what_is_killed_half_way_is_done_once_and_told(tmp_path: Path) -> None:
    room = play(tmp_path, draw=1, kills=3, at_a_write=1.0)
    kept = [letter["reason"] for letter in room.failed()]
    assert kept, "what was begun and not finished is kept as a failed command"
    assert all("cut short by a restart" in reason for reason in kept), kept
    assert "Sent to PagerDuty: " in room.heard()


@pytest.mark.soak
def test_a_hundred_kills_while_people_give_commands(tmp_path: Path) -> None:
    play(tmp_path, draw=2, kills=100, at_a_write=0.5)
