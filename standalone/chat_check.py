"""What the section `chat` names, looked for on both sides: who is in `chat.allowed` and is nowhere
would let nobody do it, without a word."""

# flake8: noqa: E203

from __future__ import annotations

from typing import Any, Callable, Iterator, List, Tuple

from standalone.checks import CheckFinding

Entry = Tuple[str, str]
"""(the setting, one entry of its list)"""


def check_settings(config: Any) -> Iterator[CheckFinding]:
    """What can be said without asking anybody."""
    from pagerduty_mattermost.chat.pagerduty_roles import NAMES

    chat = config.chat
    missing = [name for name in ("public_url", "signing_keys") if not getattr(chat, name)]
    if chat.port and missing:
        names = " and ".join(f"chat.{name}" for name in missing)
        yield CheckFinding(
            False,
            f"chat.port: set, but not {names}, so that nothing listens: no buttons, no /pd; set "
            "it, too (docs/chat.md)",
        )
    for where, entry in _entries(config):
        role = entry[len("role:") :].strip().lower()
        if entry.startswith("role:") and role not in NAMES:
            yield CheckFinding(
                False, f"{where}: there is no role '{role}'; there are {', '.join(NAMES)}"
            )


def check_teams(pagerduty: Any, config: Any) -> Iterator[CheckFinding]:
    """PagerDuty's side."""
    from pagerduty_mattermost.core.errors import PackError
    from pagerduty_mattermost.gateways.pagerduty.references import resolve

    for where, entry in _entries(config):
        if entry.startswith("team:"):
            try:
                resolve(pagerduty, "team", entry[len("team:") :])
            except PackError as error:
                yield CheckFinding(False, f"{where}: {error}")


def check_people(
    mattermost: Any, find: Callable[[str, str], CheckFinding], config: Any
) -> Iterator[CheckFinding]:
    """Mattermost's side. `find`: whether a channel is there."""
    from pagerduty_mattermost.core.errors import PackError
    from pagerduty_mattermost.gateways.mattermost.users import chat_user

    for where, entry in _entries(config):
        if entry.startswith(("role:", "team:")):
            continue
        if entry.startswith("@"):
            try:
                chat_user(mattermost, entry[1:])
            except PackError as error:
                yield CheckFinding(False, f"{where}: {error}")
            continue
        found = find(where, entry.lstrip("~"))
        if not found.ok:
            advice = "" if entry.startswith("~") else f"; a person is written @{entry}"
            yield CheckFinding(False, found.line + advice)


def _entries(config: Any) -> List[Entry]:
    return [
        (f"chat.allowed.{verb}", entry.strip())
        for verb, entries in config.chat.allowed.items()
        for entry in entries
    ]
