"""Actions of StackStorm that tasks of playbooks start (`run: action:<pack>.<name>`), phrases of
any pack's aliases (`run: alias:<phrase>`), and which of them may be started: only those that the
configuration lists in rooms.actions and rooms.aliases, or whoever writes a playbook could run
whatever StackStorm can. Pure.
"""

# flake8: noqa: E203

from __future__ import annotations

from typing import Any, Collection, Iterator, Tuple

from pagerduty_mattermost.playbooks.playbook import ACTION_PREFIX, ALIAS_PREFIX, Playbook


def action_of(run: str) -> str:
    """The action's reference in what a task carries out; empty where that is no action."""
    return run[len(ACTION_PREFIX) :] if run.startswith(ACTION_PREFIX) else ""


def phrase_of(run: str) -> str:
    """The phrase of an alias in what a task carries out; empty where that is none."""
    return run[len(ALIAS_PREFIX) :].strip() if run.startswith(ALIAS_PREFIX) else ""


def why_no_phrase(phrase: str) -> str:
    """Why StackStorm is not given the phrase, for people; empty where it is: it would render the
    templates in it, which may hold secrets of its datastore."""
    is_template = any(mark in phrase for mark in ("{{", "{%", "{#"))
    return "a phrase may hold no template" if is_template else ""


def why_not_alias(allowed: Collection[str], ref: str) -> str:
    """Why an alias may not be run, for people; empty where it may."""
    if ref in allowed:
        return ""
    return f"the alias {ref} is not listed in rooms.aliases of the configuration"


def why_not(allowed: Collection[str], ref: str) -> str:
    """Why an action may not be started, for people; empty where it may."""
    if ref in allowed:
        return ""
    return f"the action {ref} is not listed in rooms.actions of the configuration"


def unlisted(
    allowed: Collection[str], aliases: Collection[str], playbook: Playbook
) -> Iterator[Tuple[Tuple[Any, ...], str]]:
    """Where in the playbook an action is named that may not be started, and why not. Which alias
    takes a phrase StackStorm alone knows: of phrases it is said where no alias is listed."""
    for at, stage in enumerate(playbook.stages):
        for number, task in enumerate(stage.tasks):
            ref = action_of(task.run)
            why = why_not(allowed, ref) if ref else ""
            phrase = phrase_of(task.run)
            if phrase and not aliases:
                why = "rooms.aliases of the configuration lists no alias that may be run"
            elif phrase:
                why = why_no_phrase(phrase)
            if why:
                yield ("stages", at, "tasks", number, "run"), why
