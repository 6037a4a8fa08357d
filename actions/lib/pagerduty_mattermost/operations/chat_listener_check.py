"""A line of `health.check`: whether the chat sensor itself, and the one of now, listens where
Mattermost is sent."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Tuple

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

CHAT_SECONDS = 5.0
"""For our own listener to answer."""


def check(context: Context) -> Tuple[str, str]:
    """ok, fail or off, and a text."""
    import requests

    from pagerduty_mattermost.gateways.http.client import Redirected
    from pagerduty_mattermost.gateways.http.direct_session import direct_session
    from pagerduty_mattermost.gateways.http.listener import nothing_here
    from pagerduty_mattermost.sensor.kept_health import kept_problem

    chat = context.settings.chat
    if not chat.port:
        return "off", "not configured: no buttons, no /pd"
    if not chat.has_buttons:
        return "fail", "chat.public_url and chat.signing_keys must be set"
    waits = context.settings.mattermost.http.timeouts
    began = time.monotonic()
    try:
        with direct_session(waits.connect, CHAT_SECONDS, "Chat") as session:
            answer = session.get(chat.public_url)
            status, is_ours = answer.status_code, nothing_here("Mattermost") in answer.text
    except Redirected:
        status, is_ours = 302, False
    except requests.RequestException as error:
        return (
            "fail",
            f"nobody answers at {chat.public_url} ({type(error).__name__}): is the chat sensor "
            "running?",
        )
    took = f"{(time.monotonic() - began) * 1000:.0f} ms"
    if not is_ours:
        return "fail", (
            f"something else than the chat sensor answers {status} at {chat.public_url}: does it "
            "lead to chat.bind and chat.port?"
        )
    problem = kept_problem(context.store)
    if problem:
        return "fail", f"an older process answers, not the sensor of now: {problem}"
    return "ok", f"the chat sensor answers at {chat.public_url} in {took}"
