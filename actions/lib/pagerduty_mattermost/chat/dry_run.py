"""What a command would change, told without changing anything.

    explain(refused, verb.dry_run) -> "Dry run, nothing is changed. It would send PUT /incidents …"

In a dry run a command is carried out with a context made for reading only (`ReadingContext`): its
reads go through, and its first write ends it with `WriteRefused`.
"""

from __future__ import annotations

import json

from pagerduty_mattermost.core.errors import WriteRefused
from pagerduty_mattermost.core.text import clean, cut, escape, one_line
from pagerduty_mattermost.gateways.reading_context import EVENTS, PAGERDUTY

UNCHANGED = "Dry run, nothing is changed."
MAX_BODY_CHARACTERS = 600


def explain(refused: WriteRefused, would: str = "") -> str:
    """As Markdown. `would`: what the command says of itself, for where a request would tell people
    nothing ("It would change …")."""
    if would:
        return f"{UNCHANGED} {would}"
    if refused.side != PAGERDUTY:
        what = (
            "send an event to PagerDuty" if refused.side == EVENTS else f"write to {refused.side}"
        )
        return f"{UNCHANGED} It would {what}."
    text = clean(json.dumps(refused.body, ensure_ascii=False)) if refused.body else ""
    body = escape(one_line(cut(text, MAX_BODY_CHARACTERS)))
    person = f" in the name of {escape(refused.from_email)}" if refused.from_email else ""
    return f"{UNCHANGED} It would send {refused.method} {escape(refused.path)}{person}: {body}"
