"""The web page at `/` of the sandbox's Mattermost: a channel as people would see it, whose
buttons, menus, commands and dialogs work."""

from __future__ import annotations

from pathlib import Path

from .server import HttpAnswer

TEMPLATE = Path(__file__).with_name("page.html")
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src "
    "'self'; img-src data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing from elsewhere, no form that leads anywhere, no frame: what posts contain stays text."""


def page() -> HttpAnswer:
    """The page; it reads `POST /_sandbox/view` every second, and acts by the words of
    `mattermost/clients.py`."""
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return HttpAnswer(200, TEMPLATE.read_bytes(), headers)
