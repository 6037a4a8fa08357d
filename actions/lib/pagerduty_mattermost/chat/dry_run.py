"""What a command would send, without sending it: reads go through, the first write ends it.

with dry_run(action.pagerduty):
    answer(action, said)      # raises Would("PUT", "/incidents", {...}, "ada@example.com")
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import Any, Iterator

from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.text import clean, cut, escape, one_line
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty


class Would(PackError):
    """A write that was not sent."""

    def __init__(self, method: str, path: str, body: Any, from_email: str) -> None:
        super().__init__(f"{method} {path}")
        self.method, self.path, self.body, self.from_email = method, path, body, from_email

    def told(self) -> str:
        """As Markdown."""
        body = (
            escape(one_line(cut(clean(json.dumps(self.body, ensure_ascii=False)), 600)))
            if self.body
            else ""
        )
        person = f" in the name of {escape(self.from_email)}" if self.from_email else ""
        return (
            f"Dry run, nothing is changed. It would send {self.method} "
            f"{escape(self.path)}{person}: {body}"
        )


@contextmanager
def dry_run(pagerduty: PagerDuty) -> Iterator[None]:
    """Within it this gateway raises `Would` instead of writing."""

    def refuse(method: str, path: str, body: Any, from_email: str) -> None:
        raise Would(method, path, body, from_email)

    pagerduty.before_write = refuse
    try:
        yield
    finally:
        pagerduty.before_write = None
