"""Examples of the actions that are no plain calls of PagerDuty's REST API, on both sandboxes
(tools/examples.py)."""

# flake8: noqa: E203,W503

from __future__ import annotations

import logging
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any, Callable, Dict, List
from unittest.mock import Mock

from actions_world import ActionsTestCase
from chat_world import Chat
from pack_files import files, load
from stackstorm_by_hand import by_hand

from pagerduty_mattermost.chat.dialog_lists import ListReads
from pagerduty_mattermost.chat.endpoint import ChatEndpoint
from pagerduty_mattermost.core.config import settings as config
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.incident import Change, to_payload
from pagerduty_mattermost.incidents.log_entries import incident_from_rest
from sandbox.clock import Clock
from sandbox.mattermost import ADMIN_TOKEN
from sandbox.pagerduty.seed import service
from sandbox.ports import free_port
from sandbox.stackstorm import StackStormServer, inquiries

Parameters = Dict[str, Any]


class ExampleCase(ActionsTestCase):
    """Both sandboxes, and one datastore for all actions of an example."""

    def setUp(self) -> None:
        super().setUp()
        self.chat = Chat()
        self.chat.__enter__()
        self.addCleanup(self.chat.__exit__, None, None, None)
        keys = {row["name"]: row["key"] for row in self.account.catalog["integrations"].values()}
        self.settings.update(
            mattermost=self.chat.raw()["mattermost"],
            service_key=keys["Database Events API v1"],
            events={"routing_key": keys["Database Events API v2"]},
            timeouts={"connect": 2, "read": 10},
            webhook={
                "port": 8091,
                "public_url": "https://stackstorm.example.com/pagerduty-webhook",
            },
        )
        self.service: Any = None

    def slept(self, seconds: float) -> None:
        """Time passes: an action that waits for people comes to its end."""
        self.now += seconds

    def get_action_instance(self, config: Any = None) -> Any:
        action = super().get_action_instance(config=config)
        if self.service is None:
            self.service = action.action_service
            client = SimpleNamespace(rules=SimpleNamespace(get_all=_shipped_rules))
            self.service.datastore_service.get_api_client = lambda: client
        action.action_service = self.service
        return action


def _shipped_rules(limit: int, offset: int) -> List[Any]:
    rules = [
        SimpleNamespace(**{**rule, "ref": f"pagerduty.{rule['name']}"})
        for rule in map(load, files("rules"))
    ]
    return rules[offset : offset + limit]


def incident(test: ExampleCase) -> str:
    return str(test.account.trigger("Checkout API", "Disk full").id)


def post(test: ExampleCase) -> str:
    return str(
        test.done("mattermost.post_message", channel="incidents", message="Deploy begins")[
            "post_id"
        ]
    )


def posted(test: ExampleCase) -> str:
    id = incident(test)
    test.done("mattermost.post_incident", channel="incidents", incident_id=id)
    return id


PLAYBOOK = """name: outage
title: Outage
stages:
  - name: First
    tasks:
      - {id: impact, text: Say what customers see, due: 5m}
"""
EXPORT = (
    '{"title": "Outage", "checklists": [{"title": "First", "items": [{"title": "Call the bank", '
    '"command": "/zoom start"}]}], "version": 1}'
)


def saved_playbook(test: ExampleCase, *, twice: bool = False) -> str:
    test.done("playbook.save", text=PLAYBOOK)
    if twice:
        test.done("playbook.save", text=PLAYBOOK.replace("5m", "10m"))
    return "outage"


def roomed(test: ExampleCase) -> str:
    id = incident(test)
    test.done("room.open", incident_id=id)
    return id


def drafted(test: Any) -> Any:
    given = {"entity_id": incident(test)}
    test.done("retrospective.draft", **given, channel="ops")
    return given


def agreed(test: Any) -> Any:
    given = {"entity_id": incident(test)}
    test.done("follow_up.add", **given, text="Raise the pool size", owner="@grace")
    return {**given, "number": "F1"}


def sealed(test: ExampleCase) -> Parameters:
    given = {"entity_id": incident(test)}
    test.done("timeline.seal", **given)
    return given


