"""Where the OpenAPI documents of PagerDuty and Mattermost are known to be wrong, and how they are
put right before anything is held against them (openapi.py)."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List

NULLABLE = {
    "Incident": "priority resolved_at resolve_reason alert_grouping conference_bridge",
    "Alert": "integration first_trigger_log_entry",
    "Service": "acknowledgement_timeout auto_resolve_timeout support_hours response_play "
    "last_incident_timestamp "
    "description alert_grouping alert_grouping_timeout alert_grouping_parameters",
    "Oncall": "schedule start end",
    "Integration": "vendor",
    "User": "job_title",
    "Team": "description",
    "ScheduleLayer": "end rendered_coverage_percentage",
    "Extension": "endpoint_url",
    "AutoPauseNotificationsParameters": "timeout",
    "AnalyticsRawIncident": "resolved_at resolved_by_user_id resolved_by_user_name "
    "seconds_to_engage "
    "seconds_to_first_ack seconds_to_mobilize seconds_to_resolve",
    "SubSchedule": "rendered_coverage_percentage",
}
"""PagerDuty: null in real answers, though the document does not say so: its own
examples hold them."""

INCLUDED = (
    *(
        "Service",
        "Incident",
        "Team",
        "EscalationPolicy",
        "User",
        "Schedule",
        "Integration",
        "Vendor",
    ),
    *("ContactMethod", "NotificationRule", "Extension", "ExtensionSchema"),
)
"""PagerDuty: an answer holds the whole thing where the document says reference, when `include[]`
asked for it."""

EXTRA_PROPERTIES = {
    ("mattermost", "POST", "/api/v4/posts"): {"pending_post_id"},
    ("mattermost", "POST", "/api/v4/commands"): {
        *(
            "auto_complete",
            "auto_complete_hint",
            "auto_complete_desc",
            "display_name",
            "description",
        ),
        *("username", "icon_url"),
    },
    ("mattermost", "PUT", "/api/v4/commands/{command_id}"): {"plugin_id"},
    ("mattermost", "POST", "/api/v4/actions/dialogs/submit"): {"user_id"},
    ("mattermost", "POST", "/api/v4/commands/execute"): {"team_id"},
}
"""Request properties the server takes and the document leaves out (Mattermost 11.6)."""


def correct_pagerduty(document: Dict[str, Any]) -> None:
    """PagerDuty's document corrected where it is known to be wrong."""
    schemas = document["components"]["schemas"]
    for name, fields in NULLABLE.items():
        for part in (schemas[name], *schemas[name].get("allOf", ())):
            for field in fields.split():
                if field in part.get("properties", {}):
                    part["properties"][field] = {
                        "anyOf": [{"enum": [None]}, part["properties"][field]]
                    }
    # body.details is typed object; the API takes, and the document's own example gives, a string.
    schemas["IncidentBody"]["properties"] = {"type": {"type": "string"}, "details": {}}
    # The days of support hours are called read-only, and the examples of requests set them.
    schemas["SupportHours"]["properties"]["days_of_week"].pop("readOnly", None)
    # A custom field's value is drawn inside an object of its own; the examples give it plain.
    schemas["CustomFieldsFieldValue"]["properties"]["value"] = {}
    schemas["CustomFieldsEditableFieldValue"] = {"type": "object", "required": ["value"]}
    # Each target of a responder request sits in a wrapper, in the examples as in reality.
    target = schemas.pop("ResponderRequestTargetReference")
    schemas["ResponderRequestTargetReference"] = {
        "type": "object",
        "properties": {"responder_request_target": target},
    }
    # The type has another name here than in LogEntry and in the log itself.
    schemas["AcknowledgeLogEntry"]["allOf"][1]["properties"] = {
        "acknowledgement_timeout": {"type": "integer", "nullable": True},
        "type": {"type": "string", "enum": ["acknowledge_log_entry"]},
    }
    # Entry types that occur and are missing from every list of alternatives: they fit LogEntry in
    # all but the type.
    known: List[str] = schemas["LogEntry"]["allOf"][1]["properties"]["type"]["enum"]
    schemas["LogEntry"]["allOf"][1]["properties"]["type"] = {"type": "string"}
    schemas["OtherLogEntry"] = {
        "allOf": [
            {"$ref": "#/components/schemas/LogEntry"},
            {"type": "object", "properties": {"type": {"type": "string", "not": {"enum": known}}}},
        ]
    }
    listed = [n for n in schemas if n.endswith("LogEntry") and n != "LogEntry"]
    every = [{"$ref": f"#/components/schemas/{n}"} for n in listed]
    for template in ("/log_entries", "/log_entries/{id}", "/incidents/{id}/log_entries"):
        for part in _walk(document["paths"][template]["get"]["responses"]):
            if any(str(a.get("$ref", "")).endswith("LogEntry") for a in part.get("oneOf", ())):
                part["oneOf"] = every
    # An update of alerts names each by id and type, as in the document's own examples.
    schemas["AlertUpdate"]["properties"].update(
        {name: {"type": "string"} for name in ("id", "type")}
    )
    # One of the four kinds of contact methods is missing where a single one is answered.
    for template in (
        "/users/{id}/contact_methods",
        "/users/{id}/contact_methods/{contact_method_id}",
    ):
        for method in ("get", "post", "put"):
            for part in _walk(document["paths"][template].get(method, {}).get("responses")):
                if {"$ref": "#/components/schemas/EmailContactMethod"} in part.get("oneOf", ()):
                    part["oneOf"] = [
                        *part["oneOf"],
                        {"$ref": "#/components/schemas/WhatsAppContactMethod"},
                    ]
    # A mean of nothing is null.
    paths = [
        node
        for template, node in document["paths"].items()
        if template.startswith("/analytics/metrics/")
    ]
    for node in (
        *paths,
        *(node for name, node in schemas.items() if name.startswith("Analytics")),
    ):
        for part in _walk(node):
            for field, schema in part.items():
                if field.startswith(
                    ("mean_seconds", "p50_", "p75_", "p90_", "p95_")
                ) and isinstance(schema, dict):
                    schema["nullable"] = True
    # A vendor is one thing, not a list of them.
    vendor = document["paths"]["/vendors/{id}"]["get"]["responses"]["200"]["content"][
        "application/json"
    ]["schema"]
    vendor["properties"]["vendor"] = {"$ref": "#/components/schemas/Vendor"}
    schemas["LogEntryReference"] = {"$ref": "#/components/schemas/Reference"}


