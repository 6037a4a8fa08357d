"""A line of `health.check`: the playbooks that there are, and those that can't be used."""

# flake8: noqa: W503

from __future__ import annotations

from typing import TYPE_CHECKING, Tuple

from pagerduty_mattermost.playbooks.library import load

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def check(context: Context) -> Tuple[str, str]:
    """ok or warn, and a text with the first that is wrong in each. Raises the store's errors."""
    found = load(context)
    names = ", ".join(one.playbook.name for one in found.playbooks)
    if not found.broken:
        return "ok", names
    wrong = "; ".join(
        f"{one.place}: {one.problems[0]}"
        + (f" and {len(one.problems) - 1} more" if len(one.problems) > 1 else "")
        for one in found.broken
    )
    return "warn", f"not used: {wrong}; all others are ({names})"
