"""What StackStorm has registered of this pack: rules, sensors, aliases and actions, enabled or
not, and what the pack no longer ships.

    enabled_now(client, RULES)      # {"storms": False, ...}
    shipped_rules()                 # {"storms": True, ...}: as the pack's own files have them
    leftovers(client, RULES)        # rows whose file is gone: an install takes nothing away
    delete(client, RULES, row)

`client`: of StackStorm's API, as the user of the run. What its requests raise is raised.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Iterator, List, Set

from pagerduty_mattermost.core import yaml_text
from pagerduty_mattermost.core.errors import StoreUnreachable
from pagerduty_mattermost.gateways.stackstorm.overrides_file import PACK

RULES, SENSORS, ALIASES, ACTIONS = "rules", "sensors", "aliases", "actions"
KINDS = (RULES, SENSORS, ALIASES, ACTIONS)
"""As the overrides file names them."""
_MANAGERS = {RULES: "Rule", SENSORS: "Sensor", ALIASES: "ActionAlias", ACTIONS: "Action"}
"""By kind: what StackStorm's client calls them."""
_PAGE = 100
SHIPPED = Path(__file__).resolve().parents[5]


def rows(client: Any, kind: str) -> Iterator[Any]:
    """Each of the kind, of this pack alone."""
    manager = client.managers[_MANAGERS[kind]]
    names: Set[str] = set()
    while True:
        page = manager.get_all(pack=PACK, limit=_PAGE, offset=len(names))
        fresh = [row for row in page if row.name not in names]
        yield from fresh
        names.update(row.name for row in fresh)
        if len(page) < _PAGE or not fresh:
            return


def enabled_now(client: Any, kind: str) -> Dict[str, bool]:
    """Whether each is enabled on StackStorm, by name."""
    return {str(row.name): bool(row.enabled) for row in rows(client, kind)}


def leftovers(client: Any, kind: str) -> List[Any]:
    """Those that came with a file of the pack which is not there any more. What somebody made by
    hand in the pack's name came with none."""
    files = ((row, str(getattr(row, "metadata_file", None) or "")) for row in rows(client, kind))
    return [row for row, file in files if file and not (SHIPPED / file).exists()]


def delete(client: Any, kind: str, row: Any) -> None:
    """One of them; what is gone already is well."""
    client.managers[_MANAGERS[kind]].delete(row)


def disable_sensors(client: Any) -> None:
    """Both, until the pack is registered anew. Their container ends them within seconds."""
    for sensor in rows(client, SENSORS):
        if sensor.enabled:
            sensor.enabled = False
            client.managers[_MANAGERS[SENSORS]].update(sensor)


def shipped_rules() -> Dict[str, bool]:
    """By name, as the files of the pack have it. Of all other kinds everything is shipped
    enabled."""
    files = sorted((SHIPPED / RULES).glob("*.yaml"))
    rules = (yaml_text.loaded(one.read_text(encoding="utf-8")) for one in files)
    return {str(rule["name"]): bool(rule.get("enabled", True)) for rule in rules}


def register(client: Any, kind: str) -> None:
    """Have StackStorm's API read the pack's files of a kind anew, as `st2ctl reload` does. Raises
    StoreUnreachable."""
    try:
        client.managers["Pack"].register(packs=[PACK], types=[kind])
    except Exception as error:  # noqa: BLE001 - st2client raises whatever its HTTP library does
        raise StoreUnreachable(
            f"StackStorm's API did not register the pack's {kind} ({type(error).__name__}): run "
            f"`st2ctl reload --register-{kind}`"
        ) from None
