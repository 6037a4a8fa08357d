"""What a command would change, told without changing anything.

    explain(refused, "Resolve [#34 Slow](…).") -> "Dry run, nothing is changed. It would …"

In a dry run a command is carried out with a context made for reading only (`ReadingContext`): its
reads go through, and its first write ends it with `WriteRefused`.
"""

from __future__ import annotations

from pagerduty_mattermost.core.errors import WriteRefused
from pagerduty_mattermost.core.markdown import copyable
from pagerduty_mattermost.core.text import escape

UNCHANGED = "Dry run, nothing is changed."


def explain(refused: WriteRefused, words: str = "", would: str = "") -> str:
    """As Markdown. `words`: all that the command does, as `in_words` says it; `would`: the same of
    what changes nothing at PagerDuty, as a sentence."""
    if words:
        person = f" in the name of {copyable(refused.from_email)}" if refused.from_email else ""
        return f"{UNCHANGED} It would do this{person}: {words}"
    sent = f"It would send {refused.method} {escape(refused.path)} to {refused.side}."
    return f"{UNCHANGED} {would or sent}"
