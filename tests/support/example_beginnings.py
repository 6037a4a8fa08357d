"""What there is before an action's example begins: an incident, a post, a playbook, a room. Each
function makes it, and returns an id or the parameters that name it."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from typing import Any, Callable, Dict
from unittest.mock import Mock

from example_case import ExampleCase

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
