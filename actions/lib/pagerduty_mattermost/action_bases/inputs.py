"""What was typed for an action, made ready and checked against a Draft 7 schema, before anything
is sent. All that is wrong is named at once.

    params = checked(context, "user.create", params)                       # in an action
    params = require(load("user.create"), params, InputTerms(now=clock()), log.warning)

`schemas/<name>.json` describe the parameters of an action, `schemas/objects/` what PagerDuty takes
in bodies. They are the one source: the metadata's parameters are made from them
(tools/metadata.py). Beyond Draft 7 they hold annotations that a validator ignores:

    "when": "past" | "future" | "ahead"
                                   a time, also as people type it: "2h" (ago, or from now on),
                                   "tomorrow 9:00" (core/typed_times.py); ahead: within a year
    "typed": "string"              the metadata's type where it differs: a list that has always
                                   been typed as a text
    "reference": "user_reference"  of an object: an id alone is enough
    "commas": "kept"               of a list of texts: a comma in one of them separates nothing
    "as": {"team_reference": "team"}
                                   what is sent for a word
    "whole_in", "shorten"          of a text that is too long (long_texts.py)
    "readOnly": true               PagerDuty sets it: dropped or refused, as `lenient` of
                                   InputTerms says

`$ref` is resolved when a file is read, keys beside it win. What is wrong with a value is found in
core/schema_check.py.
"""

# flake8: noqa: W503

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Sequence, Tuple

from pagerduty_mattermost.action_bases.long_texts import fit
from pagerduty_mattermost.core.errors import ConfigError, RejectedInput
from pagerduty_mattermost.core.schema_check import Schema, kinds, place, problems
from pagerduty_mattermost.core.text import listed

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

FOLDER = Path(__file__).resolve().parents[1] / "schemas"


class InputTerms(NamedTuple):
    """How to read what was typed: the clock (seconds since the epoch), the zone of times typed
    without one, and whether this is one of the Exchange pack's actions (`lenient`: what PagerDuty
    sets itself and nulls are dropped, unknown fields pass with a warning; else both are wrong)."""

    now: float
    zone: str = "UTC"
    lenient: bool = False


class PreparedInput(NamedTuple):
    """What was made of the input, and what is wrong with it."""

    params: Dict[str, Any]
    """What is set, made ready."""
    problems: Tuple[str, ...]
    """One line each: where, and what was expected."""
    warnings: Tuple[str, ...]


@lru_cache(maxsize=None)
def load(name: str) -> Schema:
    """The schema of that name, its references resolved. Raises FileNotFoundError."""
    found: Schema = _resolved(_file(f"{name}.json"), FOLDER)
    return found


def prepare(schema: Schema, params: Mapping[str, Any], terms: InputTerms) -> PreparedInput:
    """Unset parameters (None, empty, the text "None" that a template makes of null) go; lists,
    times and references are made of what people type; then all of it is checked."""
    given = {name: value for name, value in params.items() if not _is_unset(value)}
    maker = _Maker(terms)
    ready = maker.object(schema, given, ())
    found = [*maker.problems, *problems(schema, ready, lenient=terms.lenient)]
    found += _span(ready) if not found else []
    return PreparedInput(ready, tuple(dict.fromkeys(found)), tuple(maker.warnings))


def _span(ready: Mapping[str, Any]) -> List[str]:
    """What is wrong with a time span; an empty list would be taken for an answer."""
    if not (ready.get("since") and ready.get("until")):
        return []
    from pagerduty_mattermost.core import times

    since, until = (times.seconds(str(ready[name])) for name in ("since", "until"))
    if since is None or until is None or since < until:
        return []
    return [f"until: {ready['until']} is not after since, {ready['since']}: change one of them"]


def require(
    schema: Schema,
    params: Mapping[str, Any],
    terms: InputTerms,
    warn: Callable[[str], None],
    more: Sequence[str] = (),
) -> Dict[str, Any]:
    """What `prepare` made of them; its warnings go to `warn`. Raises RejectedInput naming all its
    problems and those of `more`."""
    read = prepare(schema, params, terms)
    wrong = [*read.problems, *more]
    if wrong:
        count = "" if len(wrong) == 1 else f"{len(wrong)} inputs are wrong: "
        raise RejectedInput(count + "; ".join(wrong))
    for warning in read.warnings:
        warn(warning)
    return read.params


def checked(
    context: Context, schema: str, params: Mapping[str, Any], more: Sequence[str] = ()
) -> Dict[str, Any]:
    """The parameters of an action, by the schema of that name: times are read by the context's
    clock and zone, warnings go to its log. Raises RejectedInput as `require` does."""
    terms = InputTerms(context.clock(), context.settings.time_zone)
    return require(load(schema), params, terms, context.log.warning, more)


