"""`check`, without asking anybody: the metadata and the settings; one line each, with what to do
where it is wrong."""

from __future__ import annotations

import difflib
from functools import partial
from typing import Any, Callable, Iterator, List, Mapping, NamedTuple

from standalone.metadata_schemas import TIMERS
from standalone.pack_model import Pack, Rule

OUR_PACK = "pagerduty"
"""Another pack's settings mean what they like."""


class CheckFinding(NamedTuple):
    """One line of the report."""

    ok: bool
    line: str


def check_metadata(pack: Pack) -> Iterator[CheckFinding]:
    """All metadata files, and that timers can be made and classes be loaded."""
    from standalone.runner import ClassLoader
    from standalone.timers import make_trigger

    for problem in pack.problems:
        yield CheckFinding(False, problem)
    loader = ClassLoader(pack.ref)
    failed = False
    for action in pack.actions.values():
        failed = yield from _loads(
            action.ref, failed, partial(loader.load, action.entry_point, "Action")
        )
    for sensor in pack.sensors:
        failed = yield from _loads(
            sensor.ref,
            failed,
            partial(loader.load, sensor.entry_point, "BaseSensor", sensor.class_name),
        )
    for rule in pack.rules.values():
        if _is_timed(rule):
            failed = yield from _loads(rule.ref, failed, partial(make_trigger, rule))
    if not pack.problems and not failed:
        yield CheckFinding(
            True,
            f"metadata: {len(pack.actions)} actions, {len(pack.sensors)} sensors, "
            f"{len(pack.triggers)} triggers, "
            f"{len(pack.rules)} rules ({sum(rule.enabled for rule in pack.rules.values())} "
            "enabled), "
            f"{len(pack.aliases)} aliases, {len(pack.policies)} policies",
        )
    for workflow in pack.workflows:
        yield CheckFinding(True, f"left out: {workflow}: workflows need StackStorm")
    for refused in pack.refused:
        yield CheckFinding(True, f"left out: {refused}")


def _loads(ref: str, failed: bool, load: Callable[[], Any]) -> Any:
    try:
        load()
    except Exception as error:  # noqa: BLE001 - a module may raise anything when it is imported
        yield CheckFinding(False, f"{ref}: {type(error).__name__}: {' '.join(str(error).split())}")
        return True
    return failed


def _is_timed(rule: Rule) -> bool:
    return rule.trigger["type"] in TIMERS


def unknown_settings(raw: Mapping[str, Any], pack: Pack) -> List[str]:
    """One line for each setting at the top that nobody reads, which StackStorm passes over without
    a word."""
    known = list(pack.config_schema)
    found = []
    for name in raw:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            found.append(f"{name} is not a setting; {meant}")
    return found


def wrong_settings(config: Mapping[str, Any], pack: Pack) -> List[str]:
    """What the pack's own reader says of the completed `config`, one line for each setting.
    Connects nowhere."""
    from pagerduty_mattermost.core import times
    from pagerduty_mattermost.core.config import settings
    from pagerduty_mattermost.core.errors import PackError

    if pack.ref != OUR_PACK:
        return []
    found: List[str] = []
    try:
        found = list(settings.load(config).webhook.problems)
    except PackError as error:
        found = str(error).partition(": ")[2].split("; ")
    zone = config.get("time_zone")
    if isinstance(zone, str) and not any(line.startswith("time_zone") for line in found):
        try:
            times.zone(zone)
        except PackError as error:
            found.append(str(error))
    return found


def unprotected_connections(config: Mapping[str, Any], pack: Pack) -> List[str]:
    """What is configured without protection on the way, one line each; nothing of settings that
    don't read."""
    from pagerduty_mattermost.core.config import settings
    from pagerduty_mattermost.core.config.protection import unprotected
    from pagerduty_mattermost.core.errors import PackError

    if pack.ref != OUR_PACK:
        return []
    try:
        return unprotected(settings.load(config))
    except PackError:
        return []


def check_settings(configuration: Any, pack: Pack) -> List[str]:
    """Everything that is wrong with a `Configuration`, one line for each setting; empty when all
    reads."""
    config, problems = configuration.examine()
    named = {line.split(":")[0] for line in problems}
    further = [line for line in wrong_settings(config, pack) if line.split(" ")[0] not in named]
    return [*unknown_settings(configuration.raw, pack), *problems, *further]