def correct_mattermost(document: Dict[str, Any]) -> None:
    """Mattermost's document corrected where its own server, which was measured or read, says
    otherwise."""
    paths = document["paths"]
    patch = paths["/api/v4/posts/{post_id}/patch"]["put"]["requestBody"]["content"][
        "application/json"
    ]["schema"]
    patch["properties"]["props"] = {"type": "object"}
    document["components"]["schemas"]["Timezone"]["properties"]["useAutomaticTimezone"] = {
        "type": "string"
    }
    reaction = paths["/api/v4/reactions"]["post"]["responses"]
    reaction["200"] = reaction.pop("201")
    tokens = paths["/api/v4/users/{user_id}/tokens"]["post"]["responses"]
    tokens["200"] = tokens.pop("201")
    # Null where there is none, since some version before 11.6.
    listed = paths["/api/v4/posts/{post_id}/reactions"]["get"]["responses"]["200"]
    listed["content"]["application/json"]["schema"]["nullable"] = True
    # One user or, in newer versions, several, of whom a list is answered.
    members = paths["/api/v4/channels/{channel_id}/members"]["post"]
    member = members["requestBody"]["content"]["application/json"]["schema"]
    member["required"] = []
    member["properties"]["user_ids"] = {"type": "array", "items": {"type": "string"}}
    added = members["responses"]["201"]["content"]["application/json"]
    added["schema"] = {"oneOf": [added["schema"], {"type": "array", "items": added["schema"]}]}
    paths["/api/v4/files/{file_id}"]["get"]["responses"]["200"] = {
        "description": "The file's bytes"
    }
    # It tells the incoming webhook's body where the outgoing one's is meant.
    hook = paths["/api/v4/hooks/outgoing/{hook_id}"]["put"]["requestBody"]["content"][
        "application/json"
    ]
    hook["schema"] = {"$ref": "#/components/schemas/OutgoingWebhook"}
    _correct_groups(document)
    # Newer than the document (api4/integration_action.go): a dialog's field asks for its choices.
    choice = {"type": "object", "required": ["text", "value"]}
    choices = {"type": "array", "items": choice, "nullable": True}
    asked = {"type": "object", "required": ["url", "channel_id", "team_id", "submission"]}
    found = {"type": "object", "properties": {"items": choices}}
    paths["/api/v4/actions/dialogs/lookup"] = {"post": _operation(found, asked)}
    # The tag `roles` is there, its operations are not.
    texts = {"type": "array", "items": {"type": "string"}}
    role = {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string"}, "permissions": texts},
    }
    paths["/api/v4/roles/names"] = {"post": _operation({"type": "array", "items": role}, texts)}
    paths["/api/v4/roles/name/{role_name}"] = {"get": _operation(role)}


def _correct_groups(document: Dict[str, Any]) -> None:
    """As the server's source has them (api4/group.go, model/group.go): groups are listed without a
    team or channel and by `group_source`, made with their users beside their names, and who is
    added or removed comes back."""
    paths = document["paths"]
    listing = paths["/api/v4/groups"]["get"]["parameters"]
    for parameter in listing:
        parameter["required"] = False
    listing.append({"name": "group_source", "in": "query", "schema": {"type": "string"}})
    create = paths["/api/v4/groups"]["post"]["requestBody"]["content"]["application/json"]
    group = create["schema"]["properties"]["group"]
    users = create["schema"]["properties"]["user_ids"]
    create["schema"] = {**group, "properties": {**group["properties"], "user_ids": users}}
    document["components"]["schemas"]["Group"]["properties"]["remote_id"]["nullable"] = True
    member = {"type": "object", "required": ["group_id", "user_id"]}
    for method in ("post", "delete"):
        answers = paths["/api/v4/groups/{group_id}/members"][method]["responses"]
        answers["200"] = _operation({"type": "array", "items": member})["responses"]["200"]


def _operation(answer: Any, body: Any = None) -> Dict[str, Any]:
    made: Dict[str, Any] = {
        "responses": {"200": {"content": {"application/json": {"schema": answer}}}}
    }
    if body is not None:
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return made


def _walk(node: Any) -> Iterable[Dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for inner in node.values():
            yield from _walk(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _walk(inner)
