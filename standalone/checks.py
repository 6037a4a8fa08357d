"""`check`, without asking anybody: the metadata and the settings; one line each, with what to do
where it is wrong."""

from __future__ import annotations

import difflib
from functools import partial
from pathlib import Path
from typing import Any, Callable, Collection, Iterable, Iterator, List, Mapping, NamedTuple

from standalone import rule_check
from standalone.errors import UserError
from standalone.metadata_schemas import RULE
from standalone.pack_model import Pack
from standalone.paths import shown
from standalone.schemas import nearest
from standalone.templates import Lookup
from standalone.yaml_file import read_yaml

_NO_SETTING = " is not a setting"
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


def closing(findings: Iterable[CheckFinding]) -> str:
    """The line under all others."""
    labels = [one.label for one in findings]
    wrong, advice = labels.count("WRONG"), labels.count("advice")
    said = "1 thing is wrong" if wrong == 1 else f"{wrong} things are wrong" if wrong else ""
    return ", ".join(filter(None, (said or "all is well", f"{advice} advice" if advice else "")))


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
        for file in sorted(set(folder.iterdir()) - set(files)):
            if file.is_file() and not file.name.startswith((".", "README")):
                yield CheckFinding(
                    True,
                    f"{shown(file)} is not read: names of rules' files end in .yaml or .yml",
                    advised=True,
                )
        for file in sorted(files):
            if _says_nothing_of_enabled(file):
                yield CheckFinding(
                    True,
                    f"{shown(file)}: 'enabled' is left out, so the rule is off: write "
                    "enabled: true",
                    advised=True,
                )


def _says_nothing_of_enabled(file: Path) -> bool:
    """Of a file that reads; a mistyped name is told as a mistake."""
    try:
        data = read_yaml(file)
    except UserError:
        return False
    if not isinstance(data, dict) or "trigger" not in data:
        return False
    known = RULE["properties"]
    return not any(
        value is not None and nearest(str(name), known) == "enabled"
        for name, value in data.items()
    )


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
