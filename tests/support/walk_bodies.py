"""What is sent on the walk over every operation of the sandbox's PagerDuty (walk_rows.py);
`$name` stands for the id of what was made before."""

# flake8: noqa: E501

from __future__ import annotations

from sandbox_api import START

from sandbox.clock import iso

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
