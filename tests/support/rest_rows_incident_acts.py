"""Rows of the acts on incidents that need thought (incident_act.py)."""

from __future__ import annotations

from typing import Dict

from rest_rows import Row, incident, key, one

PUT = "PUT /incidents/{id}"


def acknowledged(test):  # type: ignore[no-untyped-def]
    return test.done("incident.acknowledge", entity_id=incident(test))["incident"]["id"]


def resolved(test):  # type: ignore[no-untyped-def]
    return test.done("incident.resolve", entity_id=incident(test))["incident"]["id"]


TABLE: Dict[str, Row] = {
    "incident.update": Row(
        one(incident, title="Worse", urgency="low"), key(title="Worse", urgency="low"), PUT
    ),
    "incident.manage": Row(
        lambda t: {"incident_ids": [incident(t), incident(t, "Fuller")], "status": "acknowledged"},
        lambda r: [row["status"] for row in r] == ["acknowledged", "acknowledged"],
        "PUT /incidents",
    ),
    "incident.escalate": Row(
        one(incident),
        lambda r: [a["assignee"]["summary"] for a in r["assignments"]] == ["Grace Hopper"],
        PUT,
    ),
    "incident.unacknowledge": Row(one(acknowledged), key(status="triggered"), PUT),
    "incident.reopen": Row(one(resolved), key(status="triggered"), PUT),
    "incident.set_priority": Row(
        one(incident, priority="P1"), lambda r: r["priority"]["summary"] == "P1", PUT
    ),
    "incident.find_open": Row(
        lambda t: {"services": "checkout api" if incident(t) else ""},
        lambda r: (r["count"], r["truncated"]) == (1, False),
        "GET /incidents",
    ),
}
