"""Every operation the sandbox's PagerDuty serves is walked once; requests and answers fit the
OpenAPI."""

# flake8: noqa: E501

from __future__ import annotations

import re
from string import Template
from typing import Any, Dict, List, Set, Tuple

import openapi
from sandbox_api import START, Api

from sandbox.clock import iso
from sandbox.pagerduty import USER_TOKEN
from sandbox.pagerduty.service import _ROUTES

SPAN = f"since={iso(START)}&until={iso(START + 86400)}"
OVER = {
    "start": iso(START + 60),
    "end": iso(START + 3600),
    "user": {"id": "$user", "type": "user_reference"},
}
LAYER = {
    "start": iso(START),
    "rotation_virtual_start": iso(START),
    "rotation_turn_length_seconds": 86400,
}
SCHEDULE = {"type": "schedule", "time_zone": "UTC", "name": "Walk"}
SCHEDULE["schedule_layers"] = [
    {**LAYER, "users": [{"user": {"id": "$user", "type": "user_reference"}}]}
]  # type: ignore
POLICY_RULE = {
    "escalation_delay_in_minutes": 5,
    "targets": [{"id": "$user", "type": "user_reference"}],
}
POLICY = {"type": "escalation_policy", "name": "Walk", "escalation_rules": [POLICY_RULE]}
SERVICE = {
    "type": "service",
    "name": "Walk",
    "escalation_policy": {"id": "$policy", "type": "escalation_policy_reference"},
}
USER = {"type": "user", "name": "Walker", "email": "walker@example.com"}
METHOD = {"type": "sms_contact_method", "label": "Mobile", "address": "5551234", "country_code": 1}
RULE = {"type": "assignment_notification_rule", "start_delay_in_minutes": 3, "urgency": "high"}
RULE["contact_method"] = {"id": "$method", "type": "sms_contact_method_reference"}
WINDOW = {
    "type": "maintenance_window",
    "start_time": iso(START + 7200),
    "end_time": iso(START + 9000),
}
WINDOW["services"] = [{"id": "$service", "type": "service_reference"}]  # type: ignore[assignment]
INCIDENT = {
    "type": "incident",
    "title": "Walk",
    "service": {"id": "$service", "type": "service_reference"},
}
TARGET = {"responder_request_target": {"id": "$ada", "type": "user_reference"}}
RESPONDERS = {"requester_id": "$ada", "message": "Help", "responder_request_targets": [TARGET]}
CANCEL = {
    "requester_id": "$ada",
    "responder_request_targets": [{"id": "$ada", "type": "user_reference"}],
}
SUBSCRIBERS = {"subscribers": [{"subscriber_id": "$ada", "subscriber_type": "user"}]}
HOOK = {
    "type": "webhook_subscription",
    "events": ["incident.triggered"],
    "filter": {"type": "account_reference"},
}
HOOK["delivery_method"] = {"type": "http_delivery_method", "url": "https://example.com/x"}
EXTENSION = {
    "name": "Walk",
    "extension_objects": [{"id": "$service", "type": "service_reference"}],
}
EXTENSION["extension_schema"] = {"id": "$schema", "type": "extension_schema_reference"}  # type: ignore[assignment]
PAGE = {"id": "$page", "type": "status_page"}
UPDATE = {
    "type": "status_page_post_update",
    "post": {"id": "$page", "type": "status_page_post"},
    "message": "We know",
    "status": {"id": "$status", "type": "status_page_status"},
    "severity": {"id": "$severity", "type": "status_page_severity"},
    "impacted_services": [],
    "update_frequency_ms": None,
    "notify_subscribers": False,
}
POST = {
    "type": "status_page_post",
    "title": "Down",
    "post_type": "incident",
    "starts_at": None,
    "ends_at": None,
}
MORTEM = {
    "type": "status_page_post_postmortem",
    "post": {"id": "$post", "type": "status_page_post"},
}
TEMPLATE = {
    "template_type": "status_update",
    "name": "Walk",
    "templated_fields": {"message": "{{incident.title}}!"},
}
RAW = {"filters": {"urgency": "high"}, "time_zone": "Etc/UTC", "limit": 1}
TAGS = {"add": [{"type": "tag_reference", "id": "$tag"}]}

