"""`check`, without asking anybody: the metadata and the settings; one line each, with what to do
where it is wrong."""

from __future__ import annotations

import difflib
from functools import partial
from pathlib import Path
from typing import Any, Callable, Collection, Iterable, Iterator, List, Mapping, NamedTuple

from standalone import rule_check
from standalone.errors import UserError
from standalone.pack_model import Pack
from standalone.paths import shown
from standalone.templates import Lookup

_NO_SETTING = " is not a setting"
ANSWER_SECONDS, MAX_ANSWER_BYTES = 3.0, 10_000
"""Within which, and in how much, a sensor says that it is one."""
OUR_PACK = "pagerduty"
"""Another pack's settings mean what they like."""


class CheckFinding(NamedTuple):
    """One line of the report."""

    ok: bool
    line: str
    advised: bool = False
    """It works, and something else would be better."""

    @property
    def label(self) -> str:
        return "WRONG" if not self.ok else "advice" if self.advised else "ok"


def check_metadata(pack: Pack, lookup: Lookup = lambda name: None) -> Iterator[CheckFinding]:
    """All metadata files, that timers can be made and classes be loaded, and that enabled rules
    can do what they say. `lookup`: of the datastore."""
    from standalone.runner import ClassLoader
    from standalone.timers import is_timed, make_trigger

    for problem in (*pack.problems, *rule_check.faults_of_broken(pack, lookup)):
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
        if is_timed(rule):
            failed = yield from _loads(rule.ref, failed, partial(make_trigger, rule))
    for rule in sorted(pack.rules.values()):
        found = rule_check.faults(rule, pack, lookup) if rule.enabled else []
        for line in found:
            failed = True
            yield CheckFinding(False, f"the rule {rule.ref}: {line}")
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
        what = "left out" if refused.is_packs else "does not run"
        yield CheckFinding(refused.is_packs, f"{what}: {refused.line}")


def _loads(ref: str, failed: bool, load: Callable[[], Any]) -> Any:
    try:
        load()
    except UserError as error:
        yield CheckFinding(False, str(error))
        return True
    except Exception as error:  # noqa: BLE001 - a module may raise anything when it is imported
        yield CheckFinding(False, f"{ref}: {type(error).__name__}: {' '.join(str(error).split())}")
        return True
    return failed


def unknown_settings(raw: Mapping[str, Any], pack: Pack) -> List[str]:
    """One line for each setting at the top that nobody reads, which StackStorm passes over without
    a word."""
    known = list(pack.config_schema)
    found = []
    for name in raw:
        if name not in known:
            near = difflib.get_close_matches(str(name).lower(), known, n=1)
            meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            found.append(f"{name} is not a setting; {meant}")
    return found


def wrong_settings(config: Mapping[str, Any], pack: Pack) -> List[str]:
    """What the pack's own reader says of the completed `config`, one line for each setting.
    Connects nowhere."""
    from pagerduty_mattermost.core import times
    from pagerduty_mattermost.core.config import settings
    from pagerduty_mattermost.core.errors import ConfigError, PackError

    if pack.ref != OUR_PACK:
        return []
    found: List[str] = []
    try:
        found = list(settings.load(config).webhook.problems)
    except ConfigError as error:
        found = list(error.problems)
    zone = config.get("time_zone")
    if isinstance(zone, str) and not any(line.startswith("time_zone") for line in found):
        try:
            times.zone(zone)
        except PackError as error:
            found.append(str(error))
    return found


def check_rule_folders(folders: Iterable[Path]) -> Iterator[CheckFinding]:
    """What `--rules` named, and whether anything is in it."""
    for folder in folders:
        files = [*folder.glob("*.yaml"), *folder.glob("*.yml")]
        if files:
            yield CheckFinding(True, f"--rules {shown(folder)}: {len(files)} files")
        else:
            yield CheckFinding(
                False,
                f"--rules {shown(folder)}: there is no rule (*.yaml) in it; name another folder",
            )


def check_ports(config: Mapping[str, Any], pack: Pack, served: bool) -> Iterator[CheckFinding]:
    """Whether the sensors can listen where the configuration says. `served`: `serve` runs now on
    this data, so that its own ports are taken."""
    running = "`serve` runs with this data folder now"
    from pagerduty_mattermost.core.config import settings
    from pagerduty_mattermost.core.errors import PackError

    if pack.ref != OUR_PACK:
        return
    try:
        read = settings.load(config)
    except PackError:
        return
    for name, section in (("chat", read.chat), ("webhook", read.webhook)):
        if not section.port:
            continue
        problem = _taken(section.bind, section.port)
        where = f"{section.bind}:{section.port}"
        sender = "Mattermost" if name == "chat" else "PagerDuty"
        if served and problem and not _is_listener(section.bind, section.port, sender):
            yield CheckFinding(
                False,
                f"{name}.port: {where} is taken by something else than `serve`, which runs with "
                "this data folder now and can't listen there: choose another port, or end what "
                "uses it",
            )
        elif served and problem:
            yield CheckFinding(True, f"{name}.port: {where} is listened on: {running}")
        elif served:
            yield CheckFinding(
                True,
                f"{name}.port: {running} and does not listen on {where}: it began with other "
                "settings; start it anew",
                advised=True,
            )
        elif problem:
            yield CheckFinding(
                False,
                f"{name}.port: {where} can't be listened on ({problem}): choose another port, or "
                "end what uses it",
            )
        else:
            yield CheckFinding(True, f"{name}.port: {where} is free")


def _is_listener(host: str, port: int, sender: str) -> bool:
    """Whether a sensor of this pack's that listens for the `sender` answers there."""
    from http.client import HTTPConnection, HTTPException

    from pagerduty_mattermost.gateways.http.listener import nothing_here

    local = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    asked = HTTPConnection(local, port, timeout=ANSWER_SECONDS)
    try:
        asked.request("GET", "/")
        return nothing_here(sender).encode() in asked.getresponse().read(MAX_ANSWER_BYTES)
    except (OSError, HTTPException):
        return False
    finally:
        asked.close()


def _taken(host: str, port: int) -> str:
    import os
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
    return ""


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
    further = wrong_settings(config, pack)
    # The pack's own reader names a setting that there is not by its place: that line is better.
    unknown = {line.split(" ")[0].rpartition(".")[0] for line in further if _NO_SETTING in line}
    problems = [
        line
        for line in problems
        if line.split(":")[0] not in unknown or ": there is no '" not in line
    ]
    named = {line.split(":")[0] for line in problems}
    further = [line for line in further if not _is_of(line.split(" ")[0], named)]
    emptied = list(_no_mappings(configuration.raw, pack))
    return [*unknown_settings(configuration.raw, pack), *emptied, *problems, *further]


def _is_of(setting: str, named: Collection[str]) -> bool:
    """Whether a line says already what is wrong with the setting, or with what is in it."""
    return any(
        name == setting or name.startswith((f"{setting}.", f"{setting}[")) for name in named
    )


def _no_mappings(raw: Mapping[str, Any], pack: Pack) -> Iterator[str]:
    """What is false or empty and no mapping: StackStorm takes it for a section that is not set."""
    for name, schema in pack.config_schema.items():
        value = raw.get(name)
        if schema.get("type") == "object" and value is not None and not value:
            known = ", ".join(schema.get("properties") or {})
            if not isinstance(value, dict):
                yield f"{name}: must be a mapping with {known} below it, or left out"
