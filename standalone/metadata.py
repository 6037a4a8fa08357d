"""Reads a pack's metadata from its folder and checks it as StackStorm does when it registers a
pack.

`load_pack` never raises for what stands in the files: it collects. `problems` are mistakes
(StackStorm would refuse them too, or they could never work); `refused` is what StackStorm can do
and the embedded default can't, by name: it is left out and the rest goes on.
"""

# flake8: noqa: E501

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from standalone import rule_file
from standalone.alias_format import ActionAlias
from standalone.errors import UserError
from standalone.metadata_schemas import (
    ACTION,
    ALIAS,
    POLICIES,
    POLICY,
    RULE,
    RULE_SWITCH,
    SENSOR,
    SYSTEM_TRIGGERS,
    TIMERS,
)
from standalone.pack_model import (
    ActionMeta,
    ActionRetryPolicy,
    BrokenRule,
    Pack,
    Rule,
    SensorMeta,
    TriggerType,
    UnsupportedPart,
)
from standalone.parameters import no_parameter
from standalone.paths import shown
from standalone.schemas import Misfit, check, check_schema, misfits, near, validate
from standalone.yaml_file import read_yaml

RUNNERS = ("python-script",)


def load_pack(path: Path, rule_folders: Sequence[Path] = ()) -> Pack:
    """The pack in the folder `path`; rules in `rule_folders` are added, and replace the pack's own
    of the same name. A file there with nothing but `name`, `pack` and `enabled` switches a rule
    that is known already on or off.

    Raises UserError only when there is no pack at all.
    """
    manifest = path / "pack.yaml"
    if not manifest.is_file():
        raise UserError(
            f"{shown(path)} is no pack: there is no pack.yaml in it; name the pack's folder with "
            "--pack"
        )
    return _Loader(path, rule_folders).load()


