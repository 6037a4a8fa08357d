"""Holds requests and answers against the OpenAPI documents of PagerDuty and Mattermost
(../shared/contracts).

    assert check_journal(sandbox.journal) == []

checks every request that reached the sandbox and was not refused, and every answer that no fault
spoiled. Checks are compiled once into closures: a JSON Schema library takes seconds for one page
of 100 log entries with 15 alternatives.

How the documents are read:
- `nullable` is honoured, `discriminator` and examples are ignored, references are
  resolved when first met.
- `oneOf` is read as `anyOf`: alternatives overlap (every PagerDuty channel fits several).
- A request's body may only hold properties the document names: a misspelled one would be ignored
  in silence; and none that it calls read-only, but the id and type of a reference.
- `NULLABLE`, `INCLUDED`, `EXTRA_PROPERTIES` and `_correct_…` hold where the documents are known to
  be wrong.
"""

# flake8: noqa: W503

from __future__ import annotations

import json
import os
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Tuple

from openapi_schema import Compiler, typed

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = ROOT.parent / "shared" / "contracts"

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


def available() -> bool:
    """Whether the documents are there; they are not part of the repository."""
    return CONTRACTS.is_dir()


class Contract:
    """One OpenAPI document: `request` and `answer` return what is wrong, one line each."""

    def __init__(self, name: str, document: Dict[str, Any], prefix: str = "") -> None:
        self.name = name
        self._prefix = prefix
        self._compiler = Compiler(document, INCLUDED if name == "pagerduty" else ())
        self._operations: Dict[
            Tuple[str, int], List[Tuple[Tuple[str, ...], str, Dict[str, Any]]]
        ] = {}
        for template, methods in document["paths"].items():
            for method, operation in methods.items():
                if method not in ("get", "put", "post", "delete", "patch"):
                    continue
                segments = tuple((prefix + template).strip("/").split("/"))
                whole = {
                    **operation,
                    "parameters": [
                        *methods.get("parameters", ()),
                        *operation.get("parameters", ()),
                    ],
                }
                rows = self._operations.setdefault((method.upper(), len(segments)), [])
                rows.append((segments, prefix + template, whole))
                rows.sort(key=lambda row: [s.startswith("{") for s in row[0]])

    def operation(self, method: str, path: str) -> Optional[Tuple[str, Dict[str, Any]]]:
        """The template and the operation that serve the path."""
        given = tuple(path.split("?")[0].strip("/").split("/"))
        for segments, template, operation in self._operations.get((method, len(given)), ()):
            if all(s == g or s.startswith("{") for s, g in zip(segments, given)):
                return template, operation
        return None

    def resolved(self, schema: Dict[str, Any]) -> Dict[str, Any]:
        """The schema, or what it refers to."""
        return self._compiler.resolve(schema)

    def request(
        self,
        method: str,
        path: str,
        query: Iterable[Tuple[str, str]] = (),
        body: Any = None,
        headers: Optional[Dict[str, str]] = None,
    ) -> List[str]:
        found = self.operation(method, path)
        if found is None:
            return [f"{method} {path}: no such operation in the {self.name} document"]
        template, operation = found
        where = f"{method} {template}"
        errors = self._query(where, operation, list(query), headers)
        schema = _json_schema(self._compiler.resolve(operation.get("requestBody") or {}))
        if schema is not None and (
            body is not None or (operation.get("requestBody") or {}).get("required")
        ):
            extra = EXTRA_PROPERTIES.get((self.name, method, template), set())
            if isinstance(body, dict) and extra:
                body = {k: v for k, v in body.items() if k not in extra}
            self._compiler.compile(schema, strict=True)(body, where + " body", errors)
        return errors

    def _query(
        self,
        where: str,
        operation: Dict[str, Any],
        query: List[Tuple[str, str]],
        headers: Optional[Dict[str, str]],
    ) -> List[str]:
        errors: List[str] = []
        declared = [self._compiler.resolve(p) for p in operation["parameters"]]
        known = {p["name"]: p for p in declared if p["in"] == "query"}
        for name, value in query:
            if name not in known:
                errors.append(f"{where}: no query parameter {name!r}")
                continue
            schema = self._compiler.resolve(known[name].get("schema") or {})
            if schema.get("type") == "array":
                schema = self._compiler.resolve(schema.get("items") or {})
            self._compiler.compile(schema, strict=False)(
                typed(value, schema), f"{where} ?{name}", errors
            )
        given = {name for name, _ in query}
        errors += [
            f"{where}: query parameter {n!r} is missing"
            for n, p in known.items()
            if p.get("required") and n not in given
        ]
        if headers is not None:
            for parameter in declared:
                wanted = (
                    parameter["in"] == "header"
                    and parameter.get("required")
                    and parameter["name"] == "From"
                )
                if wanted and "from" not in headers:
                    errors.append(f"{where}: the From header is missing")
        return errors

    def answer(self, method: str, path: str, status: int, body: Any) -> List[str]:
        found = self.operation(method, path)
        if found is None:
            return (
                []
                if status == 404
                else [f"{method} {path}: no such operation in the {self.name} document"]
            )
        template, operation = found
        where = f"{method} {template} -> {status}"
        answers = operation["responses"]
        answer = answers.get(str(status)) or answers.get(f"{status // 100}XX")
        if answer is None:
            return [f"{where}: this status is not documented"] if status < 300 else []
        schema = _json_schema(self._compiler.resolve(answer))
        errors: List[str] = []
        if schema is not None:
            self._compiler.compile(schema, strict=False)(body, where, errors)
        return errors

    def schema(self, name: str, value: Any) -> List[str]:
        """A value against one of the document's named schemas."""
        errors: List[str] = []
        self._compiler.compile({"$ref": f"#/components/schemas/{name}"}, strict=False)(
            value, name, errors
        )
        return errors