def put_away(test: ExampleCase) -> Parameters:
    test.chat.service.make_team_admin("ops", "pagerduty")
    id = roomed(test)
    test.done("room.archive", incident_id=id)
    return {"incident_id": id}


def changed(test: ExampleCase) -> Dict[str, Any]:
    """What the sensor would dispatch."""
    found = incident_from_rest(test.done("incident.get", entity_id=incident(test)))
    assert found is not None
    return to_payload(Change(found, (), 1))


def clicked(test: ExampleCase) -> Dict[str, Any]:
    """What the chat sensor dispatches when Ada clicks Acknowledge."""
    ada = test.chat.gateway().user_by_username("ada").id
    about = {
        "id": "7c4a",
        "kind": "click",
        "verb": "acknowledge",
        "incident": incident(test),
        "user_id": ada,
    }
    return {**about, "valid_until": test.now + 60}


def fixed(**parameters: Any) -> Callable[[ExampleCase], Parameters]:
    return lambda test: dict(parameters)


def alerted(test: ExampleCase) -> Parameters:
    test.done("event.trigger", summary="Disk full", dedup_key="db-1-disk")
    return {"dedup_key": "db-1-disk"}


def started(test: ExampleCase) -> str:
    """An incident with a playbook under way."""
    id = incident(test)
    test.done("playbook.start", incident_id=id, playbook="major-incident")
    return id


def with_exercises(test: ExampleCase) -> Parameters:
    """A service for tests, and Ada's right to make them."""
    if "Drills" not in {row["name"] for row in test.account.catalog["services"].values()}:
        service(test.account, "Drills", next(iter(test.account.catalog["escalation_policies"])))
    test.settings["rooms"] = {"test_service": "Drills"}
    test.settings["chat"] = {"allowed": {"test": ["@ada"]}}
    return {"user": "@ada"}


def with_task(test: ExampleCase) -> str:
    id = started(test)
    test.done("playbook.assign", incident_id=id, task="1.2", owner="@ada")
    return "@ada"


def with_canary(test: ExampleCase) -> Parameters:
    """A service that counts as the canary's own."""
    test.settings["canary"] = {
        "service": "Database",
        "routing_key": test.settings["events"]["routing_key"],
        "channel": "ops",
    }
    return {}


def linked(test: ExampleCase) -> Parameters:
    test.done("identity.link", user="ada", pagerduty_user="grace@example.com")
    return {"user": "ada"}