class _Loader:
    def __init__(self, path: Path, rule_folders: Sequence[Path]) -> None:
        self._path = path
        self._folders = [one for one in rule_folders if one.resolve() != path.resolve() / "rules"]
        self._rule_folders = rule_folders
        self._problems: List[str] = []
        self._refused: List[UnsupportedPart] = []
        self._broken_rules: List[BrokenRule] = []
        self._workflows: Dict[str, str] = {}
        manifest = self._read(path / "pack.yaml") or {}
        self._ref = str(manifest.get("ref") or manifest.get("name") or path.name)
        self._version = str(manifest.get("version") or "")

    def load(self) -> Pack:
        actions: Dict[str, ActionMeta] = {}
        for file, data in self._files(self._path / "actions", ACTION):
            action = self._action(file, data)
            if action:
                self._once(file, action.ref, actions)
                actions[action.ref] = action
        sensors = tuple(
            self._sensor(file, data) for file, data in self._files(self._path / "sensors", SENSOR)
        )
        triggers = {trigger.ref: trigger for sensor in sensors for trigger in sensor.trigger_types}
        rules: Dict[str, Rule] = {}
        switches: List[Tuple[Path, Dict[str, Any]]] = []
        for folder in (self._path / "rules", *self._rule_folders):
            mine: Dict[str, Rule] = {}
            for file in self._yaml_files(folder):
                written = self._read(file)
                if written is None:
                    continue
                if folder in self._rule_folders and set(written) <= set(RULE_SWITCH["properties"]):
                    switches += self._fitting(file, written, RULE_SWITCH)
                    continue
                rule = self._rule(file, written, actions, triggers)
                if rule:
                    self._once(file, rule.ref, mine)
                    mine[rule.ref] = rule
            rules.update(mine)
        for file, data in switches:
            self._switch(file, data, rules)
        aliases = [
            self._alias(file, data, actions)
            for file, data in self._files(self._path / "aliases", ALIAS)
        ]
        policies = [
            self._policy(file, data, actions)
            for file, data in self._files(self._path / "policies", POLICY)
        ]
        return Pack(
            ref=self._ref,
            path=self._path,
            version=self._version,
            actions=actions,
            sensors=sensors,
            triggers=triggers,
            rules=rules,
            aliases=tuple(alias for alias in aliases if alias),
            policies=tuple(policy for policy in policies if policy),
            config_schema=self._config_schema(),
            problems=tuple(self._problems),
            refused=tuple(self._refused),
            broken_rules=tuple(self._broken_rules),
            workflows=dict(self._workflows),
        )

    def _action(self, file: Path, data: Dict[str, Any]) -> Optional[ActionMeta]:
        runner = data["runner_type"]
        if runner not in RUNNERS:
            if runner == "orquesta":
                self._workflows[f"{self._ref}.{data['name']}"] = str(data.get("description") or "")
            else:
                self._refuse(file, f"runner type '{runner}'")
            return None
        parameters = data["parameters"] or {}
        for name, schema in parameters.items():
            self._schema(file, schema, f"parameters.{name}")
        return ActionMeta(
            ref=f"{data.get('pack') or self._ref}.{data['name']}",
            name=data["name"],
            description=data.get("description") or "",
            enabled=data["enabled"],
            entry_point=self._entry_point(file, data),
            parameters=parameters,
        )

    def _sensor(self, file: Path, data: Dict[str, Any]) -> SensorMeta:
        triggers = tuple(
            TriggerType(
                ref=f"{trigger.get('pack') or self._ref}.{trigger['name']}",
                name=trigger["name"],
                description=trigger.get("description") or "",
                payload_schema=trigger.get("payload_schema") or {},
            )
            for trigger in data["trigger_types"] or []
        )
        for trigger in triggers:
            try:
                check({}, trigger.payload_schema, trigger.name)
            except Misfit:
                pass
            except Exception as error:  # noqa: BLE001 - what a broken schema raises differs between jsonschema's versions
                self._problem(
                    file,
                    f"payload_schema of {trigger.name} is broken: {type(error).__name__}: {error}",
                )
        return SensorMeta(
            ref=f"{self._ref}.{data['class_name']}",
            class_name=data["class_name"],
            description=data.get("description") or "",
            enabled=data["enabled"],
            entry_point=self._entry_point(file, data),
            poll_interval=data.get("poll_interval"),
            trigger_types=triggers,
        )

    def _rule(
        self,
        file: Path,
        written: Dict[str, Any],
        actions: Mapping[str, ActionMeta],
        triggers: Mapping[str, TriggerType],
    ) -> Optional[Rule]:
        """All mistakes of the file are told; None where it can't run."""
        data, lines = rule_file.repaired(written, RULE)
        for line in lines:
            self._problem(file, line)
        if data is None:
            return None
        criteria, strays = rule_file.criteria_in_place(data["criteria"] or {})
        for line in strays:
            self._problem(file, line)
        rule = Rule(
            ref=f"{data.get('pack') or self._ref}.{data['name']}",
            name=data["name"],
            pack=data.get("pack") or self._ref,
            description=data.get("description") or "",
            enabled=data["enabled"],
            trigger=data["trigger"],
            criteria=criteria,
            action={
                "ref": data["action"]["ref"],
                "parameters": data["action"].get("parameters") or {},
            },
        )
        refused = len(self._refused)
        if (data.get("type") or {}).get("ref", "standard") != "standard":
            self._refuse(file, f"rule type '{data['type']['ref']}'")
        is_sound = self._trigger_is_known(file, rule, triggers)
        problems, not_here = rule_file.wrong_criteria(rule.criteria)
        for line in problems:
            self._problem(file, line)
        for line in not_here:
            self._refused.append(
                self._refusal(file, f"not supported by the embedded default: {line}")
            )
        is_sound = self._action_exists(file, rule.action["ref"], actions) and is_sound
        if len(self._refused) > refused:
            return None
        meant = rule_file.corrected(rule, {*triggers, *SYSTEM_TRIGGERS, *TIMERS}, actions)
        if meant:
            self._parameters_are_known(file, meant, actions)
        if is_sound and not (problems or lines or strays):
            return rule
        if meant:
            self._broken_rules.append(BrokenRule(self._place(file), meant))
        return None

    def _trigger_is_known(
        self, file: Path, rule: Rule, triggers: Mapping[str, TriggerType]
    ) -> bool:
        kind = rule.trigger["type"]
        parameters = rule.trigger.get("parameters") or {}
        if kind in TIMERS:
            lines = misfits(parameters, TIMERS[kind])
            for line in lines:
                self._problem(file, f"trigger.parameters.{line}")
            return not lines
        if kind not in triggers and kind not in SYSTEM_TRIGGERS:
            if kind.startswith("core."):
                self._refuse(file, f"trigger type '{kind}'")
                return False
            meant = near(kind, triggers) or f"; there are {', '.join(sorted(triggers))}"
            self._problem(file, f"there is no trigger type '{kind}'{meant}")
            return False
        if parameters:
            self._refuse(file, f"trigger parameters of '{kind}'")
        return not parameters

    def _parameters_are_known(
        self, file: Path, rule: Rule, actions: Mapping[str, ActionMeta]
    ) -> None:
        declared = actions[rule.action["ref"]].parameters
        for name in sorted(set(rule.action["parameters"]) - set(declared) - _runner_names()):
            self._problem(file, no_parameter(rule.action["ref"], name, declared))

    def _switch(self, file: Path, data: Mapping[str, Any], rules: Dict[str, Rule]) -> None:
        ref = f"{data.get('pack') or self._ref}.{data['name']}"
        if ref in rules:
            rules[ref] = rules[ref]._replace(enabled=data["enabled"])
        else:
            self._problem(file, f"there is no rule {ref} to enable or disable{near(ref, rules)}")

    def _alias(
        self, file: Path, data: Dict[str, Any], actions: Mapping[str, ActionMeta]
    ) -> Optional[ActionAlias]:
        return (
            ActionAlias.from_metadata(data)
            if self._action_exists(file, data["action_ref"], actions)
            else None
        )

    def _policy(
        self, file: Path, data: Dict[str, Any], actions: Mapping[str, ActionMeta]
    ) -> Optional[ActionRetryPolicy]:
        kind = data["policy_type"]
        if not data["enabled"]:
            return None
        if kind not in POLICIES:
            self._refuse(file, f"policy type '{kind}'")
            return None
        if not self._action_exists(file, data["resource_ref"], actions):
            return None
        try:
            parameters = validate(data.get("parameters") or {}, POLICIES[kind], "parameters")
        except Misfit as error:
            self._problem(file, str(error))
            return None
        return ActionRetryPolicy(
            ref=f"{data.get('pack') or self._ref}.{data['name']}",
            action_ref=data["resource_ref"],
            retry_on=parameters["retry_on"],
            max_retry_count=parameters["max_retry_count"],
            delay=float(parameters.get("delay") or 0),
        )

    def _config_schema(self) -> Mapping[str, Any]:
        file = self._path / "config.schema.yaml"
        schema = self._read(file) if file.is_file() else {}
        for name, inner in (schema or {}).items():
            self._schema(file, inner, name)
        return schema or {}

    def _action_exists(self, file: Path, ref: str, actions: Mapping[str, ActionMeta]) -> bool:
        if ref in actions:
            return True
        if ref.startswith(self._ref + ".") and not self._was_refused(ref):
            self._problem(file, f"there is no action {ref}{near(ref, actions)}")
        elif f"{self._ref}.{ref}" in actions:
            self._problem(file, f"there is no action {ref}; did you mean {self._ref}.{ref}?")
        else:
            self._refuse(file, f"the action {ref}")
        return False

    def _was_refused(self, ref: str) -> bool:
        file = self._path / "actions" / f"{ref[len(self._ref) + 1 :]}.yaml"
        begin = f"{self._place(file)}:"
        return ref in self._workflows or any(one.line.startswith(begin) for one in self._refused)

    def _entry_point(self, file: Path, data: Mapping[str, Any]) -> Path:
        entry_point = file.parent / (data.get("entry_point") or "")
        if not entry_point.is_file():
            self._problem(file, f"entry_point '{data.get('entry_point')}' does not exist")
        return entry_point

    def _schema(self, file: Path, schema: Any, where: str) -> None:
        try:
            check_schema(schema, where)
        except Misfit as error:
            self._problem(file, str(error))

    def _once(self, file: Path, ref: str, known: Mapping[str, Any]) -> None:
        if ref in known:
            self._problem(file, f"{ref} is defined twice")

    def _yaml_files(self, folder: Path) -> List[Path]:
        return sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])

    def _files(self, folder: Path, schema: Mapping[str, Any]) -> List[Tuple[Path, Dict[str, Any]]]:
        """The files that fit the schema."""
        found: List[Tuple[Path, Dict[str, Any]]] = []
        for file in self._yaml_files(folder):
            data = self._read(file)
            if data is not None:
                found += self._fitting(file, data, schema)
        return found

    def _fitting(
        self, file: Path, data: Dict[str, Any], schema: Mapping[str, Any]
    ) -> List[Tuple[Path, Dict[str, Any]]]:
        """The one file with what it says, or nothing where that does not fit."""
        try:
            return [(file, validate(data, schema, ""))]
        except Misfit as error:
            self._problem(file, str(error))
            return []

    def _read(self, file: Path) -> Optional[Dict[str, Any]]:
        try:
            data = read_yaml(file, names_once=not self._is_packs(file))
        except UserError as error:
            self._problems.append(str(error))
            return None
        if not isinstance(data, dict):
            self._problem(file, "must be a mapping")
            return None
        return data

    def _problem(self, file: Path, what: str) -> None:
        self._problems.append(f"{self._place(file)}: {what}")

    def _refuse(self, file: Path, what: str) -> None:
        line = f"{what} is not supported by the embedded default"
        self._refused.append(self._refusal(file, line))

    def _refusal(self, file: Path, line: str) -> UnsupportedPart:
        return UnsupportedPart(f"{self._place(file)}: {line}", self._is_packs(file))

    def _is_packs(self, file: Path) -> bool:
        """People keep folders of their own rules in the pack's folder, too."""
        return not any(folder.resolve() in file.resolve().parents for folder in self._folders)

    def _place(self, file: Path) -> str:
        return shown(file)


def _runner_names() -> Any:
    from standalone.parameters import RUNNER_PARAMETERS

    return set(RUNNER_PARAMETERS)
