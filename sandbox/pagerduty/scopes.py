"""Which scope an OAuth app needs for which request, as PagerDuty's OpenAPI says
(`x-pd-requires-scope`; a test holds the two against each other where the contract is at hand).

    needed("GET", "/incidents/PT4KHLK/notes")    # -> "incidents.read"

Of shift-based schedules (`/v3/schedules`) the contract names none: taken for those of schedules.
"""

from __future__ import annotations

from typing import Dict, Tuple

from ..service import Routes

_TABLE = """
abilities.read GET /abilities /abilities/{}
analytics.read GET /analytics/raw/incidents/{}
analytics.write POST /analytics/metrics/incidents/all
    /analytics/metrics/incidents/escalation_policies
    /analytics/metrics/incidents/escalation_policies/all /analytics/metrics/incidents/services
    /analytics/metrics/incidents/services/all /analytics/metrics/incidents/teams
    /analytics/metrics/incidents/teams/all /analytics/raw/incidents
audit_records.read GET /v3/schedules/{}/audit/records
change_events.read GET /change_events /change_events/{}
escalation_policies.read GET /escalation_policies /escalation_policies/{}
escalation_policies.write POST /escalation_policies
escalation_policies.write PUT /escalation_policies/{}
escalation_policies.write DELETE /escalation_policies/{}
extension_schemas.read GET /extension_schemas /extension_schemas/{}
extensions.read GET /extensions /extensions/{}
extensions.write POST /extensions /extensions/{}/enable
extensions.write PUT /extensions/{}
extensions.write DELETE /extensions/{}
incident_types.read GET /incidents/types
incident_types.write POST /incidents/types
incident_workflows.read GET /incident_workflows /incident_workflows/triggers
    /incident_workflows/triggers/{} /incident_workflows/{}
incident_workflows.write POST /incident_workflows /incident_workflows/triggers
incident_workflows.write PUT /incident_workflows/{}
incident_workflows.write DELETE /incident_workflows/triggers/{} /incident_workflows/{}
incident_workflows:instances.write POST /incident_workflows/{}/instances
incidents.read GET /incidents /incidents/{} /incidents/{}/alerts /incidents/{}/alerts/{}
    /incidents/{}/business_services/impacts /incidents/{}/custom_fields/values
    /incidents/{}/log_entries /incidents/{}/notes /incidents/{}/outlier_incident
    /incidents/{}/past_incidents /incidents/{}/related_change_events
    /incidents/{}/related_incidents /log_entries /log_entries/{}
incidents.write POST /incidents /incidents/{}/notes /incidents/{}/responder_requests
    /incidents/{}/snooze /incidents/{}/status_updates
incidents.write PUT /incidents /incidents/{} /incidents/{}/alerts /incidents/{}/alerts/{}
    /incidents/{}/business_services/{}/impacts /incidents/{}/custom_fields/values
    /incidents/{}/merge /incidents/{}/notes/{} /incidents/{}/responder_requests/cancel
    /log_entries/{}/channel
incidents.write DELETE /incidents/{}/notes/{}
oncalls.read GET /oncalls
priorities.read GET /priorities
schedules.read GET /schedules /schedules/{} /schedules/{}/overrides /v3/schedules
    /v3/schedules/{} /v3/schedules/{}/custom_shifts /v3/schedules/{}/custom_shifts/{}
    /v3/schedules/{}/overrides /v3/schedules/{}/overrides/{} /v3/schedules/{}/rotations
    /v3/schedules/{}/rotations/{} /v3/schedules/{}/rotations/{}/events
    /v3/schedules/{}/rotations/{}/events/{}
schedules.write POST /schedules /schedules/preview /schedules/{}/overrides /v3/schedules
    /v3/schedules/{}/custom_shifts /v3/schedules/{}/overrides /v3/schedules/{}/rotations
    /v3/schedules/{}/rotations/{}/events
schedules.write PUT /schedules/{} /v3/schedules/{} /v3/schedules/{}/custom_shifts/{}
    /v3/schedules/{}/overrides/{} /v3/schedules/{}/rotations/{}/events/{}
schedules.write DELETE /schedules/{} /schedules/{}/overrides/{} /v3/schedules/{}
    /v3/schedules/{}/custom_shifts/{} /v3/schedules/{}/overrides/{} /v3/schedules/{}/rotations/{}
    /v3/schedules/{}/rotations/{}/events/{}
services.read GET /business_services /business_services/{} /maintenance_windows
    /maintenance_windows/{} /services /services/{} /services/{}/change_events
    /services/{}/integrations/{}
services.write POST /business_services /maintenance_windows /services /services/{}/integrations
services.write PUT /business_services/{} /maintenance_windows/{} /services/{}
    /services/{}/integrations/{}
services.write DELETE /business_services/{} /maintenance_windows/{} /services/{}
status_dashboards.read GET /status_dashboards
status_pages.read GET /status_pages /status_pages/{}/posts /status_pages/{}/posts/{}
    /status_pages/{}/posts/{}/post_updates /status_pages/{}/posts/{}/postmortem
    /status_pages/{}/services /status_pages/{}/severities /status_pages/{}/statuses
status_pages.write POST /status_pages/{}/posts /status_pages/{}/posts/{}/post_updates
status_pages.write PUT /status_pages/{}/posts/{} /status_pages/{}/posts/{}/postmortem
status_pages.write DELETE /status_pages/{}/posts/{} /status_pages/{}/posts/{}/postmortem
subscribers.read GET /incidents/{}/status_updates/subscribers
subscribers.write POST /incidents/{}/status_updates/subscribers
    /incidents/{}/status_updates/unsubscribe
tags.read GET /escalation_policies/{}/tags /tags /tags/{} /tags/{}/{} /teams/{}/tags
    /users/{}/tags
tags.write POST /escalation_policies/{}/change_tags /tags /teams/{}/change_tags
    /users/{}/change_tags
tags.write DELETE /tags/{}
teams.read GET /teams /teams/{} /teams/{}/members
teams.write POST /teams
teams.write PUT /teams/{} /teams/{}/escalation_policies/{} /teams/{}/users/{}
teams.write DELETE /teams/{} /teams/{}/escalation_policies/{} /teams/{}/users/{}
templates.read GET /templates /templates/{}
templates.read POST /templates/{}/render
templates.write POST /templates
templates.write PUT /templates/{}
templates.write DELETE /templates/{}
users.read GET /schedules/{}/users /users /users/{}
users.write POST /users
users.write PUT /users/{}
users.write DELETE /users/{}
users:contact_methods.read GET /users/{}/contact_methods /users/{}/contact_methods/{}
    /users/{}/notification_rules /users/{}/notification_rules/{}
users:contact_methods.write POST /users/{}/contact_methods /users/{}/notification_rules
users:contact_methods.write PUT /users/{}/contact_methods/{} /users/{}/notification_rules/{}
users:contact_methods.write DELETE /users/{}/contact_methods/{} /users/{}/notification_rules/{}
users:notifications.read GET /notifications
vendors.read GET /vendors /vendors/{}
webhook_subscriptions.read GET /webhook_subscriptions /webhook_subscriptions/{}
webhook_subscriptions.write POST /webhook_subscriptions /webhook_subscriptions/{}/enable
    /webhook_subscriptions/{}/ping
webhook_subscriptions.write PUT /webhook_subscriptions/{}
webhook_subscriptions.write DELETE /webhook_subscriptions/{}
"""
"""A scope, a method and its paths; indented lines go on."""


def _read() -> Dict[Tuple[str, str], str]:
    found: Dict[Tuple[str, str], str] = {}
    scope = method = ""
    for line in _TABLE.strip().split("\n"):
        words = line.split()
        if not line.startswith(" "):
            scope, method = words[:2]
            words = words[2:]
        found.update({(method, path): scope for path in words})
    return found


SCOPES = _read()
"""By method and path, whose names are `{}`."""


def needed(method: str, path: str) -> str:
    """Empty where none is known to be needed."""
    found = _ROUTES.find(method, path)
    return str(found[0]) if found else ""


def _routes() -> Routes:
    routes = Routes()
    for (method, path), scope in SCOPES.items():
        routes.add(method, path)(scope)  # type: ignore[type-var]
    return routes


_ROUTES = _routes()
