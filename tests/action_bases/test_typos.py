"""What a person types wrong for an action is named with its value, makes no failed post and no
notice in the operations channel, and nothing is done."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Dict, List, Tuple

from example_beginnings import posted
from example_case import ExampleCase

from pagerduty_mattermost.gateways.stackstorm.datastore import Store

Row = Tuple[str, str, Dict[str, Any]]
ROWS: Tuple[Row, ...] = (
    ("incident.snooze", "2hh", {"duration": "2hh"}),
    ("incident.snooze", "-5", {"duration": -5}),
    ("incident.set_priority", "P9", {"priority": "P9"}),
    ("incident.update", "P9", {"priority": "P9"}),
    ("incident.update", "nobody@example.com", {"assignees": ["nobody@example.com"]}),
    ("incident.reassign", "nobody@example.com", {"user_ids": ["nobody@example.com"]}),
    ("incident.run_workflow", "Reboott", {"workflow": "Reboott"}),
    ("mattermost.post_message", "nowhere", {"channel": "nowhere", "message": "x"}),
    ("mattermost.post_message", "where", {"channel": "no/where", "message": "x"}),
    ("mattermost.upload_file", "nowhere", {"channel": "nowhere", "name": "a", "content": "x"}),
    ("mattermost.test_card", "nowhere", {"channel": "nowhere"}),
    ("mattermost.get_channel", "nowhere", {"channel": "nowhere"}),
    ("mattermost.post_incident", "nowhere", {"channel": "nowhere"}),
    ("mattermost.direct_message", "nobody", {"users": "nobody", "message": "x"}),
    ("mattermost.reply", "nothing", {"post_id": "nothing", "message": "x"}),
    ("mattermost.add_reaction", "ey es", {"emoji": "ey es"}),
    ("identity.link", "nobody", {"user": "nobody", "pagerduty_user": "ada@example.com"}),
    ("identity.link", "no@ex.am", {"user": "ada", "pagerduty_user": "no@ex.am"}),
    ("oncall.who", "Chekout", {"service": "Chekout"}),
    ("oncall.who", "nobody", {"user": "nobody"}),
    ("oncall.next", "Platfrom", {"schedule": "Platfrom"}),
    ("oncall.week", "Platfrom", {"schedules": "Platfrom"}),
    ("oncall.today", "nowhere", {"channel": "nowhere", "schedules": "Platform rotation"}),
    (
        "override.create",
        "soonish",
        {"start": "soonish", "end": "18:00", "user": "ada@example.com"},
    ),
    ("override.create", "nobody", {"start": "1h", "end": "2h", "user": "nobody"}),
    (
        "override.bulk_create",
        "nobody",
        {"user": "nobody", "taker": "x", "start": "1h", "end": "2h"},
    ),
    ("maintenance_window.create.simple", "2hh", {"start_time": "1h", "end_time": "2hh"}),
    ("room.invite", "@nobody", {"users": ["@nobody"]}),
    ("room.adopt", "nowhere", {"channel": "nowhere"}),
    ("playbook.start", "majr", {"playbook": "majr"}),
    ("audit.list", "yesteryear", {"since": "yesteryear"}),
    ("deadletter.list", "sometimes", {"kind": "sometimes"}),
    ("state.reset", "everything", {"kinds": "everything"}),
    ("incident.find", "yesteryear", {"since": "yesteryear"}),
    ("incident.find", "opened", {"statuses": ["opened"]}),
)


class TyposTestCase(ExampleCase):
    __test__ = True

    def said(self) -> List[str]:
        """All posts that there are in Mattermost."""
        return [one.message for one in self.chat.service.state.posts.values()]

    def test_each_is_named_with_its_value_and_leaves_nothing(self) -> None:
        id = posted(self)
        self.done("room.open", incident_id=id)
        schedule = self.id("schedules", "Platform rotation")
        post = self.chat.service.posts("incidents")[0].id
        before = (self.said(), len(self.account.log))
        wrong = []
        for action, value, given in ROWS:
            given = dict(given)
            if action in ("override.create",):
                given["entity_id"] = schedule
            elif action == "mattermost.add_reaction":
                given["post_id"] = post
            elif action.startswith("maintenance"):
                given["service_id"] = self.id("services", "Checkout API")
            elif action.startswith(("room.", "playbook.start", "mattermost.post_incident")):
                given["incident_id"] = id
            elif action.startswith("incident.") and action != "incident.find":
                given["entity_id"] = id
            succeeded, result = self.run_action(action, **given)
            if succeeded or value not in str(result):
                wrong.append((action, value, result))
        assert wrong == [], "\n".join(map(str, wrong))
        assert (self.said(), len(self.account.log)) == before
        names = [row.name for row in Store(self.service).rows()]
        assert [name for name in names if name.startswith(("deadletter.", "notice."))] == []

    def test_a_channel_that_a_rule_names_is_still_told_in_the_operations_channel(self) -> None:
        self.get_action_instance()
        rows = (("no-one", "no-one", 1), ("no-two", "{{ trigger.channel }}", 1))
        for typed, written, told in (*rows, ("no-three", "elsewhere", 0)):
            named = {
                "ref": "pagerduty.mattermost.post_message",
                "parameters": {"channel": written},
            }
            rule = SimpleNamespace(ref="ops.mine", action=named)
            client = SimpleNamespace(rules=SimpleNamespace(get_all=lambda one=rule, **_: [one]))
            self.service.datastore_service.get_api_client = lambda made=client: made
            before = len(self.said())
            self.refused("mattermost.post_message", channel=typed, message="x")
            assert sum(one.startswith(":warning:") for one in self.said()[before:]) == told
