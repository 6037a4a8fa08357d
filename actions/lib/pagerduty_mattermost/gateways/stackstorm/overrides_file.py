"""StackStorm's overrides files: what of a pack is enabled, over reloads and reinstalls.

    folder()                        # /opt/stackstorm/overrides; None without StackStorm
    read(folder, "pagerduty")       # {"rules": {"exceptions": {"storms": {"enabled": False}}}}
    write(folder, text)

StackStorm applies `_global.yaml` (defaults alone), then the pack's own file, to what a pack ships
whenever it registers it; whatever somebody enabled or disabled by hand is undone by that.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Dict, Optional

from pagerduty_mattermost.core import yaml_text
from pagerduty_mattermost.core.errors import RejectedInput

PACK = "pagerduty"
GLOBAL = "_global"


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
        found = yaml_text.loaded(path.read_text(encoding="utf-8"))
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