def _is_unset(value: Any) -> bool:
    return (
        value is None
        or (isinstance(value, str) and value.strip() in ("", "None"))
        or value in ([], [""])
    )


def _file(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def _resolved(node: Any, folder: Path) -> Any:
    if isinstance(node, list):
        return [_resolved(item, folder) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" not in node:
        return {key: _resolved(value, folder) for key, value in node.items()}
    name, _, pointer = node["$ref"].partition("#")
    found = json.loads((folder / name).read_text(encoding="utf-8"))
    for part in pointer.strip("/").split("/") if pointer else ():
        found = found[part]
    beside = {key: value for key, value in node.items() if key != "$ref"}
    return {**_resolved(found, (folder / name).parent), **_resolved(beside, folder)}


class _Maker:
    """Makes values ready, and collects what it had to drop or could not read."""

    def __init__(self, terms: InputTerms) -> None:
        self._terms = terms
        self.problems: List[str] = []
        self.warnings: List[str] = []

    def value(self, schema: Schema, value: Any, path: Tuple[Any, ...]) -> Any:
        allowed = kinds(schema)
        if "as" in schema and isinstance(value, str):
            return schema["as"].get(value, value)
        if "object" in allowed and isinstance(value, Mapping):
            return self.object(schema, value, path)
        if "reference" in schema and isinstance(value, str):
            return {"id": value.strip(), "type": schema["reference"]}
        if "array" in allowed:
            return self._array(schema, value, path)
        if isinstance(value, str) and "when" in schema:
            return self._time(schema, value, path)
        if isinstance(value, str) and schema.get("format") in ("id", "email"):
            text = value.strip()
            return text[1:] if text[:1] == "#" and text[1:].isdigit() else text
        return value

    def object(
        self, schema: Schema, value: Mapping[str, Any], path: Tuple[Any, ...]
    ) -> Dict[str, Any]:
        known: Mapping[str, Schema] = schema.get("properties") or {}
        made: Dict[str, Any] = {}
        for name, inner in value.items():
            spec = known.get(str(name))
            at = (*path, name)
            if spec is None:
                if self._terms.lenient and schema.get("additionalProperties") is False:
                    self.warnings.append(
                        f"{place(at)}: PagerDuty's documentation knows no such field; sent "
                        "as it is"
                    )
                made[str(name)] = inner
            elif self._terms.lenient and (
                spec.get("readOnly") or (inner is None and path and "null" not in kinds(spec))
            ):
                continue
            elif spec.get("readOnly"):
                self.problems.append(f"{place(at)}: PagerDuty sets this itself: leave it out")
            else:
                made[str(name)] = self.value(spec, inner, at)
        only = _only_type(known)
        if only and made.get("type", only) in (
            only,
            f"{only}_reference",
            only.replace("_reference", ""),
        ):
            made["type"] = only
        fit(known, made)
        return made

    def _array(self, schema: Schema, value: Any, path: Tuple[Any, ...]) -> Any:
        items: Schema = schema.get("items") or {}
        if schema.get("commas") == "kept":
            return [value] if isinstance(value, str) else value
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            value = [value] if not isinstance(value, str) else listed(value)
        elif isinstance(value, (list, tuple)) and all(
            isinstance(item, (str, int)) for item in value
        ):
            value = (
                listed(value) if "string" in kinds(items) or "reference" in items else list(value)
            )
        if not isinstance(value, list):
            return value
        return [self.value(items, item, (*path, index)) for index, item in enumerate(value)]

    def _time(self, schema: Schema, text: str, path: Tuple[Any, ...]) -> str:
        from pagerduty_mattermost.core import times
        from pagerduty_mattermost.core.typed_times import check_future, iso_time

        now, zone = self._terms.now, self._terms.zone or "UTC"
        try:
            found = iso_time(text, now=now, zone=zone, past=schema.get("when") == "past")
            if found is not None and schema.get("when") == "ahead":
                # Of a whole timestamp only the year can be a slip: a window may have begun.
                since = float("-inf") if times.has_offset(text) else now
                moment = times.seconds(found) or 0.0
                check_future(text, moment, now=now, since=since, zone=zone)
        except ConfigError as error:
            self.problems.append(str(error))
            found = None
        except RejectedInput as error:
            self.problems.append(f"{place(path)}: {error}")
            found = times.iso(now)  # it is refused anyway, and once is enough
        return text if found is None else found


def _only_type(known: Mapping[str, Schema]) -> str:
    """The one word `type` can be in a body, which then needs no typing: an object's name, or that
    of a reference."""
    spec = known.get("type") or {}
    words: Any = spec.get("enum") or ()
    return str(words[0]) if len(words) == 1 and spec.get("default") == words[0] else ""