def with_endpoint(test: ExampleCase) -> Parameters:
    """The chat sensor listens, and an administrator lends a token: a plain member may make no
    commands."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    test.settings["chat"] = {"port": port, "public_url": url, "signing_keys": ["k" * 32]}
    action = test.get_action_instance(config=test.settings)
    log = logging.getLogger("example")
    endpoint = ChatEndpoint(
        config.load(test.settings),
        Mock(),
        Store(action.action_service),
        Mock(),
        ListReads(dict),
        log,
    )
    endpoint.listen()
    test.addCleanup(endpoint.close)
    return lent(action)


def lent(action: Any) -> Parameters:
    name = "mattermost_admin_token"
    action.action_service.set_value(name, ADMIN_TOKEN, local=False, encrypt=True)
    return {"admin_token_key": name}


def set_up(test: ExampleCase) -> Parameters:
    test.done("mattermost.setup", **with_endpoint(test))
    return lent(test.get_action_instance(config=test.settings))


def synced(test: ExampleCase) -> Parameters:
    test.settings["oncall"] = {"headers": {"incidents": "Payments escalation"}}
    return {}


def watched(test: ExampleCase) -> Parameters:
    test.settings["oncall"] = {
        "channels": {"Platform rotation": "incidents", "Payments escalation": "incidents"}
    }
    return {}


def drawn(test: ExampleCase) -> Parameters:
    if find_spec("matplotlib") is None:
        test.skipTest("matplotlib is not installed (requirements-pictures.txt)")
    return {"schedule": "Platform rotation", "channel": "incidents"}


def failed(test: ExampleCase) -> str:
    """Id of the dead letter of a post that Mattermost did not take."""
    test.chat.server.faults.add("status", method="POST", path="/posts$", status=503)
    test.left_for_later(
        "mattermost.post_once",
        channel="incidents",
        message="Good morning",
        key="morning-2026-11-21",
    )
    test.chat.server.faults.clear()
    return str(test.done("deadletter.list")["letters"][0]["id"])


def exported(test: ExampleCase) -> Parameters:
    test.done("identity.link", user="ada", pagerduty_user="grace@example.com")
    document = test.done("state.export", kinds="identities")["document"]
    return {"document": document, "dry_run": True}


def kept(test: ExampleCase) -> str:
    """Id of a page that PagerDuty did not take."""
    test.done("kept_page.send")
    test.server.faults.add("status", method="POST", path="/v2/enqueue", status=503)
    page = str(test.done("event.trigger", summary="Disk full", dedup_key="db-1-disk")["page"])
    test.server.faults.clear()
    return page


def with_swaps(test: ExampleCase) -> Parameters:
    """Linus has the shift; it can be asked who takes it."""
    test.settings["chat"] = {
        "public_url": "https://stackstorm.example.com/pagerduty",
        "signing_keys": ["k" * 32],
    }
    test.settings["oncall"] = {"channels": {"Platform rotation": "incidents"}}
    rota, begin = test.account.find("schedules", "Platform rotation"), int(test.now) + 3600
    rota["layers"][0].update(
        user_ids=[test.id("users", "Linus Example")], start=begin, virtual_start=begin
    )
    return {"schedule": "Platform rotation", "user": "linus@example.com"}


def asked(test: ExampleCase) -> str:
    return str(test.done("oncall.swap", **with_swaps(test))["swap"])


STORM: Dict[str, Any] = {
    "key": "storm-PSVC-1760000000-0",
    "kind": "storm",
    "state": "ongoing",
    "service_id": "PSVC",
    "service": "Checkout",
    "team_ids": [],
    "title": "",
    "started_at": "2026-11-21T08:00:00Z",
    "at": "2026-11-21T08:00:30Z",
    "sequence": 12,
    "total": 12,
    "triggered": 12,
    "acknowledged": 0,
    "closed": 0,
    "incidents": [],
}


def stackstorm(test: ExampleCase) -> StackStormServer:
    """One on which questions wait and actions have run."""
    server = StackStormServer(test.chat.journal, Clock(test.now))
    server.start()
    test.addCleanup(server.stop)
    test.settings["chatops"] = {"api_url": server.api_url}
    with_buttons(test)
    return server


def with_buttons(test: ExampleCase) -> ExampleCase:
    url = "https://stackstorm.example.com/pagerduty"
    test.settings["chat"] = {"public_url": url, "signing_keys": ["k" * 32]}
    return test


def inquired(test: ExampleCase) -> Parameters:
    spec = {"type": "boolean", "description": "Restart it?", "required": True}
    schema = {"type": "object", "properties": {"approved": spec}}
    return {"inquiry_id": inquiries.ask(stackstorm(test).account, schema, "~incidents")}


def executed(test: ExampleCase) -> Parameters:
    account = stackstorm(test).account
    row = account.add_execution("core.local", {"cmd": "uptime"}, {"user": "stanley"})
    account.end(row["id"], "succeeded", {"stdout": "up 12 days", "succeeded": True})
    return {"execution_id": row["id"], "channel": "~incidents"}


EXAMPLES: Dict[str, Callable[[Any], Parameters]] = {
    "incident.create.events_v1": fixed(description="Disk full", incident_key="db-1-disk"),
    "event.trigger": fixed(summary="Disk full", source="db-1", dedup_key="db-1-disk"),
    "kept_page.send": lambda t: kept(t) and {"now": True},
    "kept_page.list": lambda t: kept(t) and {},
    "kept_page.drop": lambda t: {"ids": kept(t)},
    "oncall.swap": with_swaps,
    "oncall.swap_list": lambda t: asked(t) and {},
    "oncall.swap_cancel": lambda t: asked(t) and {"user": "linus@example.com"},
    "oncall.swap_take": lambda t: {"swap": asked(t), "user": "mei@example.com"},
    "event.acknowledge": alerted,
    "event.resolve": alerted,
    "event.change": fixed(summary="Deployed 1.2", source="ci"),
    "identity.link": fixed(user="ada", pagerduty_user="grace@example.com"),
    "identity.unlink": linked,
    "identity.who": linked,
    "webhook.setup": fixed(),
    "webhook.status": lambda t: t.done("webhook.setup") and {},
    "webhook.teardown": lambda t: t.done("webhook.setup") and {},
    "audit.list": fixed(since="7d"),
    "deadletter.list": lambda t: failed(t) and {},
    "deadletter.replay": lambda t: {"ids": failed(t)},
    "deadletter.drop": lambda t: {"ids": failed(t)},
    "setup.overrides": by_hand,
    "upgrade.plan": by_hand,
    "upgrade.apply": fixed(),
    "uninstall": lambda t: t.done("webhook.setup") and {},
    "state.show": lambda t: {"incident_id": posted(t)},
    "state.export": lambda t: posted(t) and {"kinds": "incidents"},
    "state.import": exported,
    "state.reset": lambda t: failed(t) and {"kinds": "deadletters"},
    "chat.run": lambda t: {"verb": "show", "incidents": incident(t) and "1"},
    "chat.handle": lambda t: {"order": clicked(t)},
    "route.explain": lambda t: {"incident_id": incident(t)},
    "route.simulate": lambda t: posted(t) and {"since": "1h"},
    "mattermost.post_message": fixed(channel="incidents", message="Deploy done"),
    "mattermost.update_message": lambda t: {"post_id": post(t), "message": "Deploy done"},
    "mattermost.reply": lambda t: {"post_id": post(t), "message": "Looks good"},
    "mattermost.post_once": fixed(
        channel="incidents", message="Good morning", key="morning-2026-11-21"
    ),
    "mattermost.confirm": lambda t: (
        with_buttons(t)
        and {"channel": "~incidents", "question": "Restart it?", "incident_id": incident(t)}
    ),
    "mattermost.ask": lambda t: (
        with_buttons(t)
        and {"channel": "~incidents", "question": "Where to?", "options": ["north", "south"]}
    ),
    "mattermost.post_result": executed,
    "inquiry.ask": inquired,
    "mattermost.upload_file": fixed(channel="incidents", name="notes.txt", content="All is well"),
    "mattermost.repaint_incident": lambda t: {"incident_id": posted(t)},
    "report.incidents": fixed(since="7d"),
    "incident.timeline": lambda t: {"entity_id": incident(t)},
    "timeline.seal": lambda t: {"entity_id": incident(t)},
    "timeline.verify": sealed,
    "incident.catch_up": lambda t: {"entity_id": incident(t), "user": "@ada"},
    "exercise.create": lambda t: {**with_exercises(t), "date": "2026-01-31", "title": "Trial"},
    "exercise.create_many": lambda t: {
        **with_exercises(t),
        "ongoing": 2,
        "ended": 1,
        "begin": "2026-01-31",
        "end": "2026-02-22",
        "seed": 2,
    },
    "exercise.end": lambda t: t.done("exercise.create", **with_exercises(t)) and {"user": "@ada"},
    "exercise.start_drill": lambda t: {**with_exercises(t), "playbook": "major-incident"},
    "exercise.end_drill": lambda t: (
        t.done("exercise.start_drill", **with_exercises(t)) and {"user": "@ada"}
    ),
    "incident.mitigate": lambda t: {
        "entity_id": incident(t),
        "text": "traffic is elsewhere",
        "user": "@ada",
    },
    "room.tend": fixed(),
    "room.list": fixed(),
    "room.find": lambda t: {"incident_id": roomed(t)},
    "room.info": lambda t: {"incident_id": roomed(t)},
    "room.invite": lambda t: {"incident_id": roomed(t), "users": ["@grace"]},
    "room.adopt": lambda t: {"incident_id": incident(t), "channel": "ops"},
    "room.announce": lambda t: {"incident_id": incident(t), "channels": ["~ops"]},
    "room.archive": lambda t: {"incident_id": roomed(t)},
    "retrospective.draft": lambda t: {"entity_id": incident(t), "channel": "ops"},
    "retrospective.publish": drafted,
    "retrospective.cancel": lambda t: {**drafted(t), "reason": "known cause"},
    "retrospective.get": drafted,
    "retrospective.list": lambda t: drafted(t) and {},
    "follow_up.add": lambda t: {
        "entity_id": incident(t),
        "text": "Raise the pool size",
        "owner": "@grace",
        "due": "in 7 days",
    },
    "follow_up.edit": lambda t: {**agreed(t), "due": "in 14 days"},
    "follow_up.done": lambda t: agreed(t),
    "follow_up.drop": lambda t: agreed(t),
    "follow_up.open": lambda t: agreed(t),
    "follow_up.list": lambda t: agreed(t) and {},
    "room.export": lambda t: {"incident_id": roomed(t), "user": "@ada"},
    "room.restore": put_away,
    "playbook.list": fixed(),
    "playbook.get": fixed(name="major-incident"),
    "playbook.validate": fixed(text=PLAYBOOK.replace("stages", "stage")),
    "playbook.save": fixed(text=PLAYBOOK, user="@ada"),
    "playbook.delete": lambda t: {"name": saved_playbook(t)},
    "playbook.history": lambda t: {"name": saved_playbook(t)},
    "playbook.restore": lambda t: {"name": saved_playbook(t, twice=True)},
    "playbook.import": fixed(export=EXPORT),
    "playbook.start": lambda t: {"incident_id": incident(t), "playbook": "major-incident"},
    "playbook.tasks": lambda t: {"incident_id": started(t)},
    "playbook.todo": lambda t: {"user": with_task(t)},
    "playbook.check": lambda t: {"incident_id": started(t), "task": "1.1", "state": "done"},
    "playbook.assign": lambda t: {"incident_id": started(t), "task": "1.2", "owner": "@ada"},
    "playbook.add_task": lambda t: {"incident_id": started(t), "text": "Call the bank"},
    "playbook.edit_task": lambda t: {"incident_id": started(t), "task": "1.2", "due": "30m"},
    "playbook.move_task": lambda t: {"incident_id": started(t), "task": "1.2", "to": "2"},
    "playbook.remove_task": lambda t: {"incident_id": started(t), "task": "1.2"},
    "playbook.role": lambda t: {"incident_id": started(t), "person": "@ada"},
    "playbook.update": lambda t: {
        "incident_id": started(t),
        "text": "Errors are down to 2 %",
        "channels": [],
    },
    "playbook.remind": lambda t: {"incident_id": started(t), "next": "30m"},
    "playbook.end": lambda t: {"incident_id": started(t)},
    "playbook.restart": lambda t: {"incident_id": started(t)},
    "playbook.end_triage": lambda t: {"incident_id": started(t)},
    "playbook.stage": lambda t: {"incident_id": started(t), "stage": "2"},
    "room.open": lambda t: {"incident_id": posted(t)},
    "mattermost.tell_incident": lambda t: {"change": changed(t), "to": "assignees"},
    "mattermost.add_reaction": lambda t: {"post_id": post(t), "emoji": "eyes"},
    "mattermost.direct_message": fixed(users="ada", message="You are on call"),
    "mattermost.get_channel": fixed(channel="~incidents"),
    "mattermost.test_card": fixed(channel="incidents"),
    "mattermost.post_incident": lambda t: {"channel": "incidents", "incident_id": incident(t)},
    "mattermost.catch_up": fixed(),
    "mattermost.post_digest": fixed(),
    "incident.remind": fixed(),
    "oncall.today": fixed(channel="incidents", escalation_policies="Payments escalation"),
    "oncall.week": fixed(schedules="Platform rotation", days=3),
    "oncall.picture": drawn,
    "oncall.sync": synced,
    "oncall.watch": watched,
    "oncall.check": watched,
    "oncall.tell": lambda t: {
        "user": t.id("users", "Ada Lovelace"),
        "message": "Your shift begins at noon.",
        "key": "noon",
    },
    "posts.reconcile": fixed(),
    "mattermost.post_storm": fixed(change=STORM, channel="incidents"),
    "health.canary": with_canary,
    "health.check": fixed(),
    "health.upkeep": fixed(due=["reconcile"]),
    "health.watchdog": fixed(),
    "mattermost.setup": with_endpoint,
    "mattermost.teardown": set_up,
}
