"""The actions playbook.*: what they give, and what they refuse, in one line."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Dict

import yaml
from pack_files import ROOT
from st2tests.base import BaseActionTestCase

from pagerduty_mattermost.chat.playbook_commands import known_commands
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.playbooks.playbook import Playbook, Stage, Task
from pagerduty_mattermost.playbooks.reading import read_playbook
from sandbox import Sandbox
from sandbox.pagerduty import API_KEY

TEXT = (
    "name: outage\ntitle: Outage\nstages:\n  - name: First\n    tasks:\n"
    "      - {id: a, text: Do, due: 5m}\n"
)
EXPORT = json.dumps(
    {
        "title": "Outage",
        "version": 1,
        "checklists": [{"title": "First", "items": [{"title": "Call", "command": "/zoom"}]}],
    }
)


class PlaybookActionsTestCase(BaseActionTestCase):
    action_cls = importlib.import_module("playbook_act").PlaybookAct

    def setUp(self) -> None:
        super().setUp()
        self.sandbox = Sandbox()
        self.sandbox.__enter__()
        self.addCleanup(self.sandbox.__exit__, None, None, None)
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        world = self.sandbox.mattermost.world
        assert world is not None
        self.config = {
            "api_key": API_KEY,
            "api_url": self.sandbox.pagerduty.url,
            "mattermost": {
                "url": self.sandbox.mattermost.url,
                "token": world.bot_token,
                "team": "ops",
            },
            "rooms": {"playbook_dir": str(self.folder)},
            "files": {"folders": [str(self.folder)]},
        }
        self.service = self.get_action_instance(config={}).action_service

    def act(self, what: str, **params: Any) -> Any:
        metadata = yaml.safe_load((ROOT / "actions" / f"playbook.{what}.yaml").read_text())
        defaults = {
            name: spec["default"]
            for name, spec in metadata["parameters"].items()
            if "default" in spec
        }
        action = self.get_action_instance(config=dict(self.config))
        action.action_service = self.service
        return action.run(**{**defaults, **params})

    def done(self, what: str, **params: Any) -> Dict[str, Any]:
        done, result = self.act(what, **params)
        assert done, result
        found: Dict[str, Any] = result
        return found

    def refused(self, what: str, **params: Any) -> str:
        done, line = self.act(what, **params)
        assert not done, line
        assert "\n" not in line
        assert "Unexpected" not in line, line
        return str(line)

    def test_saved_listed_read_restored_deleted(self) -> None:
        first = self.done("save", text=TEXT, by="@ada")
        self.assertEqual((first["done"], first["number"], first["replaces"]), ("saved", 1, ""))
        self.assertEqual(self.done("save", text=TEXT)["done"], "there already")
        second = self.done("save", text=TEXT.replace("5m", "9m"))
        self.assertEqual((second["number"], second["saved_by"]), (2, "StackStorm"))
        listed = self.done("list")
        self.assertEqual(
            [(one["name"], one["source"], one["version"]) for one in listed["playbooks"]],
            [("major-incident", "pack", ""), ("outage", "saved", "2")],
        )
        found = self.done("get", name="outage")
        self.assertIn("due: 9m", found["text"])
        self.assertEqual(found["playbook"]["stages"][0]["tasks"][0]["due_seconds"], 540)
        self.assertIn("due: 5m", self.done("get", name="outage", version="1")["text"])
        back = self.done("restore", name="outage")
        self.assertEqual((back["number"], back["done"]), (3, "saved"))
        self.assertIn("due: 5m", self.done("get", name="outage")["text"])
        deleted = self.done("delete", name="outage", by="@ada")
        self.assertEqual((deleted["done"], deleted["source"]), ("deleted", ""))
        versions = self.done("history", name="outage")["versions"]
        self.assertEqual([one["number"] for one in versions], [4, 3, 2, 1])
        self.assertEqual([one["in_force"] for one in versions], [False] * 4)
        self.assertIn("no playbook 'outage'", self.refused("get", name="outage"))
        self.assertIn(
            "says that it was deleted", self.refused("restore", name="outage", version="4")
        )
        self.assertEqual(self.done("restore", name="outage")["number"], 5)
        self.assertTrue(self.done("history", name="outage")["versions"][0]["in_force"])

    def test_deleting_brings_back_what_it_replaced(self) -> None:
        mine = TEXT.replace("outage", "major-incident")
        self.assertEqual(self.done("save", text=mine)["replaces"], "pack")
        deleted = self.done("delete", name="major-incident")
        self.assertEqual(deleted["source"], "pack")
        self.assertIn("the one of major-incident.yaml counts now", deleted["message"])

    def test_files_are_not_deleted(self) -> None:
        (self.folder / "outage.yaml").write_text(TEXT)
        line = self.refused("delete", name="outage")
        self.assertIn("outage is the file outage.yaml in rooms.playbook_dir", line)
        self.assertIn("comes with the pack", self.refused("delete", name="major-incident"))
        self.assertIn("has no earlier version", self.refused("restore", name="outage"))
        self.assertIn("there is no version 7", self.refused("restore", name="outage", version="7"))

    def test_all_that_is_wrong_is_said_and_nothing_is_saved(self) -> None:
        wrong = TEXT.replace("5m", "soon").replace("stages", "who: {start: ['@ghost']}\nstages")
        found = self.done("validate", text=wrong)
        self.assertFalse(found["valid"])
        self.assertEqual([one["line"] for one in found["problems"]], [7])
        fine = wrong.replace("soon", "5m")
        found = self.done("validate", text=fine)
        self.assertEqual(found["message"], "line 3: who, start, entry 1: unknown user @ghost")
        self.assertTrue(self.done("validate", text=fine, ask_servers=False)["valid"])
        line = self.refused("save", text=fine)
        self.assertEqual(line, "it is not saved: line 3: who, start, entry 1: unknown user @ghost")
        self.assertEqual(self.done("list")["count"], 1)
        self.assertEqual(self.done("validate", text=TEXT)["message"], "Nothing is wrong with it.")

    def test_a_command_that_there_is_not_is_wrong(self) -> None:
        found = self.done("validate", text=TEXT.replace("due: 5m", "run: /pd prioritise P1"))
        self.assertEqual([one["where"] for one in found["problems"]], ["stage 1, task 1, run"])
        self.assertIn("there is no command /pd prioritise", found["message"])

    def test_files_in_place_of_texts(self) -> None:
        file = self.folder / "given.yaml"
        file.write_text(TEXT)
        self.assertTrue(self.done("validate", file=str(file))["valid"])
        self.assertEqual(self.done("save", file=str(file))["name"], "outage")
        self.assertIn("can't be read: No such", self.refused("save", file=str(self.folder / "x")))
        file.write_bytes(b"\xff")
        self.assertIn("is no UTF-8", self.refused("save", file=str(file)))
        self.assertIn("is not below", self.refused("save", file="/etc/hosts"))
        self.assertIn("is not below", self.refused("validate", file="/etc/hosts"))
        self.assertIn("is not below", self.refused("import", file="/etc/hosts"))
        self.assertIn("Give either text or file", self.refused("save"))
        self.assertIn("Give either", self.refused("save", text=TEXT, file=str(file)))

    def test_an_export_is_converted_and_saved_when_asked(self) -> None:
        made = self.done("import", export=EXPORT)
        self.assertEqual((made["done"], made["name"]), ("converted", "outage"))
        self.assertEqual(made["left_out"], ["command '/zoom': only /pd can be run"])
        self.assertEqual(self.done("list")["count"], 1)
        saved = self.done("import", export=EXPORT, name="my-outage", save=True)
        self.assertEqual((saved["done"], saved["name"]), ("saved", "my-outage"))
        self.assertEqual(self.done("get", name="my-outage")["text"], saved["text"])
        self.assertIn("no export", self.refused("import", export="{}"))

    def test_an_invalid_file_is_listed(self) -> None:
        (self.folder / "bad.yaml").write_text("name: bad\n")
        found = self.done("list")
        self.assertEqual(found["count"], 1)
        self.assertEqual(len(found["broken"]), 1)
        self.assertIn("stages: is missing", found["broken"][0]["problems"][0])
        self.assertIn("1 more can't be used", found["message"])

    def test_names_that_are_none_are_refused(self) -> None:
        for what in ("delete", "history", "restore"):
            self.assertIn("no name of a playbook", self.refused(what, name="../x y"))


def test_the_packs_own_playbook_runs_commands_that_there_are() -> None:
    text = (ROOT / "playbooks" / "major-incident.yaml").read_text(encoding="utf-8")
    playbook = read_playbook(text).playbook
    assert playbook is not None
    assert list(known_commands(TABLE)(playbook)) == []
    tasks = tuple(
        Task(f"t{number}", "Do", run=run)
        for number, run in enumerate(
            ("", "action:core.local", "/pd incident resolve", "/pd nothing")
        )
    )
    wrong = list(known_commands(TABLE)(Playbook("a", "A", (Stage("S", tasks),))))
    assert [path for path, _ in wrong] == [("stages", 0, "tasks", 3, "run")]
