"""What PagerDuty's contract requires in a body ours requires too, and our words are its words."""

from __future__ import annotations

import json
from typing import Any, Dict, Iterator, Mapping

import pytest
from pack_files import ROOT

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
