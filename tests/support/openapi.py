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
- openapi_corrections.py holds where the documents are known to be wrong.
"""

# flake8: noqa: W503

from __future__ import annotations

import json
import os
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Tuple

from openapi_corrections import EXTRA_PROPERTIES, INCLUDED, correct_mattermost, correct_pagerduty
from openapi_schema import Compiler, typed

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = ROOT.parent / "shared" / "contracts"


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


@lru_cache(maxsize=None)
def contract(name: str) -> Contract:
    """`pagerduty`, `events-v2`, `events-v1` or `mattermost`."""
    if name == "mattermost":
        document = _load(CONTRACTS / "mattermost" / "v4.openapi.yaml")
        correct_mattermost(document)
        return Contract(name, document)
    if name == "pagerduty":
        document = _load(CONTRACTS / "pagerduty" / "rest.openapi.json")
        correct_pagerduty(document)
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
