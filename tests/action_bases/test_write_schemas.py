"""What PagerDuty's contract requires in a body ours requires too, and our words are its words."""

from __future__ import annotations

import json
import re
from typing import Any, Dict, Iterator, Mapping

import pytest
from openapi import contract
from openapi_schema import IDENTIFYING
from pack_files import ROOT, files, load

from pagerduty_mattermost.action_bases import inputs

FOLDER = ROOT.parent / "shared" / "contracts" / "pagerduty" / "write_schemas"
OBJECTS = {
    f"{kind}.create": f"objects/{kind}.json"
    for kind in (
        "incident",
        "service",
        "escalation_policy",
        "schedule",
        "user",
        "team",
        "maintenance_window",
        "contact_method",
        "notification_rule",
    )
}

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="../shared/contracts is not here")


def _ours(name: str) -> Dict[str, Any]:
    found: Dict[str, Any] = inputs._resolved(inputs._file(name), inputs.FOLDER / "objects")
    return found


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any], path: str) -> Iterator[str]:
    known = ours.get("properties") or {}
    for name in theirs.get("required") or ():
        if known.get(name, {}).get("readOnly"):
            continue
        if name not in (ours.get("required") or ()) and "default" not in known.get(name, {}):
            yield f"{path}.{name} is required by PagerDuty, not by us"
    for name, inner in known.items():
        other = (theirs.get("properties") or {}).get(name)
        if not isinstance(other, dict) or inner.get("readOnly"):
            continue
        extra = set(inner.get("enum") or ()) - set(other.get("enum") or inner.get("enum") or ())
        if extra:
            yield f"{path}.{name}: {sorted(map(str, extra))} are none of PagerDuty's words"
        if "reference" not in inner:
            yield from differences(inner, other, f"{path}.{name}")
            if isinstance(inner.get("items"), dict) and isinstance(other.get("items"), dict):
                yield from differences(inner["items"], other["items"], f"{path}.{name}[]")


@pytest.mark.parametrize("name", sorted(OBJECTS))
def test_ours_ask_for_all_that_pagerduty_asks_for(name: str) -> None:
    theirs = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    assert list(differences(_ours(OBJECTS[name]), theirs, name)) == []


def _read_only(theirs: Mapping[str, Any], ours: Mapping[str, Any], path: str) -> Iterator[str]:
    """What PagerDuty's document calls read-only and an action would send. `ours`: resolved."""
    known = ours.get("properties") or {}
    for name, spec in openapi_properties(theirs).items():
        mine = known.get(name)
        if spec.get("readOnly") and name not in IDENTIFYING:
            refused = mine is None and ours.get("reference")
            if not refused and not (mine or {}).get("readOnly"):
                yield f"{path}.{name}"
        elif mine is not None and not mine.get("readOnly"):
            yield from _read_only(spec, mine, f"{path}.{name}")
            if isinstance(mine.get("items"), dict):
                yield from _read_only(
                    contract("pagerduty").resolved(spec.get("items") or {}),
                    mine["items"],
                    f"{path}.{name}[]",
                )


def openapi_properties(schema: Mapping[str, Any]) -> Dict[str, Any]:
    """The properties of a schema of PagerDuty's document and of all its parts."""
    document = contract("pagerduty")
    whole = document.resolved(dict(schema))
    found = {n: document.resolved(s) for n, s in (whole.get("properties") or {}).items()}
    for word in ("allOf", "oneOf", "anyOf"):
        for part in whole.get(word, ()):
            found.update(openapi_properties(part))
    return found


PUT_BACK = [
    (name, about)
    for name, about in ((path.stem, load(path)) for path in files("actions"))
    if ((about.get("parameters") or {}).get("unknown") or {}).get("default") == "warn"
]


@pytest.mark.parametrize(("name", "about"), PUT_BACK, ids=[name for name, _ in PUT_BACK])
def test_what_was_got_is_put_back_without_what_is_read_only(
    name: str, about: Dict[str, Any]
) -> None:
    words = {key: spec.get("default") for key, spec in about["parameters"].items()}
    method, path = words["endpoint"].split()
    found = contract("pagerduty").operation(method, re.sub(r"\{\w+\}", "PABC123", path))
    assert found is not None
    body = openapi_properties(found[1]["requestBody"]["content"]["application/json"]["schema"])
    ours = inputs.load(words["schema"])["properties"]
    sent = [
        line
        for wrapper, parameter in words["body"].items()
        if str(parameter).startswith("$")
        for line in _read_only(body[wrapper], ours[parameter[1:]], wrapper)
    ]
    assert sent == []
