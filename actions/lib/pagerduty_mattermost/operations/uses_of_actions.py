"""Rules and aliases of other packs, and those that people made, that use this pack's actions in a
way that this version refuses.

    wrong(client)       # ["the rule ops.page: pagerduty.incident.create has no parameter titel"]
"""

# flake8: noqa: E203

from __future__ import annotations

from functools import lru_cache
from typing import Any, Dict, Iterator, List, Mapping, Optional

from pagerduty_mattermost.core import yaml_text
from pagerduty_mattermost.gateways.stackstorm.registered import SHIPPED

RUNNERS = {"env", "timeout", "debug", "log_level", "content_version"}
"""Parameters of StackStorm's python runner, which every action takes."""
_PAGE = 100


def wrong(client: Any) -> List[str]:
    """A line for each. Raises what the client's requests raise."""
    lines = []
    for row in _every(client, "Rule"):
        action = row.action if isinstance(row.action, Mapping) else {}
        told = refused(str(action.get("ref") or ""), action.get("parameters") or {})
        lines += [f"the rule {row.ref}: {one}" for one in told]
    for row in _every(client, "ActionAlias"):
        told = refused(str(row.action_ref), None)
        lines += [f"the alias {row.ref}: {one}" for one in told]
    return lines


def refused(ref: str, given: Optional[Mapping[str, Any]]) -> List[str]:
    """Why this version refuses it. `given`: parameters; None where they are not known."""
    if not ref.startswith("pagerduty."):
        return []
    declared = _parameters(ref[len("pagerduty.") :])
    if declared is None:
        return [f"there is no action {ref}"]
    if given is None:
        return []
    unknown = sorted(set(given) - set(declared) - RUNNERS)
    missing = sorted(
        name
        for name, one in declared.items()
        if one.get("required") and one.get("default") is None and name not in given
    )
    return [f"{ref} has no parameter {name}" for name in unknown] + [
        f"{ref} needs the parameter {name}" for name in missing
    ]


@lru_cache(maxsize=None)
def _parameters(name: str) -> Optional[Dict[str, Any]]:
    """As the action's file declares them; None where there is no such action."""
    path = SHIPPED / "actions" / f"{name}.yaml"
    if not path.is_file():
        return None
    declared = yaml_text.loaded(path.read_text(encoding="utf-8")).get("parameters")
    return dict(declared or {})


def _every(client: Any, kind: str) -> Iterator[Any]:
    manager, seen = client.managers[kind], 0
    while True:
        page = manager.get_all(limit=_PAGE, offset=seen)
        yield from page
        seen += len(page)
        if len(page) < _PAGE:
            return
