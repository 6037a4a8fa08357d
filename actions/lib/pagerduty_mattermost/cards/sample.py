"""A sample incident, for a card by which people see that configuration, rights and looks are
right."""

from __future__ import annotations

from pagerduty_mattermost.core.times import iso
from pagerduty_mattermost.incidents.incident import Incident, Link, Person

MINUTE_SECONDS = 60.0


def make_sample(now: float) -> Incident:
    """An incident that is none, with something in each part of the card."""
    return Incident(
        id="TEST",
        title="TEST, not a real incident: checkout answers 503",
        url="https://www.pagerduty.com/",
        status="acknowledged",
        urgency="high",
        priority="P1",
        service="Checkout (sample)",
        teams=(Person(name="Payments (sample)"),),
        assignees=(Person(name="Ada (sample)"),),
        acknowledgers=(Person(name="Ada (sample)", at=iso(now - 2 * MINUTE_SECONDS)),),
        created_at=iso(now - 5 * MINUTE_SECONDS),
        updated_at=iso(now - 2 * MINUTE_SECONDS),
        alerts_total=2,
        alerts_triggered=1,
        alerts_resolved=1,
        conference_url="https://meet.example.com/sample",
        note="This card was posted by mattermost.test_card. Nobody needs to do anything.",
        note_by="Ada (sample)",
        note_at=iso(now - MINUTE_SECONDS),
        summary="More than 5 % of the requests fail.",
        details=(("region", "eu-central"), ("error rate", "7.3 %")),
        links=(Link("https://example.com/runbooks/checkout", "Runbook"),),
    )
