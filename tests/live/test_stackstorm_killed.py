"""The chat sensor of a real StackStorm is killed with kill -9 between a click on a workflow's
question and its answer: the workflow goes on exactly once.

A pack `live_questions` with one workflow is made for it below the packs, and taken away again.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
import requests
from stackstorm_site import BASE, DONE, PACK, PackOnStackStorm, within

pytestmark = pytest.mark.live
OWN = "live_questions"
DELAYS = (0.0, 0.03, 0.1, 0.2, 0.4, 0.8)
"""Seconds from the click to the kill: before the click is known, while it is written down, while
StackStorm is given it, while the post is painted, and after all of it, also on a busy machine."""
STEADY_SECONDS = 12.0
"""How long a sensor has to have run so that StackStorm starts it again however often it died: of
one that died twice within 10 s of its start it gives up."""
PACK_YAML = f"""ref: {OWN}
name: {OWN}
description: A workflow that asks.
version: 1.0.0
author: Tests
email: tests@example.com
"""
ACTION = f"""name: ask
pack: {OWN}
runner_type: orquesta
entry_point: workflows/ask.yaml
enabled: true
"""
WORKFLOW = """version: 1.0
tasks:
  ask:
    action: core.ask
    input:
      route: "~incidents"
      schema:
        type: object
        properties:
          approved: {type: boolean, description: "Go on?", required: true}
    next:
      - when: <% succeeded() %>
        do: finish
  finish:
    action: core.echo message="It went on."
"""


@pytest.fixture
def workflow(pack: PackOnStackStorm) -> Iterator[str]:
    folder = BASE / "packs" / OWN
    (folder / "actions" / "workflows").mkdir(parents=True, exist_ok=True)
    (folder / "pack.yaml").write_text(PACK_YAML, encoding="utf-8")
    (folder / "actions" / "ask.yaml").write_text(ACTION, encoding="utf-8")
    (folder / "actions" / "workflows" / "ask.yaml").write_text(WORKFLOW, encoding="utf-8")
    body = {"types": ["actions"], "packs": [OWN]}
    pack.st2.good("POST", "/packs/register", json=body)
    yield f"{OWN}.ask"
    pack.st2.send("DELETE", f"/actions/{OWN}.ask")
    shutil.rmtree(folder, ignore_errors=True)


def chat_sensor() -> int:
    """The number of its process; 0 where there is none."""
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                words = (path / "cmdline").read_bytes()
            except OSError:
                continue
            if b"sensor_wrapper" in words and b"chat_sensor" in words:
                return int(path.name)
    return 0


def question(pack: PackOnStackStorm, known: List[str]) -> Any:
    """The newest post that asks and is none of those."""
    found = [
        post
        for post in pack.sandbox.mattermost.account.posts("incidents")
        if "Go on?" in post.message and post.id not in known
    ]
    return found[-1] if found else None


def test_killed_between_click_and_answer(pack: PackOnStackStorm, workflow: str) -> None:
    """Some 25 s for each delay: what waits is looked for, nothing is waited out but the time that
    StackStorm wants of a sensor."""
    pack.start()
    known: List[str] = []
    again, steady = 0, time.monotonic() + STEADY_SECONDS
    for delay in DELAYS:
        id = pack.st2.begin(workflow)
        post = within(90, lambda: question(pack, known), "nobody asks")
        known.append(post.id)
        process = within(60, chat_sensor, "no chat sensor")
        time.sleep(max(0.0, steady - time.monotonic()))
        click = threading.Thread(target=clicked, args=(pack, post))
        click.start()
        time.sleep(delay)
        os.kill(process, signal.SIGKILL)
        began = time.monotonic()
        click.join(60)
        within(120, lambda was=process: chat_sensor() not in (0, was), "it is not started again")
        within(90, pack.listens, "it does not listen")
        steady = time.monotonic() + STEADY_SECONDS
        if not is_written(pack, post):
            again += 1  # it died before it knew the click: its giver clicks again
            clicked(pack, post)
        within(120, lambda one=id: ended(pack, one), "it does not go on")
        took = time.monotonic() - began
        children = pack.st2.good("GET", "/executions", params={"parent": id})
        said = [row for row in children if row["action"]["ref"] == "core.echo"]
        print(f"\nkilled {delay:.2f} s after the click: went on {took:.0f} s later", end="")
        assert len(said) == 1
        assert pack.st2.good("GET", f"/executions/{id}")["status"] == "succeeded"
        within(
            90, lambda one=post: "answered" in now(pack, one).message, "the post does not say so"
        )
    print(f"\n{len(DELAYS)} kills, {again} of them before the click was known")


def is_written(pack: PackOnStackStorm, post: Any) -> bool:
    """Whether the answer to this question stands in the datastore: whoever finds it gives it to
    StackStorm, and nobody need click again."""
    for row in pack.st2.every("/keys", prefix=f"{PACK}.inquiry.", scope="system"):
        kept = json.loads(row["value"])["data"]
        if kept["post_id"] == post.id:
            return bool(kept["state"] != "open")
    return False


def ended(pack: PackOnStackStorm, id: str) -> bool:
    return pack.st2.good("GET", f"/executions/{id}")["status"] in DONE


def now(pack: PackOnStackStorm, post: Any) -> Any:
    posts = pack.sandbox.mattermost.account.posts("incidents")
    return next(one for one in posts if one.id == post.id)


def clicked(pack: PackOnStackStorm, post: Any) -> None:
    """On *Yes*; the sensor may die of it."""
    action = now(pack, post).props["attachments"][0]["actions"][0]
    integration: Dict[str, Any] = action["integration"]
    body = {
        "user_id": pack.sandbox.mattermost.account.user("ada").id,
        "user_name": "ada",
        "channel_id": post.channel_id,
        "post_id": post.id,
        "trigger_id": f"click{time.monotonic_ns()}",
        "context": integration["context"],
    }
    with suppress(requests.RequestException):
        requests.post(integration["url"], json=body, timeout=10)