def _json_schema(node: Dict[str, Any]) -> Optional[Dict[str, Any]]:
    for kind, content in (node.get("content") or {}).items():
        if kind.startswith("application/json"):
            return content.get("schema")
    return None


# The documents


def _load(path: Path) -> Any:
    if path.suffix == ".json":
        return json.loads(path.read_text(encoding="utf-8"))
    stat = path.stat()
    folder = Path(tempfile.gettempdir()) / f"pagerduty-pack-contracts-{os.getuid()}"
    kept = folder / f"{path.stem}-{stat.st_size}-{int(stat.st_mtime)}.json"
    if kept.is_file():
        return json.loads(kept.read_text(encoding="utf-8"))
    import yaml

    document = yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    folder.mkdir(mode=0o700, exist_ok=True)
    fresh = kept.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps(document, default=str), encoding="utf-8")
    fresh.replace(kept)
    return document


def _correct_pagerduty(document: Dict[str, Any]) -> None:
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


def _correct_mattermost(document: Dict[str, Any]) -> None:
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


@lru_cache(maxsize=None)
def contract(name: str) -> Contract:
    """`pagerduty`, `events-v2`, `events-v1` or `mattermost`."""
    if name == "mattermost":
        document = _load(CONTRACTS / "mattermost" / "v4.openapi.yaml")
        _correct_mattermost(document)
        return Contract(name, document)
    if name == "pagerduty":
        document = _load(CONTRACTS / "pagerduty" / "rest.openapi.json")
        _correct_pagerduty(document)
        return Contract(name, document)
    prefix = {"events-v2": "/v2", "events-v1": "/generic/2010-04-15"}[name]
    return Contract(name, _load(CONTRACTS / "pagerduty" / f"{name}.openapi.json"), prefix)


def _contract_for(server: str, path: str) -> Contract:
    if server == "pagerduty" and path.startswith("/v2/"):
        return contract("events-v2")
    if server == "pagerduty" and path.startswith("/generic/"):
        return contract("events-v1")
    return contract(server)


def check_entry(entry: Any) -> List[str]:
    """What is wrong with one entry of the sandbox's journal, one line each."""
    if entry.server == "mattermost" and not entry.path.startswith("/api/"):
        return []  # pages and hooks: the document is the API's
    if entry.server == "stackstorm":
        return []  # it has no contract here: tests/live holds the sandbox to a real one
    document, errors = _contract_for(entry.server, entry.path), []
    if not 400 <= entry.status < 500:
        errors += document.request(
            entry.method, entry.path, entry.query, entry.json(), entry.headers
        )
    if entry.fault in ("", "delay") and entry.status and entry.answer is not None:
        errors += document.answer(entry.method, entry.path, entry.status, entry.answer_json())
    return [f"#{entry.number} {error}" for error in errors]


def check_journal(journal: Any, since: int = 0) -> List[str]:
    """What is wrong with the journal's entries from that number on; refused requests (4xx) are not
    held to it."""
    return [error for entry in journal.entries[since:] for error in check_entry(entry)]
