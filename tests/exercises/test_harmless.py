"""A playbook in an exercise names, mentions and tells nobody outside."""

from __future__ import annotations

from pagerduty_mattermost.exercises.harmless import harmless
from pagerduty_mattermost.playbooks.reading import read_playbook
from pagerduty_mattermost.runs.people import words_of

TEXT = """name: outage
title: Outage
commander: on_call
room: {create: no, invite: [on_call, "@mei", "group:dba"], private: yes}
roles:
  - {name: scribe, default: "@olu", instructions: Write.}
updates: {template: "**What:**", remind: 30m, broadcast: [~incidents], pagerduty: true}
retro: {channel: ~postmortems, questions: ["What helped?"]}
stages:
  - name: First
    tasks:
      - {id: a, text: "Ask @mei", mention: true, assign: "@mei", due: 5m}
      - {id: b, text: Restart, run: action:core.remote, assign: on_call}
      - {id: c, text: Set, run: /pd priority P1, assign: role:scribe}
      - id: d
        text: Say
        assign: commander
        when: [{priorities: [P1], assign: "@olu"}, {priorities: [P1], due: 1m}]
"""


def test_nobody_outside_is_named_and_all_else_is_as_it_will_be() -> None:
    read = read_playbook(TEXT).playbook
    assert read is not None
    made = harmless(read)
    assert set(words_of(made)) == {"declarer", "role:scribe", "commander"}
    assert made.room.invite == ("declarer",)
    assert (made.room.create, made.room.private) == (True, True)
    assert (made.updates.broadcast, made.updates.pagerduty) == ((), False)
    assert (made.updates.template, made.updates.remind_seconds) == ("**What:**", 1800)
    assert (made.retro.channel, made.retro.questions) == ("", ("What helped?",))
    assert [task.mention for task in made.tasks] == [False] * 4
    assert [task.run for task in made.tasks] == ["", "", "/pd priority P1", ""]
    assert [task.assign for task in made.tasks] == ["", "", "role:scribe", "commander"]
    assert [task.due_seconds for task in made.tasks] == [300, 0, 0, 0]
    assert [one.due_seconds for one in made.tasks[3].when] == [60]
    assert made.roles[0].instructions == "Write."
    assert harmless(made) == made
    assert harmless(read, commander="acknowledger").commander == "acknowledger"
