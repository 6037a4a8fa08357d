"""What the pack remembers, forgotten (`state.reset`): first what would go is shown with a token,
then exactly that is deleted."""

from __future__ import annotations

import hashlib
from typing import Any, Dict, Iterable, Sequence

from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.gateways.stackstorm import bulk_delete
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.operations import state_kinds


def reset(store: Store, kinds: Sequence[str], confirm: str) -> Dict[str, Any]:
    """The action's result. `confirm`: the token of a run without one; empty: nothing is deleted.
    Raises RejectedInput when other keys would go than the token stands for, and the store's
    errors."""
    wanted = state_kinds.chosen(kinds)
    names = sorted(
        row.name for row in store.rows() if state_kinds.kind_of(row.name).name in wanted
    )
    if not confirm:
        return _shown(names)
    if confirm != token(names):
        raise RejectedInput(
            "confirm does not fit what would be deleted now (something came or went, or other "
            "kinds were given): run it without confirm and check again"
        )
    bulk_delete.delete_all(store, names)
    # StackStorm does not tell what it did not delete.
    left = set(names) & {row.name for row in store.rows()}
    still = f" {len(left)} are still there: run it again." if left else ""
    return {
        "deleted": len(names) - len(left),
        "would_delete": state_kinds.counts(left),
        "confirm": token(left) if left else "",
        "message": f"Deleted {_counted(names)}.{still}",
    }


def token(names: Iterable[str]) -> str:
    """Confirms that exactly these keys are meant."""
    return hashlib.sha256("\n".join(sorted(names)).encode("utf-8")).hexdigest()[:8]


def _shown(names: Sequence[str]) -> Dict[str, Any]:
    confirm = token(names)
    return {
        "deleted": 0,
        "would_delete": state_kinds.counts(names),
        "confirm": confirm,
        "message": (
            f"Would delete {_counted(names)}. Nothing is deleted yet: repeat it with "
            f"confirm={confirm}."
        ),
    }


def _counted(names: Sequence[str]) -> str:
    if not names:
        return "nothing"
    counts = state_kinds.counts(names)
    kinds = ", ".join(f"{name} {number}" for name, number in counts.items())
    return f"{len(names)} {'value' if len(names) == 1 else 'values'} of the datastore ({kinds})"
