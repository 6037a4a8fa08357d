"""Pure: what subscriptions are asked about a storm."""

from __future__ import annotations

from typing import Any, Dict

from pagerduty_mattermost.noise.storm_publisher import as_incident


def storm(*urgencies: str, **more: Any) -> Dict[str, Any]:
    incidents = [{"id": f"P{n}", "urgency": urgency} for n, urgency in enumerate(urgencies)]
    return {"service_id": "PSVC", "service": "Checkout", "incidents": incidents, **more}


def test_a_storm_is_of_its_service_its_teams_and_the_highest_urgency_it_holds() -> None:
    incident = as_incident(storm("low", "high", team_ids=["PT1", "PT2"]))
    assert (incident.service_id, incident.service) == ("PSVC", "Checkout")
    assert incident.urgency == "high"
    assert [team.id for team in incident.teams] == ["PT1", "PT2"]


def test_a_payload_of_an_older_version_tells_no_teams() -> None:
    assert as_incident(storm("low")).teams == ()
    assert as_incident(storm("low")).urgency == "low"
