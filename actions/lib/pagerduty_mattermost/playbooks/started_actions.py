"""Actions of StackStorm that tasks of playbooks start (`run: action:<pack>.<name>`), and which of
them may be started: only those that the configuration lists in rooms.actions, or whoever writes a
playbook could run whatever StackStorm can. Pure.
"""

# flake8: noqa: E203

from __future__ import annotations

from typing import Any, Collection, Iterator, Tuple

from pagerduty_mattermost.playbooks.playbook import ACTION_PREFIX, Playbook


def action_of(run: str) -> str:
    """The action's reference in what a task carries out; empty where that is no action."""
    return run[len(ACTION_PREFIX) :] if run.startswith(ACTION_PREFIX) else ""


def why_not(allowed: Collection[str], ref: str) -> str:
    """Why an action may not be started, for people; empty where it may."""
    if ref in allowed:
        return ""
    return f"the action {ref} is not listed in rooms.actions of the configuration"


def unlisted(
    allowed: Collection[str], playbook: Playbook
) -> Iterator[Tuple[Tuple[Any, ...], str]]:
    """Where in the playbook one is named that may not be started, and why not."""
    for at, stage in enumerate(playbook.stages):
        for number, task in enumerate(stage.tasks):
            ref = action_of(task.run)
            why = why_not(allowed, ref) if ref else ""
            if why:
                yield ("stages", at, "tasks", number, "run"), why
