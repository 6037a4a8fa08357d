"""What the pack asks a real StackStorm about actions, aliases and rules: a task of a playbook that
starts an action or a phrase of another pack is clicked, and a notice names the rule of what
failed. It needs the pack hello_st2."""

from __future__ import annotations

import time
from typing import Any, Dict, List

import pytest
from stackstorm_site import PACK, PackOnStackStorm, within

pytestmark = pytest.mark.live
PLAYBOOK = """name: bridge
title: Bridge
stages:
  - name: First
    tasks:
      - {id: bridge, text: Open a call, run: 'action:core.noop'}
      - {id: greet, text: Greet, run: 'alias:greet somebody'}
"""
RULE = "live_misspelt"


def test_tasks_start_actions_and_phrases_of_other_packs(pack: PackOnStackStorm) -> None:
    pack.start(rooms={"actions": ["core.noop"], "aliases": ["hello_st2.greet"]})
    incident = pack.sandbox.pagerduty.account.trigger("Checkout API", "With tasks")
    within(90, lambda: pack.card(incident), "no card")
    wrong = pack.st2.run(f"{PACK}.playbook.save", text=PLAYBOOK.replace("noop", "uuid"))
    assert "core.uuid is not listed in rooms.actions" in str(wrong["result"])
    done(pack.st2.run(f"{PACK}.playbook.save", text=PLAYBOOK))
    named = {"incident_id": incident.id, "user": "ada@example.com"}
    done(pack.st2.run(f"{PACK}.room.open", incident_id=incident.id))
    done(pack.st2.run(f"{PACK}.playbook.start", playbook="bridge", **named))
    room = pack.st2.run(f"{PACK}.room.info", incident_id=incident.id)["result"]["result"]
    began = time.time() - 1
    told = {}
    for task in ("1.1", "1.2"):
        seen = len(pack.person.seen())
        answer = pack.person.command(room["channel_id"], f"/pd task run {task}")
        assert answer.status_code == 200, answer.text
        told[task] = within(60, lambda n=seen: texts(pack)[n:], "nothing is answered")[-1]
    print("\n" + "\n".join(told.values()))
    for ref in ("core.noop", "hello_st2.greet"):
        rows = within(60, lambda ref=ref: pack.st2.executions(began, action=ref), f"no {ref}")
        assert len(rows) == 1
        assert pack.st2.finished(rows[0]["id"])["status"] == "succeeded"


def test_a_notice_names_the_rule_of_what_failed(pack: PackOnStackStorm) -> None:
    pack.start()
    account = pack.sandbox.pagerduty.account
    parameters = {"change": "{{ trigger }}", "channel": "no-such-channel"}
    action = {"ref": f"{PACK}.mattermost.post_incident", "parameters": parameters}
    pack.st2.rule(RULE, {"type": f"{PACK}.incident"}, action)
    try:
        account.trigger("Checkout API", "With a rule that is wrong")
        said = within(120, lambda: notices(pack, "no-such-channel"), "operations hear nothing")
    finally:
        pack.st2.unrule(RULE)
    print("\n" + said[0])
    assert f"default.{RULE}" in said[0]


def done(execution: Dict[str, Any]) -> None:
    assert execution["status"] == "succeeded", execution["result"]


def texts(pack: PackOnStackStorm) -> List[str]:
    return [post.message for post in pack.person.seen()]


def notices(pack: PackOnStackStorm, words: str) -> List[str]:
    posts = pack.sandbox.mattermost.account.posts("ops")
    return [post.message for post in posts if words in post.message]
