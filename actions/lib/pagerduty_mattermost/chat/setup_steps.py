"""A step of `mattermost.setup`, and what all of them give."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple

from pagerduty_mattermost.core.errors import PackError

OK, MADE, CHANGED, ADVICE, PROBLEM = "ok", "made", "changed", "advice", "problem"


class SetupStep(NamedTuple):
    """One thing that was looked at, made or tried."""

    state: str
    """ok, made, changed, advice (works without), problem (something does not work)."""
    text: str


class SetupIncomplete(PackError):
    """Some steps have problems; the message tells them."""


def result_of(steps: List[SetupStep], log: Any) -> Dict[str, Any]:
    """The action's result; each step goes to the log as well. Raises SetupIncomplete."""
    for step in steps:
        log.info("%s: %s", step.state, step.text)
    problems = [step.text for step in steps if step.state == PROBLEM]
    if problems:
        raise SetupIncomplete(" | ".join(problems))
    lines = [f"- {step.state}: {step.text}" for step in steps]
    return {"steps": [step._asdict() for step in steps], "message": "\n".join(lines)}