MEMBER = {"type": "user_member", "user_id": "$user"}
EVENT = {
    "name": "Always",
    "start_time": {"date_time": iso(START), "time_zone": "UTC"},
    "end_time": {"date_time": iso(START + 86400), "time_zone": "UTC"},
    "effective_since": iso(START),
    "recurrence": ["RRULE:FREQ=DAILY"],
    "assignment_strategy": {
        "type": "rotating_member_assignment_strategy",
        "shifts_per_member": 1,
        "members": [MEMBER],
    },
}
STAND_IN = {
    "type": "override_shift",
    "rotation_id": "$rotation",
    "start_time": iso(START + 60),
    "end_time": iso(START + 3600),
    "overridden_member": MEMBER,
    "overriding_member": {"type": "user_member", "user_id": "$ada"},
}
SHIFT = {
    "type": "custom_shift",
    "start_time": iso(START + 60),
    "end_time": iso(START + 3600),
    "assignments": [{"type": "shift_assignment", "member": MEMBER}],
}

WALK: List[Tuple[str, Any, str]] = [
    ("POST /users", {"user": USER}, "user=user"),
    ("PUT /users/$user", {"user": USER}, ""),
    ("GET /users?include[]=contact_methods&include[]=notification_rules", None, ""),
    ("GET /users/$user", None, ""),
    ("POST /users/$user/contact_methods", {"contact_method": METHOD}, "method=contact_method"),
    ("PUT /users/$user/contact_methods/$method", {"contact_method": METHOD}, ""),
    ("GET /users/$user/contact_methods", None, ""),
    ("GET /users/$user/contact_methods/$method", None, ""),
    (
        "POST /users/$user/notification_rules",
        {"notification_rule": RULE},
        "rule=notification_rule",
    ),
    ("PUT /users/$user/notification_rules/$rule", {"notification_rule": RULE}, ""),
    ("GET /users/$user/notification_rules", None, ""),
    ("GET /users/$user/notification_rules/$rule", None, ""),
    ("POST /teams", {"team": {"type": "team", "name": "Walk"}}, "team=team"),
    ("PUT /teams/$team", {"team": {"type": "team", "name": "Walk on"}}, ""),
    ("PUT /teams/$team/users/$user", {"role": "manager"}, ""),
    ("GET /teams", None, ""),
    ("GET /teams/$team", None, ""),
    ("GET /teams/$team/members?include[]=users", None, ""),
    ("POST /schedules", {"schedule": SCHEDULE}, "schedule=schedule"),
    ("POST /schedules/preview?" + SPAN, {"schedule": SCHEDULE}, ""),
    ("PUT /schedules/$schedule", {"schedule": SCHEDULE}, ""),
    ("POST /schedules/$schedule/overrides", {"overrides": [OVER]}, "override=0.override"),
    ("GET /schedules?include[]=schedule_layers&" + SPAN, None, ""),
    ("GET /schedules/$schedule?" + SPAN, None, ""),
    ("GET /schedules/$schedule/users?" + SPAN, None, ""),
    ("GET /schedules/$schedule/overrides?" + SPAN, None, ""),
    ("DELETE /schedules/$schedule/overrides/$override", None, ""),
    ("DELETE /schedules/$schedule", None, ""),
    ("POST /v3/schedules", {"schedule": {"name": "Shifts", "time_zone": "UTC"}}, "v3=schedule"),
    ("PUT /v3/schedules/$v3", {"schedule": {"description": "By shifts"}}, ""),
    ("GET /v3/schedules", None, ""),
    ("GET /v3/schedules/$v3?include[]=final_schedule&" + SPAN, None, ""),
    ("GET /v3/schedules/$v3/audit/records", None, ""),
    ("POST /v3/schedules/$v3/rotations", {}, "rotation=rotation"),
    ("GET /v3/schedules/$v3/rotations", None, ""),
    ("GET /v3/schedules/$v3/rotations/$rotation", None, ""),
    ("POST /v3/schedules/$v3/rotations/$rotation/events", {"event": EVENT}, "event=event"),
    ("GET /v3/schedules/$v3/rotations/$rotation/events", None, ""),
    ("GET /v3/schedules/$v3/rotations/$rotation/events/$event", None, ""),
    (
        "PUT /v3/schedules/$v3/rotations/$rotation/events/$event",
        {"event": {"effective_until": iso(START + 9 * 86400)}},
        "",
    ),
    (
        "POST /v3/schedules/$v3/overrides",
        {"overrides": [STAND_IN]},
        "stand_in=overrides.0",
    ),
    ("GET /v3/schedules/$v3/overrides?" + SPAN, None, ""),
    ("GET /v3/schedules/$v3/overrides/$stand_in", None, ""),
    (
        "PUT /v3/schedules/$v3/overrides/$stand_in",
        {"override": {"end_time": iso(START + 7200)}},
        "",
    ),
    ("DELETE /v3/schedules/$v3/overrides/$stand_in", None, ""),
    ("POST /v3/schedules/$v3/custom_shifts", {"custom_shifts": [SHIFT]}, "shift=custom_shifts.0"),
    ("GET /v3/schedules/$v3/custom_shifts?" + SPAN, None, ""),
    ("GET /v3/schedules/$v3/custom_shifts/$shift", None, ""),
    (
        "PUT /v3/schedules/$v3/custom_shifts/$shift",
        {"custom_shift": {"end_time": iso(START + 7200)}},
        "",
    ),
    ("DELETE /v3/schedules/$v3/custom_shifts/$shift", None, ""),
    ("DELETE /v3/schedules/$v3/rotations/$rotation/events/$event", None, ""),
    ("DELETE /v3/schedules/$v3/rotations/$rotation", None, ""),
    ("DELETE /v3/schedules/$v3", None, ""),
    ("POST /escalation_policies", {"escalation_policy": POLICY}, "policy=escalation_policy"),
    ("PUT /escalation_policies/$policy", {"escalation_policy": POLICY}, ""),
    ("PUT /teams/$team/escalation_policies/$policy", None, ""),
    ("GET /escalation_policies?include[]=targets&include[]=teams&include[]=services", None, ""),
    ("GET /escalation_policies/$policy", None, ""),
    ("GET /oncalls?include[]=users&include[]=schedules&" + SPAN, None, ""),
    ("POST /services", {"service": SERVICE}, "service=service"),
    ("PUT /services/$service", {"service": SERVICE}, ""),
    (
        "GET /services?include[]=integrations&include[]=escalation_policies&include[]=teams",
        None,
        "",
    ),
    ("GET /services/$service?include[]=auto_pause_notifications_parameters", None, ""),
    (
        "POST /services/$service/integrations",
        {"integration": {"type": "events_api_v2_inbound_integration", "name": "Walk"}},
        "integration=integration",
    ),
    ("PUT /services/$service/integrations/$integration", {"integration": {"name": "On"}}, ""),
    ("GET /services/$service/integrations/$integration", None, ""),
    ("GET /vendors", None, "vendor=vendors.0"),
    ("GET /vendors/$vendor", None, ""),
    ("GET /priorities", None, ""),
    ("GET /abilities", None, ""),
    ("GET /abilities/teams", None, ""),
    ("POST /incidents", {"incident": INCIDENT}, "incident=incident"),
    ("POST /incidents", {"incident": INCIDENT}, "second=incident"),
    ("GET /incidents?date_range=all&include[]=services&include[]=users", None, ""),
    ("GET /incidents/$incident?include[]=custom_fields&include[]=conference_bridge", None, ""),
    (
        "PUT /incidents/$incident",
        {"incident": {"type": "incident_reference", "status": "acknowledged"}},
        "",
    ),
    (
        "PUT /incidents",
        {"incidents": [{"id": "$second", "type": "incident_reference", "title": "Two"}]},
        "",
    ),
    ("POST /incidents/$incident/snooze", {"duration": 60}, ""),
    ("POST /incidents/$incident/notes", {"note": {"content": "n"}}, "note=note"),
    ("PUT /incidents/$incident/notes/$note", {"note": {"content": "m"}}, ""),
    ("GET /incidents/$incident/notes", None, ""),
    ("DELETE /incidents/$incident/notes/$note", None, ""),
    (
        "GET /incidents/$alerted/alerts?include[]=incidents&include[]=services",
        None,
        "alert=alerts.0",
    ),
    ("GET /incidents/$alerted/alerts/$alert", None, ""),
    (
        "PUT /incidents/$alerted/alerts",
        {
            "alerts": [
                {
                    "id": "$alert",
                    "type": "alert",
                    "incident": {"id": "$second", "type": "incident_reference"},
                }
            ]
        },
        "",
    ),
    (
        "PUT /incidents/$second/alerts/$alert",
        {"alert": {"type": "alert", "status": "triggered"}},
        "",
    ),
    ("POST /incidents/$incident/status_updates", {"message": "We know", "subject": "s"}, ""),
    ("POST /incidents/$incident/status_updates/subscribers", SUBSCRIBERS, ""),
    ("GET /incidents/$incident/status_updates/subscribers", None, ""),
    ("POST /incidents/$incident/status_updates/unsubscribe", SUBSCRIBERS, ""),
    ("POST /incidents/$incident/responder_requests", RESPONDERS, ""),
    ("PUT /incidents/$incident/responder_requests/cancel", CANCEL, ""),
    (
        "PUT /incidents/$incident/custom_fields/values",
        {"custom_fields": [{"name": "env", "value": "prod"}]},
        "",
    ),
    ("GET /incidents/$incident/custom_fields/values", None, ""),
    ("GET /incidents/$incident/past_incidents", None, ""),
    ("GET /incidents/$incident/related_incidents", None, ""),
    ("GET /incidents/$incident/outlier_incident", None, ""),
    ("GET /incidents/$incident/related_change_events", None, ""),
    (
        "POST /business_services",
        {"business_service": {"name": "Walk"}},
        "business=business_service",
    ),
    ("PUT /business_services/$business", {"business_service": {"name": "On"}}, ""),
    ("GET /business_services", None, ""),
    ("GET /business_services/$business", None, ""),
    ("PUT /incidents/$incident/business_services/$business/impacts", {"relation": "impacted"}, ""),
    ("GET /incidents/$incident/business_services/impacts", None, ""),
    ("DELETE /business_services/$business", None, ""),
    ("GET /incidents/types?filter=all", None, ""),
    (
        "POST /incidents/types",
        {
            "incident_type": {
                "name": "walk",
                "display_name": "Walk",
                "parent_type": "incident_default",
            }
        },
        "",
    ),
    (
        "POST /incident_workflows",
        {"incident_workflow": {"name": "Walk"}},
        "workflow=incident_workflow",
    ),
    ("PUT /incident_workflows/$workflow", {"incident_workflow": {"name": "On"}}, ""),
    ("GET /incident_workflows", None, ""),
    ("GET /incident_workflows/$workflow", None, ""),
    (
        "POST /incident_workflows/$workflow/instances",
        {
            "incident_workflow_instance": {
                "incident": {"id": "$incident", "type": "incident_reference"}
            }
        },
        "",
    ),
    (
        "POST /incident_workflows/triggers",
        {"trigger": {"trigger_type": "manual", "workflow": {"id": "$workflow"}}},
        "trigger=trigger",
    ),
    ("GET /incident_workflows/triggers", None, ""),
    ("GET /incident_workflows/triggers/$trigger", None, ""),
    ("DELETE /incident_workflows/triggers/$trigger", None, ""),
    ("DELETE /incident_workflows/$workflow", None, ""),
    ("GET /log_entries?include[]=channels&include[]=incidents", None, "entry=log_entries.0"),
    ("GET /incidents/$incident/log_entries", None, ""),
    ("GET /log_entries/$entry", None, ""),
    (
        "PUT /log_entries/$entry/channel",
        {"channel": {"type": "web_trigger", "details": "more"}},
        "",
    ),
    (f"GET /notifications?since={iso(START - 60)}&until={iso(START + 60)}", None, ""),
    ("GET /change_events", None, "change=change_events.0"),
    ("GET /change_events/$change", None, ""),
    ("GET /services/$service/change_events", None, ""),
    ("POST /maintenance_windows", {"maintenance_window": WINDOW}, "window=maintenance_window"),
    ("PUT /maintenance_windows/$window", {"maintenance_window": WINDOW}, ""),
    ("GET /maintenance_windows?include[]=services&include[]=teams", None, ""),
    ("GET /maintenance_windows/$window", None, ""),
    ("DELETE /maintenance_windows/$window", None, ""),
    ("POST /tags", {"tag": {"type": "tag", "label": "walk"}}, "tag=tag"),
    ("POST /users/$user/change_tags", TAGS, ""),
    ("POST /teams/$team/change_tags", TAGS, ""),
    ("POST /escalation_policies/$policy/change_tags", TAGS, ""),
    ("GET /users/$user/tags", None, ""),
    ("GET /teams/$team/tags", None, ""),
    ("GET /escalation_policies/$policy/tags", None, ""),
    ("GET /tags", None, ""),
    ("GET /tags/$tag", None, ""),
    ("GET /tags/$tag/users", None, ""),
    ("DELETE /tags/$tag", None, ""),
    ("POST /webhook_subscriptions", {"webhook_subscription": HOOK}, "hook=webhook_subscription"),
    ("PUT /webhook_subscriptions/$hook", {"webhook_subscription": {"active": False}}, ""),
    ("GET /webhook_subscriptions", None, ""),
    ("GET /webhook_subscriptions/$hook", None, ""),
    ("POST /webhook_subscriptions/$hook/enable", None, ""),
    ("POST /webhook_subscriptions/$hook/ping", None, ""),
    ("DELETE /webhook_subscriptions/$hook", None, ""),
    ("GET /extension_schemas", None, "schema=extension_schemas.0"),
    ("GET /extension_schemas/$schema", None, ""),
    ("POST /extensions", {"extension": EXTENSION}, "extension=extension"),
    ("PUT /extensions/$extension", {"extension": EXTENSION}, ""),
    ("GET /extensions", None, ""),
    ("GET /extensions/$extension", None, ""),
    ("POST /extensions/$extension/enable", None, ""),
    ("DELETE /extensions/$extension", None, ""),
    ("GET /status_pages?status_page_type=public", None, "page=status_pages.0"),
    ("GET /status_pages/$page/statuses", None, "status=statuses.0"),
    ("GET /status_pages/$page/severities", None, "severity=severities.0"),
    ("GET /status_pages/$page/services", None, ""),
    (
        "POST /status_pages/$page/posts",
        {"post": {**POST, "status_page": PAGE, "updates": [UPDATE]}},
        "post=post",
    ),
    ("PUT /status_pages/$page/posts/$post", {"post": {**POST, "status_page": PAGE}}, ""),
    ("GET /status_pages/$page/posts?status[]=$status", None, ""),
    ("GET /status_pages/$page/posts/$post", None, ""),
    ("POST /status_pages/$page/posts/$post/post_updates", {"post_update": UPDATE}, ""),
    ("GET /status_pages/$page/posts/$post/post_updates", None, ""),
    (
        "PUT /status_pages/$page/posts/$post/postmortem",
        {"postmortem": {**MORTEM, "message": "Why", "notify_subscribers": False}},
        "",
    ),
    ("GET /status_pages/$page/posts/$post/postmortem", None, ""),
    ("DELETE /status_pages/$page/posts/$post/postmortem", None, ""),
    ("DELETE /status_pages/$page/posts/$post", None, ""),
    ("GET /status_dashboards", None, ""),
    ("POST /templates", {"template": TEMPLATE}, "template=template"),
    ("PUT /templates/$template", {"template": TEMPLATE}, ""),
    ("GET /templates", None, ""),
    ("GET /templates/$template", None, ""),
    (
        "POST /templates/$template/render",
        {"incident_id": "$incident", "status_update": {"message": "m"}},
        "",
    ),
    ("DELETE /templates/$template", None, ""),
    (
        "PUT /incidents/$incident/merge",
        {"source_incidents": [{"id": "$second", "type": "incident_reference"}]},
        "",
    ),
    ("POST /analytics/raw/incidents", RAW, ""),
    ("GET /analytics/raw/incidents/$incident", None, ""),
    *(
        (
            f"POST /analytics/metrics/incidents/{path}",
            {"aggregate_unit": "day", "time_zone": "Europe/Paris"},
            "",
        )
        for path in ("all", "services", "services/all", "teams", "teams/all")
    ),
    ("POST /analytics/metrics/incidents/escalation_policies", {}, ""),
    ("POST /analytics/metrics/incidents/escalation_policies/all", {}, ""),
    (
        "PUT /incidents/$incident",
        {"incident": {"type": "incident_reference", "status": "resolved"}},
        "",
    ),
    ("DELETE /services/$service", None, ""),
    ("DELETE /teams/$team/escalation_policies/$policy", None, ""),
    ("DELETE /escalation_policies/$policy", None, ""),
    ("DELETE /teams/$team/users/$user", None, ""),
    ("DELETE /teams/$team", None, ""),
    ("DELETE /users/$user/notification_rules/$rule", None, ""),
    ("DELETE /users/$user/contact_methods/$method", None, ""),
    ("DELETE /users/$user", None, ""),
]


