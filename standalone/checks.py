"""`check`: the metadata, the configuration and both connections; one line each, with what to do where it is wrong."""

from __future__ import annotations

import difflib
from functools import partial
from typing import Any, Callable, Iterator, Mapping, NamedTuple, Optional

from standalone.metadata import Pack, Rule

OUR_PACK = "pagerduty"
"""Another pack's settings mean what they like."""


class Finding(NamedTuple):
    """One line of the report."""

    ok: bool
    line: str


def check_metadata(pack: Pack) -> Iterator[Finding]:
    """All metadata files, and that timers can be made and classes be loaded."""
    from standalone.runner import ClassLoader
    from standalone.timers import make_trigger

    for problem in pack.problems:
        yield Finding(False, problem)
    loader = ClassLoader(pack.ref)
    failed = False
    for action in pack.actions.values():
        failed = yield from _loads(action.ref, failed, partial(loader.load, action.entry_point, "Action"))
    for sensor in pack.sensors:
        failed = yield from _loads(
            sensor.ref, failed, partial(loader.load, sensor.entry_point, "BaseSensor", sensor.class_name)
        )
    for rule in pack.rules.values():
        if _is_timed(rule):
            failed = yield from _loads(rule.ref, failed, partial(make_trigger, rule))
    if not pack.problems and not failed:
        yield Finding(
            True,
            f"metadata: {len(pack.actions)} actions, {len(pack.sensors)} sensors, {len(pack.triggers)} triggers, "
            f"{len(pack.rules)} rules ({sum(rule.enabled for rule in pack.rules.values())} enabled), "
            f"{len(pack.aliases)} aliases, {len(pack.policies)} policies",
        )
    for refused in pack.refused:
        yield Finding(True, f"left out: {refused}")


def _loads(ref: str, failed: bool, load: Callable[[], Any]) -> Any:
    try:
        load()
    except Exception as error:  # noqa: BLE001 - a module may raise anything when it is imported
        yield Finding(False, f"{ref}: {type(error).__name__}: {' '.join(str(error).split())}")
        return True
    return failed


def _is_timed(rule: Rule) -> bool:
    return str(rule.trigger["type"]).startswith("core.")


def unknown_settings(raw: Mapping[str, Any], pack: Pack) -> Iterator[str]:
    """One line for each setting at the top that nobody reads, which StackStorm passes over without a word."""
    known = list(pack.config_schema)
    for name in raw:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            yield f"The configuration: {name} is not a setting; {meant}"


def wrong_settings(raw: Mapping[str, Any], pack: Pack) -> str:
    """What the pack's own reader says of the completed configuration `raw`, or empty. Connects nowhere."""
    from pagerduty_mattermost import config as settings
    from pagerduty_mattermost import times
    from pagerduty_mattermost.errors import PackError

    if pack.ref != OUR_PACK:
        return ""
    try:
        times.zone(settings.load(raw).time_zone)
    except PackError as error:
        return str(error)
    return ""


def check_connections(raw: Mapping[str, Any], action_service: Any) -> Iterator[Finding]:
    """PagerDuty's and Mattermost's side with the completed and checked configuration `raw`; cheap reads only, nothing
    is posted."""
    from pagerduty_mattermost import config as settings

    config = settings.load(raw)
    yield from _try("PagerDuty", lambda: _pagerduty(config))
    missing = settings.mattermost_missing(config)
    if missing:
        yield Finding(False, f"Mattermost: {', '.join(missing)} not set; see pagerduty.yaml.example")
        return
    bot = yield from _try("Mattermost", lambda: _bot(config))
    if not bot:
        return
    named = {
        "mattermost.default_channel": config.mattermost.default_channel,
        "mattermost.operations_channel": config.mattermost.operations_channel,
        **{f"mattermost.service_channels.{name}": to for name, to in config.mattermost.service_channels.items()},
    }
    for setting, channel in named.items():
        if channel:
            yield from _try(setting, partial(_channel, config, action_service, channel))
        else:
            yield Finding(setting != "mattermost.default_channel", f"{setting}: not set")


def _try(what: str, call: Callable[[], str]) -> Any:
    from pagerduty_mattermost.errors import PackError

    try:
        yield Finding(True, f"{what}: {call()}")
    except PackError as error:
        line = str(error)
        yield Finding(False, line if line.startswith(what) else f"{what}: {line}")
        return False
    return True


def _pagerduty(config: Any) -> str:
    from pagerduty_mattermost.config import require_pagerduty
    from pagerduty_mattermost.lookup import resolve
    from pagerduty_mattermost.pagerduty import PagerDuty

    pagerduty = PagerDuty(require_pagerduty(config))
    pagerduty.get("/abilities")
    sender: Optional[str] = config.pagerduty.from_email
    if not sender:
        return "connected; from_email is not set: whatever changes an incident needs one or a token of a user's own"
    return f"connected; changes are made as {resolve(pagerduty, 'user', sender).name} (from_email)"


def _bot(config: Any) -> str:
    from pagerduty_mattermost.mattermost import Mattermost

    return f"connected as @{Mattermost(config.mattermost).me().username}"


def _channel(config: Any, action_service: Any, text: str) -> str:
    from pagerduty_mattermost.channels import Channels
    from pagerduty_mattermost.mattermost import Mattermost
    from pagerduty_mattermost.store import Store

    found = Channels(Mattermost(config.mattermost), Store(action_service)).look_up(text)
    return f"{found.label} ({found.id})"
