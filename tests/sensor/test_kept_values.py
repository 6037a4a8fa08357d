"""What the sensor and the reminders kept before their modules were named anew still reads."""

from __future__ import annotations

import json
from pathlib import Path

from datastore_double import Service

from pagerduty_mattermost.core.config.noise import NoiseConfig
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.noise.reminder_posts import ReminderRecord, kept_of
from pagerduty_mattermost.noise.storm_detection import StormDetector
from pagerduty_mattermost.noise.storm_gate import remembered
from pagerduty_mattermost.sensor import webhook_health

FIXTURE = Path(__file__).resolve().parents[1] / "fixtures" / "datastore" / "noise_v1.json"


def store() -> Store:
    service = Service()
    for name, value in json.loads(FIXTURE.read_text(encoding="utf-8")).items():
        service.items[name] = json.dumps(value)
    return Store(service)


def test_storms_and_flapping_alerts_go_on() -> None:
    detector = remembered(store())
    assert list(detector.groups) == ["storm-PS-1760000500-00000000"]
    held = set(detector.held.values())
    assert held == {"storm of S", "its storm is over"}
    assert len(detector.held) == 28
    kept = store().read("noise")
    again = json.loads(json.dumps(StormDetector(NoiseConfig(), kept).to_data()))
    for group in again["groups"].values():  # what it did not know yet
        assert group.pop("escalation_policy_id") == ""
        assert all(row.pop("assignee_ids") == [] for row in group["shown"])
    for was, now in zip(kept["over"], again["over"]):  # the card of one that is over stays
        del was["payload"]
        assert now.pop("group") is None
    assert again == kept, "and it is written as it was"


def test_reminders_go_on() -> None:
    found = kept_of("reminder.PINC1", store().read("reminder.PINC1"))
    assert found == ReminderRecord("PINC1", 1760000000.0, 2, 1760000900.5, 1760000000)


def test_how_the_webhook_did_is_known() -> None:
    health = webhook_health.read(store())
    assert health is not None
    assert (health.works, health.calls["genuine"]) == (True, 4)