def filled(value: Any, ids: Dict[str, str]) -> Any:
    if isinstance(value, str):
        return Template(value).substitute(ids)
    if isinstance(value, dict):
        return {name: filled(inner, ids) for name, inner in value.items()}
    return [filled(inner, ids) for inner in value] if isinstance(value, list) else value


def served() -> Dict[Any, str]:
    """Each handler with its operation."""
    rows = [
        (m, segments, handler)
        for r in _ROUTES
        for (m, _), t in r._table.items()
        for segments, handler in t
    ]
    return {handler: f"{method} /{'/'.join(segments)}" for method, segments, handler in rows}


def handler_of(method: str, path: str) -> Any:
    return next(
        found[0]
        for found in (routes.find(method, path) for routes in _ROUTES)
        if found is not None
    )


def test_every_operation_is_walked_and_fits_the_contract(api: Api) -> None:
    ids: Dict[str, str] = {"ada": api.id("users", "Ada Lovelace")}
    walked: Set[Any] = set()
    ids["alerted"] = api.account.trigger("Database", "By monitoring", details={"a": 1}).id
    key = next(i["key"] for i in api.account.catalog["integrations"].values())
    change = {"routing_key": key, "payload": {"summary": "Deployed", "source": "ci"}}
    assert api.send("POST", "/v2/change/enqueue", change, token="", sender=None).status_code == 202
    for operation, body, keep in WALK:
        method, _, target = filled(operation, ids).partition(" ")
        query: Dict[str, List[str]] = {}
        for name, value in re.findall(r"[?&]([^=]+)=([^&]+)", target):
            query.setdefault(name, []).append(value)
        path = target.partition("?")[0]
        answer = api.send(method, path, None if body is None else filled(body, ids), **query)
        assert answer.status_code < 300, f"{operation}: {answer.text}"
        walked.add(handler_of(method, path))
        if keep:
            name, _, place = keep.partition("=")
            found = answer.json()
            for part in place.split("."):
                found = found[int(part)] if part.isdigit() else found[part]
            ids[name] = found["id"]
    assert api.send("GET", "/users/me", token=f"Token token={USER_TOKEN}").status_code == 200
    walked.add(handler_of("GET", "/users/me"))
    assert (
        sorted(operation for handler, operation in served().items() if handler not in walked) == []
    )
    if openapi.available():
        wrong = openapi.check_journal(api.server.journal)
        assert wrong == [], "\n".join(wrong)


def test_every_path_with_an_unknown_id_is_a_404(api: Api) -> None:
    for operation in served().values():
        method, _, pattern = operation.partition(" ")
        if "{id}" not in pattern:
            continue
        path = re.sub(r"\{\w+\}", "PNOSUCH", pattern)
        answer = api.send(method, path, {} if method != "GET" else None)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, 2100), operation


def test_no_operation_is_open_without_a_key(api: Api) -> None:
    for operation in served().values():
        method, _, pattern = operation.partition(" ")
        answer = api.send(method, pattern, token="")
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, 2006), operation
