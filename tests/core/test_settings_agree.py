"""A setting stands in several places: the code that reads it, config.schema.yaml, the example, the
documents. Its default is decided in the code (the NamedTuple of its section); the others say the
same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Tuple

import pytest
import yaml

from pagerduty_mattermost.core.config.reader import Reader, Secret
from pagerduty_mattermost.core.config.settings import SECTIONS, Config, load
from pagerduty_mattermost.core.config.watch import (
    FORMER_WATCH_NAMES,
    WEBHOOK_SNAPSHOT_EVERY,
    WatchConfig,
)
from pagerduty_mattermost.core.errors import ConfigError
from pagerduty_mattermost.core.yaml_text import loaded

ROOT = Path(__file__).resolve().parents[2]
SCHEMA: Dict[str, Any] = loaded((ROOT / "config.schema.yaml").read_text())
EXAMPLE = (ROOT / "pagerduty.yaml.example").read_text()
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

STRING = {"type": "string"}
SECRET = {"type": "string", "secret": True}
SHAPES: Dict[str, Dict[str, Any]] = {
    "text": STRING,
    "choice": STRING,
    "url": STRING,
    "file": STRING,
    "secret": SECRET,
    "boolean": {"type": "boolean"},
    "optional_boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "texts": {"type": "array", "items": STRING},
    "secrets": {"type": "array", "items": SECRET},
    "mapping": {"type": "object", "additionalProperties": STRING},
    "lists": {"type": "object", "additionalProperties": {"type": "array", "items": STRING}},
}
"""The reader's methods, and how the schema declares a setting that each reads."""
SHAPE_WORDS = ("type", "secret", "items", "additionalProperties")

SECRET_TEXTS = {"events.routing_keys": {"additionalProperties": SECRET}}
"""Objects of secrets are read as texts and wrapped afterwards."""
NO_ONE_DEFAULT = {"watch.snapshot_every"}
"""It hangs on webhook.port; StackStorm must not fill it in."""
SENTENCES: List[Tuple[str, str]] = [
    ("pagerduty.yaml.example", "; {WEBHOOK_SNAPSHOT_EVERY} with a webhook where it is not set"),
    ("pagerduty.yaml.example", "(IANA name; {time_zone} where it is not set)"),
    ("config.schema.yaml", "Unset, {watch.snapshot_every}; with webhook.port"),
    ("config.schema.yaml", "with webhook.port {WEBHOOK_SNAPSHOT_EVERY}."),
    (
        "docs/webhook.md",
        "every `watch.poll_interval_with_webhook` seconds ({watch.poll_interval_with_webhook})",
    ),
    (
        "docs/webhook.md",
        "every `watch.poll_interval` seconds ({watch.poll_interval})",
    ),
    (
        "docs/storms.md",
        "more than {noise.storm_incidents} new incidents of one service within "
        "{noise.storm_window/60} minutes (`storm_incidents`, `storm_window`)",
    ),
    (
        "docs/storms.md",
        "no more than half as many came within {noise.storm_quiet/60} minutes (`storm_quiet`)",
    ),
    (
        "docs/storms.md",
        "after {noise.flapping_rounds} rounds of triggered and resolved within "
        "{noise.flapping_window/60} minutes (`flapping_rounds`, `flapping_window`)",
    ),
    ("docs/storms.md", "until none came for {noise.flapping_window/60} minutes"),
    ("docs/storms.md", "its priority is {noise.storm_priorities} (`storm_priorities`)"),
    ("docs/oncall.md", "**Reminder.** {oncall.remind_before} minutes before a shift"),
    ("docs/chat.md", "begins with `{chat.note_word}` (`chat.note_word`)"),
    ("CHANGES.md", "what stays unacknowledged for {reminders.after} minutes is raised again"),
]
"""Where a document tells a default in words: the sentence, made from the code's default."""


class Setting(NamedTuple):
    """How the code reads a setting."""

    kind: str
    default: Any
    args: Tuple[Any, ...]


SAID_OF_EACH = {name: dict.fromkeys(getattr(Config(), name)._fields[:1]) for name in SECTIONS}
"""Each section with a setting that is not set, so that all of it is read."""


def read_by_the_code() -> Dict[str, Setting]:
    found: Dict[str, Setting] = {}

    def recording(kind: str) -> Any:
        read = getattr(Reader, kind)

        def recorded(self: Reader, key: str, *args: Any, **options: Any) -> Any:
            # One method may use another: the first one that is asked for a setting counts.
            default = getattr(self._defaults, key, None)
            found.setdefault(self._full(key), Setting(kind, default, args))
            return read(self, key, *args, **options)

        return recorded

    with pytest.MonkeyPatch.context() as patch:
        for kind in SHAPES:
            patch.setattr(Reader, kind, recording(kind))
        load(SAID_OF_EACH)
    return found


CODE = read_by_the_code()


def declared() -> Iterator[Tuple[str, Dict[str, Any]]]:
    for name, spec in SCHEMA.items():
        if "properties" not in spec:
            yield name, spec
        for key, inner in spec.get("properties", {}).items():
            yield f"{name}.{key}", inner


DECLARED = dict(declared())


def is_empty(default: Any) -> bool:
    return default is None or default in ("", (), {}, Secret())


def as_written(default: Any) -> Any:
    """A default as YAML gives it."""
    return list(default) if isinstance(default, tuple) else default


