"""StackStorm's overrides files, and what is enabled on it: what lasts over reloads and
reinstalls, and what does not.

    folder()                        # /opt/stackstorm/overrides; None without StackStorm
    read(folder, "pagerduty")       # {"rules": {"exceptions": {"storms": {"enabled": False}}}}
    enabled_now(client, RULES)      # {"storms": False, ...}
    shipped_rules()                 # {"storms": True, ...}: as the pack's own files have them

StackStorm applies `_global.yaml` (defaults alone), then the pack's own file, to what a pack ships
whenever it registers it; whatever somebody enabled or disabled by hand is undone by that.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Dict, Optional

from pagerduty_mattermost.core.errors import RejectedInput, StoreUnreachable

PACK = "pagerduty"
GLOBAL = "_global"
RULES, SENSORS, ALIASES, ACTIONS = "rules", "sensors", "aliases", "actions"
KINDS = (RULES, SENSORS, ALIASES, ACTIONS)
"""As the overrides file names them."""
_MANAGERS = {RULES: "Rule", SENSORS: "Sensor", ALIASES: "ActionAlias", ACTIONS: "Action"}
"""By kind: what StackStorm's client calls them."""
_PAGE = 100
_SHIPPED = Path(__file__).resolve().parents[5]


def folder() -> Optional[Path]:
    """Where StackStorm's overrides files lie, as this process of StackStorm's has it; None in the
    embedded default, which has none."""
    try:
        from oslo_config import cfg

        return Path(str(cfg.CONF.system.base_path)) / "overrides"
    except Exception:  # noqa: BLE001 - no StackStorm, or one whose settings were not read
        return None


def read(folder: Path, name: str) -> Dict[str, Any]:
    """The file of that name as a mapping; empty where there is none. Raises RejectedInput for one
    that holds something else: StackStorm registers nothing of the pack then."""
    import yaml

    path = folder / f"{name}.yaml"
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise RejectedInput(f"{path} can't be read: {type(error).__name__}") from None
    if not isinstance(found, dict):
        raise RejectedInput(
            f"{path} holds no mapping, and StackStorm registers nothing of the pack while that "
            "is so: delete it, or write rules: {exceptions: {}}"
        )
    return found


def write(folder: Path, text: str) -> str:
    """Put the pack's own file in place, whole or not at all; what stood there before is kept
    beside it, with `.before` behind its name. The result is its path. Raises RejectedInput where
    this user may not."""
    path = folder / f"{PACK}.yaml"
    draft = folder / f".{PACK}.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.exists():
            (folder / f"{PACK}.yaml.before").write_bytes(path.read_bytes())
        draft.write_text(text, encoding="utf-8")
        draft.chmod(0o644)
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise RejectedInput(
            f"{path} can't be written by the user that runs actions ({error.strerror}): write it "
            "by hand, without write=true its text is shown"
        ) from None
    return str(path)


def enabled_now(client: Any, kind: str) -> Dict[str, bool]:
    """By name: whether it is enabled on StackStorm. `client`: of its API; what its requests raise
    is raised."""
    manager = client.managers[_MANAGERS[kind]]
    found: Dict[str, bool] = {}
    while True:
        rows = manager.get_all(pack=PACK, limit=_PAGE, offset=len(found))
        fresh = {str(row.name): bool(row.enabled) for row in rows if row.name not in found}
        found.update(fresh)
        if len(rows) < _PAGE or not fresh:
            return found


def disable_sensors(client: Any) -> None:
    """Both, until the pack is registered anew. Their container ends them within seconds. What the
    client's requests raise is raised."""
    manager = client.managers[_MANAGERS[SENSORS]]
    for sensor in manager.get_all(pack=PACK, limit=_PAGE, offset=0):
        if sensor.enabled:
            sensor.enabled = False
            manager.update(sensor)


def shipped_rules() -> Dict[str, bool]:
    """By name, as the files of the pack have it. Of all other kinds everything is shipped
    enabled."""
    import yaml

    files = sorted((_SHIPPED / RULES).glob("*.yaml"))
    rules = (yaml.safe_load(one.read_text(encoding="utf-8")) for one in files)
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
