"""Holds requests and answers against the OpenAPI documents of PagerDuty and Mattermost (../shared/contracts).

    assert check_journal(sandbox.journal) == []

checks every request that reached the sandbox and was not refused, and every answer that no fault spoiled. Checks are
compiled once into closures: a JSON Schema library takes seconds for one page of 100 log entries with 15 alternatives.

How the documents are read:
- `nullable` is honoured, `discriminator`, `readOnly` and examples are ignored, references are resolved when first met.
- `oneOf` is read as `anyOf`: alternatives overlap (every PagerDuty channel fits several).
- A request's body may only hold properties the document names: a misspelled one would be ignored in silence.
- `NULLABLE`, `INCLUDED`, `EXTRA_PROPERTIES` and `_correct_…` hold where the documents are known to be wrong.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Tuple

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = ROOT.parent / "shared" / "contracts"

Check = Callable[[Any, str, List[str]], None]

NULLABLE = {
    "Incident": "priority resolved_at resolve_reason alert_grouping conference_bridge",
    "Alert": "integration first_trigger_log_entry",
    "Service": "acknowledgement_timeout auto_resolve_timeout support_hours response_play last_incident_timestamp",
    "Oncall": "schedule start end",
    "Integration": "vendor",
    "User": "job_title",
    "Team": "description",
    "ScheduleLayer": "end",
}
"""PagerDuty: null in real answers, though the document does not say so (facts/pagerduty.md, the API's own examples)."""

INCLUDED = ("Service", "Incident", "Team", "EscalationPolicy", "User", "Schedule", "Integration")
"""PagerDuty: an answer holds the whole thing where the document says reference, when `include[]` asked for it."""

EXTRA_PROPERTIES = {("mattermost", "POST", "/api/v4/posts"): {"pending_post_id"}}
"""Request properties the server takes and the document leaves out (facts/mattermost.md)."""


def available() -> bool:
    """Whether the documents are there; they are not part of the repository."""
    return CONTRACTS.is_dir()


class Contract:
    """One OpenAPI document: `request` and `answer` return what is wrong, one line each."""

    def __init__(self, name: str, document: Dict[str, Any], prefix: str = "") -> None:
        self.name = name
        self.document = document
        self._prefix = prefix
        self._compiled: Dict[Tuple[str, bool], Check] = {}
        self._operations: Dict[Tuple[str, int], List[Tuple[Tuple[str, ...], str, Dict[str, Any]]]] = {}
        for template, methods in document["paths"].items():
            for method, operation in methods.items():
                if method not in ("get", "put", "post", "delete", "patch"):
                    continue
                segments = tuple((prefix + template).strip("/").split("/"))
                whole = {**operation, "parameters": [*methods.get("parameters", ()), *operation.get("parameters", ())]}
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
        schema = _json_schema(self._resolve(operation.get("requestBody") or {}))
        if schema is not None and (body is not None or (operation.get("requestBody") or {}).get("required")):
            extra = EXTRA_PROPERTIES.get((self.name, method, template), set())
            if isinstance(body, dict) and extra:
                body = {k: v for k, v in body.items() if k not in extra}
            self._compile(schema, strict=True)(body, where + " body", errors)
        return errors

    def _query(
        self, where: str, operation: Dict[str, Any], query: List[Tuple[str, str]], headers: Optional[Dict[str, str]]
    ) -> List[str]:
        errors: List[str] = []
        declared = [self._resolve(p) for p in operation["parameters"]]
        known = {p["name"]: p for p in declared if p["in"] == "query"}
        for name, value in query:
            if name not in known:
                errors.append(f"{where}: no query parameter {name!r}")
                continue
            schema = self._resolve(known[name].get("schema") or {})
            if schema.get("type") == "array":
                schema = self._resolve(schema.get("items") or {})
            self._compile(schema, strict=False)(_typed(value, schema), f"{where} ?{name}", errors)
        given = {name for name, _ in query}
        errors += [
            f"{where}: query parameter {n!r} is missing"
            for n, p in known.items()
            if p.get("required") and n not in given
        ]
        if headers is not None:
            for parameter in declared:
                wanted = parameter["in"] == "header" and parameter.get("required") and parameter["name"] == "From"
                if wanted and "from" not in headers:
                    errors.append(f"{where}: the From header is missing")
        return errors

    def answer(self, method: str, path: str, status: int, body: Any) -> List[str]:
        found = self.operation(method, path)
        if found is None:
            return [] if status == 404 else [f"{method} {path}: no such operation in the {self.name} document"]
        template, operation = found
        where = f"{method} {template} -> {status}"
        answers = operation["responses"]
        answer = answers.get(str(status)) or answers.get(f"{status // 100}XX")
        if answer is None:
            return [f"{where}: this status is not documented"] if status < 300 else []
        schema = _json_schema(self._resolve(answer))
        errors: List[str] = []
        if schema is not None:
            self._compile(schema, strict=False)(body, where, errors)
        return errors

    def schema(self, name: str, value: Any) -> List[str]:
        """A value against one of the document's named schemas."""
        errors: List[str] = []
        self._compile({"$ref": f"#/components/schemas/{name}"}, strict=False)(value, name, errors)
        return errors

    def _resolve(self, node: Dict[str, Any]) -> Dict[str, Any]:
        while "$ref" in node:
            node = self._pointer(node["$ref"])
        return node

    def _pointer(self, pointer: str) -> Any:
        node: Any = self.document
        for part in pointer.lstrip("#/").split("/"):
            part = part.replace("~1", "/").replace("~0", "~").replace("%7B", "{").replace("%7D", "}")
            node = node[int(part)] if isinstance(node, list) else node[part]
        return node

    # Compiling

    def _compile(self, schema: Dict[str, Any], strict: bool, inside_all_of: bool = False) -> Check:
        if "$ref" in schema:
            return self._reference(schema["$ref"], strict, inside_all_of)
        checks: List[Check] = []
        if "type" in schema:
            checks.append(_type_check(schema["type"]))
        if "enum" in schema:
            checks.append(_enum_check(schema["enum"]))
        if "not" in schema:
            checks.append(_not_check(self._compile(schema["not"], strict)))
        checks += [_limit_check(n, schema[n]) for n in _LIMITS if n in schema]
        if schema.get("format") == "date-time":
            checks.append(_date_time_check)
        if "properties" in schema or "required" in schema:
            checks.append(self._object(schema, strict))
        if isinstance(schema.get("additionalProperties"), dict):
            checks.append(
                _values_check(self._compile(schema["additionalProperties"], strict), schema.get("properties", ()))
            )
        if "items" in schema:
            checks.append(_items_check(self._compile(schema["items"], strict)))
        checks += [self._compile(part, strict, inside_all_of=True) for part in schema.get("allOf", ())]
        for word in ("anyOf", "oneOf"):
            if word in schema:
                checks.append(_any_check([self._compile(part, strict, True) for part in schema[word]]))
        if strict and not inside_all_of:
            names = self._names(schema)
            if names is not None:
                checks.append(_strict_check(names))
        return _all_check(checks, bool(schema.get("nullable")))

    def _reference(self, pointer: str, strict: bool, inside_all_of: bool) -> Check:
        key = (pointer + ("+" if inside_all_of else ""), strict)

        def check(value: Any, path: str, errors: List[str]) -> None:
            compiled = self._compiled.get(key)
            if compiled is None:
                schema = self._pointer(pointer)
                whole = None if strict else self._whole(pointer)
                if whole is not None:
                    schema = {"oneOf": [schema, {"$ref": whole}]}
                compiled = self._compiled[key] = self._compile(schema, strict, inside_all_of)
            compiled(value, path, errors)

        return check

    def _whole(self, pointer: str) -> Optional[str]:
        """Where a reference stands in an answer: the schema of the whole thing."""
        name = pointer.rpartition("/")[2]
        if self.name != "pagerduty" or not name.endswith("Reference"):
            return None
        kind = name[: -len("Reference")]
        return f"#/components/schemas/{kind}" if kind in INCLUDED else None

    def _object(self, schema: Dict[str, Any], strict: bool) -> Check:
        properties = {n: self._compile(s, strict) for n, s in (schema.get("properties") or {}).items()}
        required = [n for n in schema.get("required") or () if isinstance(n, str)]

        def check(value: Any, path: str, errors: List[str]) -> None:
            if not isinstance(value, dict):
                return
            for name in required:
                if name not in value:
                    errors.append(f"{path}.{name} is missing")
            for name, inner in value.items():
                known = properties.get(name)
                if known is not None:
                    known(inner, f"{path}.{name}", errors)

        return check

    def _names(self, schema: Dict[str, Any]) -> Optional[List[str]]:
        """All property names a schema knows; None when it is open or has alternatives."""
        schema = self._resolve(schema)
        if "anyOf" in schema or "oneOf" in schema or schema.get("additionalProperties"):
            return None
        names = list(schema.get("properties") or ())
        for part in schema.get("allOf", ()):
            inner = self._names(part)
            if inner is None:
                return None
            names += inner
        return names or None


_LIMITS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems")
_TYPES: Dict[str, Callable[[Any], bool]] = {
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "array": lambda v: isinstance(v, list),
    "object": lambda v: isinstance(v, dict),
}
_DATE_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")


def _type_check(kind: str) -> Check:
    fits = _TYPES[kind]

    def check(value: Any, path: str, errors: List[str]) -> None:
        if not fits(value):
            errors.append(f"{path} is {_short(value)}, not of type {kind}")

    return check


def _enum_check(values: Sequence[Any]) -> Check:
    def check(value: Any, path: str, errors: List[str]) -> None:
        if value not in values:
            errors.append(f"{path} is {_short(value)}, not one of {', '.join(map(str, values))}")

    return check


def _limit_check(name: str, limit: float) -> Check:
    low, counted = name.startswith("min"), not name.endswith("imum")

    def check(value: Any, path: str, errors: List[str]) -> None:
        if counted and not isinstance(value, (str, list)) or not counted and not isinstance(value, (int, float)):
            return
        size = len(value) if counted else value
        if size < limit if low else size > limit:
            errors.append(f"{path} breaks {name} {limit}")

    return check


def _date_time_check(value: Any, path: str, errors: List[str]) -> None:
    if isinstance(value, str) and not _DATE_TIME.match(value):
        errors.append(f"{path} is {_short(value)}, no date-time")


def _items_check(inner: Check) -> Check:
    def check(value: Any, path: str, errors: List[str]) -> None:
        if isinstance(value, list):
            for number, item in enumerate(value):
                inner(item, f"{path}[{number}]", errors)

    return check


def _values_check(inner: Check, named: Iterable[str]) -> Check:
    def check(value: Any, path: str, errors: List[str]) -> None:
        if isinstance(value, dict):
            for name, item in value.items():
                if name not in named:
                    inner(item, f"{path}.{name}", errors)

    return check


def _not_check(inner: Check) -> Check:
    def check(value: Any, path: str, errors: List[str]) -> None:
        found: List[str] = []
        inner(value, path, found)
        if not found:
            errors.append(f"{path} is {_short(value)}, which has a schema of its own")

    return check


def _any_check(parts: List[Check]) -> Check:
    def check(value: Any, path: str, errors: List[str]) -> None:
        best: Optional[List[str]] = None
        for part in parts:
            found: List[str] = []
            part(value, path, found)
            if not found:
                return
            if best is None or _distance(found, path) < _distance(best, path):
                best = found
        errors.extend(best or ())

    return check


def _distance(errors: List[str], path: str) -> Tuple[bool, int]:
    """How far a value is from an alternative; one whose `type` is another's is farthest."""
    return any(e.startswith(path + ".type ") for e in errors), len(errors)


def _strict_check(names: List[str]) -> Check:
    known = set(names)

    def check(value: Any, path: str, errors: List[str]) -> None:
        if isinstance(value, dict):
            errors.extend(f"{path}.{name} is not in the document" for name in value if name not in known)

    return check


def _all_check(checks: List[Check], nullable: bool) -> Check:
    if len(checks) == 1 and not nullable:
        return checks[0]

    def check(value: Any, path: str, errors: List[str]) -> None:
        if value is None and nullable:
            return
        for part in checks:
            part(value, path, errors)

    return check


def _short(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _typed(text: str, schema: Dict[str, Any]) -> Any:
    """A query parameter's text as the type its schema names, when it can be read so."""
    kind = schema.get("type")
    if kind == "integer" and re.fullmatch(r"-?\d+", text):
        return int(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    return text


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
                    part["properties"][field] = {"anyOf": [{"enum": [None]}, part["properties"][field]]}
    # body.details is typed object; the API takes, and the document's own example gives, a string.
    schemas["IncidentBody"]["properties"] = {"type": {"type": "string"}, "details": {}}
    # A custom field's value is drawn inside an object of its own; the examples give it plain.
    schemas["CustomFieldsFieldValue"]["properties"]["value"] = {}
    schemas["CustomFieldsEditableFieldValue"] = {"type": "object", "required": ["value"]}
    # Each target of a responder request sits in a wrapper, in the examples as in reality.
    target = schemas.pop("ResponderRequestTargetReference")
    schemas["ResponderRequestTargetReference"] = {"type": "object", "properties": {"responder_request_target": target}}
    # The type has another name here than in LogEntry and in the log itself.
    schemas["AcknowledgeLogEntry"]["allOf"][1]["properties"] = {
        "acknowledgement_timeout": {"type": "integer", "nullable": True},
        "type": {"type": "string", "enum": ["acknowledge_log_entry"]},
    }
    # Entry types that occur and are missing from every list of alternatives: they fit LogEntry in all but the type.
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
    schemas["LogEntryReference"] = {"$ref": "#/components/schemas/Reference"}


def _correct_mattermost(document: Dict[str, Any]) -> None:
    """Mattermost's document corrected where its own server, which was measured or read, says otherwise."""
    paths = document["paths"]
    patch = paths["/api/v4/posts/{post_id}/patch"]["put"]["requestBody"]["content"]["application/json"]["schema"]
    patch["properties"]["props"] = {"type": "object"}
    document["components"]["schemas"]["Timezone"]["properties"]["useAutomaticTimezone"] = {"type": "string"}
    reaction = paths["/api/v4/reactions"]["post"]["responses"]
    reaction["200"] = reaction.pop("201")
    paths["/api/v4/files/{file_id}"]["get"]["responses"]["200"] = {"description": "The file's bytes"}


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
    document, errors = _contract_for(entry.server, entry.path), []
    if not 400 <= entry.status < 500:
        errors += document.request(entry.method, entry.path, entry.query, entry.json(), entry.headers)
    if entry.fault in ("", "delay") and entry.status and entry.answer is not None:
        errors += document.answer(entry.method, entry.path, entry.status, entry.answer_json())
    return [f"#{entry.number} {error}" for error in errors]


def check_journal(journal: Any, since: int = 0) -> List[str]:
    """What is wrong with the journal's entries from that number on; refused requests (4xx) are not held to it."""
    return [error for entry in journal.entries[since:] for error in check_entry(entry)]
