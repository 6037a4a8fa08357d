"""How an action is run by hand, as a line that can be pasted into a terminal as it stands.

    run_line("route.explain", incident_id="PT4KHLK")
    # -> "st2 run pagerduty.route.explain incident_id=PT4KHLK"

What runs the pack without StackStorm says its own way in the environment.
"""

from __future__ import annotations

import os
import shlex

VARIABLE = "PAGERDUTY_MATTERMOST_RUN"
"""Holds a line with `{}` in the place of action and parameters."""
ON_STACKSTORM = "st2 run {}"


def run_line(action: str, **parameters: str) -> str:
    """`action`: its name without the pack's."""
    given = [f"{name}={value}" for name, value in parameters.items()]
    words = " ".join(shlex.quote(word) for word in (f"pagerduty.{action}", *given))
    return os.environ.get(VARIABLE, ON_STACKSTORM).replace("{}", words)


def is_run_line(text: str) -> bool:
    """Whether a text begins as such a line does."""
    begin = os.environ.get(VARIABLE, ON_STACKSTORM).partition("{}")[0]
    return bool(begin) and text.startswith(begin)
