"""What `include[]` may name, by path: PagerDuty's OpenAPI has a closed list for each, and refuses
other words."""

from __future__ import annotations

from typing import Tuple

from ..server import HttpRequest, Routes
from .model import invalid

_INCIDENT = (
    *("acknowledgers", "agents", "assignees", "conference_bridge", "escalation_policies"),
    *("first_trigger_log_entries", "priorities", "services", "teams", "users"),
)
_LOG = ("channels", "incidents", "services", "teams")
_POLICY = ("escalation_rule_assignment_strategies", "services", "targets", "teams")
_SERVICE = ("auto_pause_notifications_parameters", "escalation_policies", "integrations", "teams")
_USER = ("contact_methods", "notification_rules", "subdomains", "teams")
_WINDOW = ("services", "teams", "users")
_ALLOWED = {
    "/incidents": _INCIDENT,
    "/incidents/{id}": (*_INCIDENT, "custom_fields"),
    "/incidents/{id}/alerts": ("first_trigger_log_entries", "incidents", "services"),
    "/incidents/{id}/log_entries": _LOG,
    "/log_entries": _LOG,
    "/log_entries/{id}": _LOG,
    "/oncalls": ("escalation_policies", "schedules", "users"),
    "/schedules": ("final_schedule", "overrides_subschedule", "schedule_layers"),
    "/v3/schedules/{id}": ("final_schedule",),
    "/escalation_policies": _POLICY,
    "/escalation_policies/{id}": _POLICY,
    "/services": _SERVICE,
    "/services/{id}": _SERVICE,
    "/services/{id}/integrations/{integration_id}": ("services", "vendors"),
    "/users": _USER,
    "/users/me": (*_USER, "calendar_urls"),
    "/users/{id}": (*_USER, "calendar_urls"),
    "/users/{id}/notification_rules": ("contact_methods",),
    "/users/{id}/notification_rules/{rule_id}": ("contact_methods",),
    "/teams/{id}": ("privileges",),
    "/teams/{id}/members": ("users",),
    "/maintenance_windows": _WINDOW,
    "/maintenance_windows/{id}": _WINDOW,
    "/notifications": ("users",),
    "/extensions": ("extension_objects", "extension_schemas"),
    "/extensions/{id}": ("extension_objects", "extension_schemas", "temporarily_disabled"),
    "/incident_workflows": ("steps", "team"),
    "/status_pages/{id}/posts/{post_id}": ("status_page_post_update",),
}
_routes = Routes()
for _path, _words in _ALLOWED.items():
    _routes.add("GET", _path)(_words)  # type: ignore[type-var]


def check_includes(request: HttpRequest) -> None:
    """Raises 400 for a word that the path's list does not have. A path without a list takes no
    notice of `include[]`."""
    found = _routes.find(request.method, request.path)
    if found is None:
        return
    words: Tuple[str, ...] = found[0]
    for word in request.params("include[]"):
        if word not in words:
            raise invalid(f"include[] is invalid: {word}")
