"""Services, integrations, vendors, policies, schedules and maintenance windows as the REST API
shows them."""

from __future__ import annotations

from typing import Iterable

from .model import Thing
from .render_catalog import CatalogRenderer, shows
from .shift_rota import SHIFT_BASED

_NO_PAUSE = {"enabled": False, "timeout": None}


@shows("services")
def service(render: CatalogRenderer, service: Thing, shown: Thing) -> Thing:
    account, policy = render.account, service["escalation_policy_id"]
    own = [i for i in account.catalog["integrations"].values() if i["service_id"] == service["id"]]
    urgency = {"type": "constant", "urgency": service.get("urgency", "high")}
    shown.update(
        name=service["name"],
        description=service.get("description", ""),
        created_at=render.time(service["created_at"]),
        updated_at=render.time(service.get("updated_at", service["created_at"])),
        status=account.service_status(service),
        teams=[
            render.either("teams", "teams", t) for t in account.team_ids(service["id"], policy)
        ],
        alert_creation=service.get("alert_creation", "create_alerts_and_incidents"),
        addons=[],
        scheduled_actions=service.get("scheduled_actions", []),
        support_hours=service.get("support_hours"),
        last_incident_timestamp=render.time(service.get("last_incident_at")),
        escalation_policy=render.either("escalation_policies", "escalation_policies", policy),
        incident_urgency_rule=service.get("incident_urgency_rule", urgency),
        acknowledgement_timeout=service.get("acknowledgement_timeout"),
        auto_resolve_timeout=service.get("auto_resolve_timeout"),
        integrations=[render.either("integrations", "integrations", i["id"]) for i in own],
        alert_grouping=service.get("alert_grouping"),
        alert_grouping_timeout=service.get("alert_grouping_timeout"),
        alert_grouping_parameters=service.get("alert_grouping_parameters"),
        response_play=None,
    )
    if "auto_pause_notifications_parameters" in render.include:
        shown["auto_pause_notifications_parameters"] = service.get(
            "auto_pause_notifications_parameters", _NO_PAUSE
        )
    return shown


@shows("integrations")
def integration(render: CatalogRenderer, integration: Thing, shown: Thing) -> Thing:
    vendor = integration.get("vendor_id")
    shown.update(
        name=integration["name"],
        service=render.either("services", "services", integration["service_id"]),
        created_at=render.time(integration["created_at"]),
        vendor=render.either("vendors", "vendors", vendor) if vendor else None,
    )
    if integration["type"] == "generic_email_inbound_integration":
        shown.update({name: integration[name] for name in EMAIL_FIELDS if name in integration})
    else:
        shown["integration_key"] = integration["key"]
    return shown


EMAIL_FIELDS = (
    *("integration_email", "email_incident_creation", "email_filter_mode", "email_parsers"),
    *("email_parsing_fallback", "email_filters"),
)


@shows("vendors")
def vendor(render: CatalogRenderer, vendor: Thing, shown: Thing) -> Thing:
    place = f"https://vendors.example.com/{vendor['id'].lower()}"
    shown.update(
        html_url=None,
        name=vendor["name"],
        website_url=place,
        logo_url=f"{place}/logo.png",
        thumbnail_url=f"{place}/thumb.png",
        description=vendor.get("description", ""),
        integration_guide_url=f"{place}/guide",
    )
    return shown


@shows("escalation_policies")
def policy(render: CatalogRenderer, policy: Thing, shown: Thing) -> Thing:
    services = [
        s
        for s in render.account.catalog["services"].values()
        if s["escalation_policy_id"] == policy["id"]
    ]
    shown.update(
        name=policy["name"],
        description=policy.get("description", ""),
        num_loops=policy.get("num_loops", 0),
        on_call_handoff_notifications=policy.get(
            "on_call_handoff_notifications", "if_has_services"
        ),
        escalation_rules=[
            {
                "id": rule["id"],
                "escalation_delay_in_minutes": rule["delay"],
                "escalation_rule_assignment_strategy": rule.get("strategy", "assign_to_everyone"),
                "targets": [
                    render.either("targets", kind + "s", target)
                    for kind, target in rule["targets"]
                ],
            }
            for rule in policy["rules"]
        ],
        services=[render.either("services", "services", s["id"]) for s in services],
        teams=[render.either("teams", "teams", t) for t in policy.get("team_ids", ())],
        privilege=None,
    )
    return shown


@shows("schedules")
def schedule(render: CatalogRenderer, schedule: Thing, shown: Thing) -> Thing:
    policies = [
        p
        for p in render.account.catalog["escalation_policies"].values()
        if any(("schedule", schedule["id"]) in map(tuple, rule["targets"]) for rule in p["rules"])
    ]
    people: Iterable[str] = dict.fromkeys(
        u for layer in schedule.get("layers", ()) for u in layer["user_ids"]
    )
    shown.update(
        name=schedule["name"],
        time_zone=schedule["time_zone"],
        description=schedule.get("description", ""),
        users=[render.reference("users", u) for u in people],
        teams=[render.reference("teams", t) for t in schedule.get("team_ids", ())],
        escalation_policies=[render.reference("escalation_policies", p["id"]) for p in policies],
    )
    if schedule["type"] == SHIFT_BASED:
        del shown["users"]  # only with include[]=users
    return shown


@shows("maintenance_windows")
def maintenance_window(render: CatalogRenderer, window: Thing, shown: Thing) -> Thing:
    account = render.account
    services = [account.known("services", s) for s in window["service_ids"]]
    teams = dict.fromkeys(
        t for s in services for t in account.team_ids(s["id"], s["escalation_policy_id"])
    )
    shown.update(
        sequence_number=window["sequence_number"],
        start_time=render.time(window["start"]),
        end_time=render.time(window["end"]),
        description=window.get("description", ""),
        created_by=render.either("users", "users", window["user_id"]),
        services=[render.either("services", "services", s["id"]) for s in services],
        teams=[render.either("teams", "teams", t) for t in teams],
    )
    return shown
