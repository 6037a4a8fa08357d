"""Sixty ticks by three people through three processes at once: all sixty are kept, shown, and told
once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from unittest import mock

from pack_files import ROOT
from runs_world import SIXTY

from pagerduty_mattermost.core.post_keys import PROPS_KEY
from pagerduty_mattermost.gateways.context import Context
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents import alert_details
from pagerduty_mattermost.rooms.room import open_room
from pagerduty_mattermost.runs import people, starting
from pagerduty_mattermost.runs.controls import shown_of
from pagerduty_mattermost.runs.records import RunRecords
from sandbox import Sandbox
from sandbox.connection import connection
from standalone.database import Database
from standalone.datastore import DatastoreService, KeyValueStore

PEOPLE = ("ada", "grace", "linus")


def test_sixty_ticks_by_three_people_in_three_processes(tmp_path: Path) -> None:
    database = tmp_path / "pack.sqlite"
    service = DatastoreService(
        KeyValueStore(Database(database)), "pagerduty", "ChatHandle", "tests", lambda: None
    )
    with Sandbox() as sandbox:
        config = {**connection(sandbox), "rooms": {"note": False, "invite": []}}
        config["chat"] = {"public_url": "https://st2.example.com", "signing_keys": ["s" * 32]}
        chat = sandbox.mattermost.account
        context = Context(config, service, mock.Mock())
        incident = sandbox.pagerduty.account.trigger("Checkout API", "Disk full")
        change = alert_details.fetch(context.pagerduty, incident.id)
        room = open_room(context, change).room
        ids = {name: chat.user(name).id for name in PEOPLE}
        for id in ids.values():
            context.mattermost.add_member(room.channel_id, id)
        ada = people.by_id(context, ids["ada"])
        starting.start(context, room, SIXTY, change, by=ada, order_id="start")
        workers = []
        for turn, name in enumerate(PEOPLE):
            mine = SIXTY.tasks[turn::3]
            orders = [
                {
                    "id": f"{name}.{task.id}",
                    "kind": "click",
                    "verb": "check",
                    "incident": incident.id,
                    "text": f"{task.id}:done",
                    "user_id": ids[name],
                    "user_name": name,
                    "channel_id": room.channel_id,
                    "hook": "",
                }
                for task in mine
            ]
            file = tmp_path / f"{name}.json"
            given = {"database": str(database), "config": config, "incident": incident.id}
            file.write_text(json.dumps({**given, "orders": orders}), encoding="utf-8")
            runner = str(ROOT / "tests" / "support" / "ticking_process.py")
            workers.append(
                subprocess.Popen([sys.executable, runner, str(file)], stdin=subprocess.PIPE)
            )
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write(b"go\n")
            worker.stdin.flush()
        assert [worker.wait(timeout=300) for worker in workers] == [0, 0, 0]
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.close()
        run = RunRecords(Store(service)).load(incident.id)
        assert run is not None
        state = run.state
        assert state.done == 60
        assert {(task.id, task.by.name) for task in state.tasks} == {
            (task.id, PEOPLE[n % 3]) for n, task in enumerate(SIXTY.tasks)
        }
        shown = chat.post(run.post.id)
        assert shown_of(shown.props) == (60, state.digest)
        assert "60 of 60 done" in shown.message
        told = [
            (post.props.get(PROPS_KEY) or {}).get("act") for post in chat.posts(room.channel_id)
        ]
        assert sorted(filter(None, told)) == sorted(act.id for act in run.acts)