def test_a_section_that_is_not_there_is_as_one_whose_settings_are_not_set() -> None:
    assert load({}) == load(SAID_OF_EACH)
    assert load(dict.fromkeys(SECTIONS)) == load({name: {} for name in SECTIONS}) == load({})


@pytest.mark.parametrize("said", [[], 0, False, "none", ["x"]])
def test_a_section_that_is_no_object_is_told_also_where_it_is_empty(said: Any) -> None:
    for name in SECTIONS:
        with pytest.raises(ConfigError, match=f"{name} must be an object"):
            load({name: said})


def test_each_setting_of_the_code_stands_in_the_schema_and_the_other_way_round() -> None:
    assert sorted(CODE) == sorted(DECLARED)


@pytest.mark.parametrize("name", sorted(CODE))
def test_the_schema_declares_a_setting_as_the_code_reads_it(name: str) -> None:
    setting, spec = CODE[name], DECLARED[name]
    shape = {**SHAPES[setting.kind], **SECRET_TEXTS.get(name, {})}
    assert {key: spec[key] for key in SHAPE_WORDS if key in spec} == shape
    bounds = setting.args if setting.kind in ("integer", "number") else (None, None)
    assert (spec.get("minimum"), spec.get("maximum")) == bounds
    if setting.kind == "choice":
        for word in setting.args[0]:
            assert re.search(rf"\b{word}\b", spec["description"])
    if "default" not in spec:
        assert is_empty(setting.default) or name in NO_ONE_DEFAULT
    else:
        assert spec["default"] == as_written(setting.default)


def test_what_the_schema_fills_in_changes_nothing() -> None:
    filled: Dict[str, Any] = {}
    for name, spec in DECLARED.items():
        section, _, key = name.rpartition(".")
        node = filled.setdefault(section, {}) if section else filled
        node[key or name] = spec.get("default")
    assert load(filled) == Config()


def shown(text: str) -> Dict[str, Any]:
    """The settings of the example with the values shown, commented ones among them. Where a name
    stands twice in a section the later one counts: comments above explain it."""
    found: Dict[str, Any] = {}
    section = ""
    for line in text.splitlines():
        match = re.match(r"(?:# )?( *)(?:# )?(\w+):(?: +(.*))?$", line)
        if not match:
            continue
        indent, key, value = match.groups()
        if not indent and key in SCHEMA:
            section = key if "properties" in SCHEMA[key] else ""
        name = f"{section}.{key}" if section and key != section else key
        if name in DECLARED:
            try:
                found[name] = yaml.safe_load(value or "")
            except yaml.YAMLError:
                found[name] = value
    return found


@pytest.mark.parametrize("name", sorted(CODE))
def test_the_example_shows_each_setting_with_its_default(name: str) -> None:
    values = shown(EXAMPLE)
    assert name in values
    default = CODE[name].default
    if not is_empty(default):
        assert values[name] == as_written(default)


def word(name: str) -> str:
    """A default in a sentence: the setting's name, after a slash what it is divided by."""
    name, _, divisor = name.partition("/")
    if name == "WEBHOOK_SNAPSHOT_EVERY":
        return str(WEBHOOK_SNAPSHOT_EVERY)
    default = CODE[name].default
    if isinstance(default, tuple):
        return " or ".join(default)
    if divisor:
        whole, rest = divmod(default, int(divisor))
        assert not rest
        return str(whole)
    return str(default)


@pytest.mark.parametrize(("path", "sentence"), SENTENCES)
def test_a_document_that_tells_a_default_in_words_tells_the_codes(
    path: str, sentence: str
) -> None:
    text = " ".join((ROOT / path).read_text().split())
    assert re.sub(r"\{(.+?)\}", lambda match: word(match.group(1)), sentence) in text


def blocks() -> Iterator[Tuple[str, Dict[str, Any]]]:
    """The YAML of the documents that sets something of the configuration."""
    for path in DOCUMENTS:
        for block in re.findall(r"^ *```yaml\n(.*?)^ *```", path.read_text(), re.M | re.S):
            try:
                data = yaml.safe_load(block)
            except yaml.YAMLError:
                continue
            if isinstance(data, dict) and set(data) <= set(SCHEMA):
                yield path.name, data


NOT_THE_DEFAULT = {
    "chat.port",
    "webhook.port",
    "chat.bind",
    "webhook.bind",
    "chat.allowed",
    "time_zone",
    "watch.leader_election",
    "watch.report_unrouted",
}
"""What the documents show how to change."""


def test_examples_in_the_documents_show_settings_that_exist_with_their_defaults() -> None:
    seen = 0
    for path, data in blocks():
        for section, values in data.items():
            inner = values if "properties" in SCHEMA[section] else {"": values}
            for key, value in (inner or {}).items():
                name = f"{section}.{key}".rstrip(".")
                assert name in CODE, f"{path}: {name} is no setting"
                seen += 1
                default = CODE[name].default
                if not is_empty(default) and name not in NOT_THE_DEFAULT:
                    assert value == as_written(default), f"{path}: {name}"
    assert seen > 20


def test_an_old_name_is_still_read() -> None:
    old, new = next(iter(FORMER_WATCH_NAMES.items()))

    def read(**watch: Any) -> int:
        return getattr(load({"watch": watch}).watch, new)

    assert read(**{old: 45}) == 45
    # StackStorm puts the default of today's name beside it.
    assert read(**{old: 45, new: getattr(WatchConfig(), new)}) == 45
    assert read(**{old: None, new: 20}) == 20
    assert f"watch.{old}" not in DECLARED
