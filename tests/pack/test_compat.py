"""The 65 actions of the Exchange pack: names, parameters and result shapes, read from
../shared/compat."""

# flake8: noqa: E203

from __future__ import annotations

import json
from typing import Any, Dict

import pytest
from pack_files import ROOT, actions

COMPAT = ROOT.parent / "shared" / "compat" / "exchange_pack.json"
OLD: Dict[str, Any] = (
    json.loads(COMPAT.read_text(encoding="utf-8"))["actions"] if COMPAT.is_file() else {}
)
OURS = actions()
OPTIONAL_NOW = ("from_email", "service_key")
"""Where the configuration has a default."""

pytestmark = pytest.mark.skipif(not OLD, reason="../shared/compat is not here")
each = pytest.mark.parametrize("ref", sorted(OLD))


def words(ref: str) -> Dict[str, Any]:
    """The action's immutable parameters."""
    return {n: p["default"] for n, p in OURS[ref]["parameters"].items() if p.get("immutable")}


def test_all_are_there_and_enabled() -> None:
    assert len(OLD) == 65
    assert [ref for ref in OLD if not OURS.get(ref, {}).get("enabled")] == []


@each
def test_parameters_are_those_of_the_exchange_pack(ref: str) -> None:
    ours = OURS[ref]["parameters"]
    for name, old in OLD[ref].items():
        new = ours[name]
        assert not new.get("immutable"), name
        assert new["type"] == (old["type"] or "array"), name
        if name in OPTIONAL_NOW:
            assert not new.get("required")
            assert "default" not in new
            continue
        assert bool(new.get("required")) == bool(old.get("required")), name
        assert new.get("default") == old.get("default"), name
        if "enum" in old and "enum" in new:
            assert set(old["enum"]) <= set(new["enum"]), name
    added = {
        name for name, spec in ours.items() if name not in OLD[ref] and not spec.get("immutable")
    }
    assert not [name for name in added if ours[name].get("required")]


@each
def test_the_result_has_the_shape_of_the_exchange_packs(ref: str) -> None:
    name = ref[len("pagerduty.") :]
    if name == "incident.create.events_v1":
        return  # PagerDuty's own answer: tests/action_bases/test_exchange_events_v1.py
    found = words(ref)
    result, verb = (
        found.get("result", "unwrapped"),
        name.split(".")[-2 if name.endswith(".simple") else -1],
    )
    if verb == "delete":
        assert result == "deleted"
    elif "wrapper" not in found:
        assert result == "success"
    elif verb in ("acknowledge", "resolve", "reassign"):
        assert (result, found["wrapper"]) == ("wrapped", "incident")
    elif verb in ("create_contact_method", "create_notification_rule"):
        assert (result, found["wrapper"]) == ("wrapped", verb[len("create_") :])
    elif verb == "get_on_call":
        assert (result, found["wrapper"]) == ("wrapped", "users")
    else:
        assert result == "unwrapped"
        assert found["wrapper"].endswith("s") == verb.startswith("find")


@each
def test_a_paged_list_keeps_its_default_of_25(ref: str) -> None:
    name, found = ref.split(".")[-1], words(ref)
    if name == "find":
        assert found["paging"]
        assert OURS[ref]["parameters"]["maximum"]["default"] == 25
