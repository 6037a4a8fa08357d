"""A StackStorm on which somebody switched a rule off and another one on, for the examples of
actions that ask its API."""

# flake8: noqa: E203

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, Dict, List
from unittest.mock import patch

from pack_files import files, load

from pagerduty_mattermost.gateways.stackstorm import overrides_file


class Listing:
    """A manager of StackStorm's client that lists."""

    def __init__(self, **enabled: bool) -> None:
        self.rows = [SimpleNamespace(name=name, enabled=on) for name, on in enabled.items()]

    def get_all(self, pack: str, limit: int, offset: int) -> List[Any]:
        return self.rows[offset : offset + limit]


def by_hand(test: Any) -> Dict[str, Any]:
    """On StackStorm somebody disabled a rule."""
    rules = {rule["name"]: rule["enabled"] for rule in map(load, files("rules"))}
    managers = {
        "Rule": Listing(**{**rules, "post_incidents": False, "p4_to_service": True}),
        "Sensor": Listing(IncidentSensor=True, ChatSensor=True),
        "ActionAlias": Listing(),
        "Action": Listing(),
    }
    test.get_action_instance()
    client = SimpleNamespace(managers=managers)
    test.service.datastore_service.get_api_client = lambda: client
    for name, found in (("folder", Path("/opt/stackstorm/overrides")), ("read", {})):
        patched = patch.object(overrides_file, name, return_value=found)
        patched.start()
        test.addCleanup(patched.stop)
    return {}
