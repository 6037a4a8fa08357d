"""Action aliases: a chat phrase to the parameters of an action, as StackStorm's alias parser does
it.

Pure. A format is text with `{{name}}` (required) and `{{name=default}}` (optional); what is
outside of the braces is a regular expression; it has to fit the whole phrase unless it has anchors
of its own. `key=value` pairs at the phrase's end are cut off first and set any further parameter.
Values may be quoted, or stand in braces (JSON).
"""

# flake8: noqa: E203

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

from standalone.regex_anchors import BEGINNING, END, anchors

__all__ = [
    "ActionAlias",
    "AliasFormat",
    "AmbiguousCommand",
    "FitsSeveral",
    "ParseError",
    "compiled",
    "extract_parameters",
    "match",
    "phrases",
]

_QUOTED = r'""|\'\'|"(.+?)"|\'(.+?)\'|({.+?})'
_PAIRS = re.compile(r"(?:^|(?<=\s))([^\s=]+)\s*=(" + _QUOTED + r"|(\S+))", re.DOTALL)
_OPTIONAL = r"{{\s*(\S+?)\s*\s*=\s*(?:" + _QUOTED + r"|(.+?))\s*}}"
_REQUIRED = r"{{\s*(\S+?)\s*}}"
_VALUE = r"(?:(?<=').+?(?=')|(?<=\").+?(?=\")|{.+?}|.+?)"

MAX_CHARACTERS = 2000
"""Of a phrase: a format is a pattern that tries many ways to cut it up."""


class ParseError(ValueError):
    """The phrase does not fit the format."""


class AmbiguousCommand(ValueError):
    """The phrase fits no format, or several; the message says which."""


class FitsSeveral(AmbiguousCommand):
    """The phrase fits several formats; the message says which."""


class AliasFormat(NamedTuple):
    """One entry of an alias's `formats`."""

    display: str
    representations: Tuple[str, ...]
    match_multiple: bool


class ActionAlias(NamedTuple):
    """An alias's metadata, under the names StackStorm's model has."""

    name: str
    action_ref: str
    formats: Tuple[Any, ...]
    description: str = ""
    enabled: bool = True
    ack: Mapping[str, Any] = {}
    result: Mapping[str, Any] = {}
    immutable_parameters: Mapping[str, Any] = {}

    @classmethod
    def from_metadata(cls, data: Mapping[str, Any]) -> ActionAlias:
        """From the mapping of an alias's YAML file; raises KeyError when a required key is
        missing."""
        return cls(
            name=data["name"],
            action_ref=data["action_ref"],
            formats=tuple(data["formats"]),
            description=data.get("description") or "",
            enabled=data.get("enabled", True),
            ack=data.get("ack") or {},
            result=data.get("result") or {},
            immutable_parameters=data.get("immutable_parameters") or {},
        )

    def get_format_strings(self) -> List[str]:
        """Every format a phrase may have, as StackStorm's model lists them."""
        strings: List[str] = []
        for entry in self.formats:
            if isinstance(entry, dict) and entry.get("representation"):
                strings.extend(entry["representation"])
            else:
                strings.append(entry)
        return strings

    def parsed_formats(self) -> List[AliasFormat]:
        """The formats in one shape."""
        return [_normalise(entry) for entry in self.formats]


def _normalise(entry: Any) -> AliasFormat:
    if isinstance(entry, str):
        return AliasFormat(entry, (entry,), False)
    representations = entry.get("representation") or []
    if isinstance(representations, str):
        representations = [representations]
    return AliasFormat(
        entry.get("display") or "", tuple(representations), bool(entry.get("match_multiple"))
    )


def extract_parameters(format_string: str, command: str) -> Dict[str, Any]:
    """The parameters a phrase sets, as text. Raises ParseError when the format does not take the
    phrase."""
    return _FormatParser(format_string, command).first()


def extract_all_parameters(format_string: str, command: str) -> List[Dict[str, Any]]:
    """For a format with `match_multiple`: the parameters of each place in the phrase that fits."""
    return _FormatParser(format_string, command).all()


def match(
    aliases: Sequence[ActionAlias], command: str
) -> Tuple[ActionAlias, List[Dict[str, Any]]]:
    """The one alias that takes the phrase, and the parameters of each execution it asks for (one,
    mostly).

    Formats with `match_multiple` are only looked at when no other fits. Raises AmbiguousCommand.
    """
    if len(command) > MAX_CHARACTERS:
        raise AmbiguousCommand(f"a phrase has at most {MAX_CHARACTERS} characters")
    enabled = [alias for alias in aliases if alias.enabled]
    for multiple in (False, True):
        found = []
        for alias in enabled:
            formats = alias.parsed_formats()
            # StackStorm chooses the whole alias by whether one of its formats is of the kind, not
            # format by format.
            if any(f.match_multiple for f in formats) != multiple:
                continue
            for representation in (text for f in formats for text in f.representations):
                try:
                    parameters = extract_parameters(representation, command)
                except ParseError:
                    continue
                if multiple:
                    found.append(
                        (alias, representation, extract_all_parameters(representation, command))
                    )
                else:
                    found.append((alias, representation, [parameters]))
        if len(found) > 1:
            which = "; ".join(sorted({f"{alias.name} ({text})" for alias, text, _ in found}))
            raise FitsSeveral(f"'{command}' fits more than one alias format: {which}")
        if found:
            return found[0][0], found[0][2]
    raise AmbiguousCommand(f"'{command}' is no phrase{_near(enabled, command)}")


def phrases(aliases: Sequence[ActionAlias]) -> List[Tuple[str, str]]:
    """(what to type, what it does) of every enabled alias, for a help text."""
    return [
        (entry.display or entry.representations[0], alias.description)
        for alias in aliases
        if alias.enabled
        for entry in alias.parsed_formats()
        if entry.display or entry.representations
    ]


def _near(aliases: Sequence[ActionAlias], command: str) -> str:
    """The phrase most like it, by its words and not by what fills it in."""
    import difflib

    shown = [text for text, _ in phrases(aliases)]
    bare = {
        re.sub(r"\s*({{.*?}}|\[.*?\]|<.*?>)", "", text).strip().lower(): text for text in shown
    }
    words = command.lower().split()
    best, score = "", 0.0
    for text, display in bare.items():
        beginning = " ".join(words[: len(text.split())])
        ratio = difflib.SequenceMatcher(None, beginning, text).ratio()
        if ratio > score:
            best, score = display, ratio
    meant = f"; did you mean “{best}”?" if score >= 0.75 else ""
    return meant or "; `chat help` lists them"


class _FormatParser:
    def __init__(self, format_string: str, command: str) -> None:
        self._format = format_string or ""
        self._command = command or ""
        self._pairs: List[Tuple[str, ...]] = []
        rest = self._command
        start, pairs = _pairs_at_end(rest)
        if pairs:
            self._pairs, rest = pairs, rest[:start].rstrip()
        self._stream = f" {rest} "
        self._optional = re.findall(_OPTIONAL, self._format, re.DOTALL)
        self._regex = compiled(self._format)

    def first(self) -> Dict[str, Any]:
        found = self._regex.search(self._stream)
        if not found:
            raise ParseError(
                f'Command "{self._command}" doesn\'t match format string "{self._format}"'
            )
        return self._values(found)

    def all(self) -> List[Dict[str, Any]]:
        return [self._values(found) for found in self._regex.finditer(self._stream)]

    def _values(self, found: Any) -> Dict[str, Any]:
        values: Dict[str, Any] = found.groupdict()
        for name, *default in self._optional:
            values[name] = values[name] or "".join(default)
        for pair in self._pairs:
            values[pair[0]] = "".join(pair[2:])
        if self._format and not (self._stream.strip() or any(values.values())):
            raise ParseError("No value supplied and no default value found.")
        return values


def _pairs_at_end(command: str) -> Tuple[int, List[Tuple[str, ...]]]:
    """Where the `key=value` pairs at the end begin, and they."""
    start, end = 0, 0
    pairs: List[Tuple[str, ...]] = []
    for found in _PAIRS.finditer(command):
        if not pairs or command[end : found.start()].strip():
            start, pairs = found.start(), []
        pairs.append(tuple(found.groups(default="")))
        end = found.end()
    return (start, pairs) if pairs and not command[end:].strip() else (0, [])


def compiled(format_string: str) -> Any:
    """The format as StackStorm makes a pattern of it."""

    def group(found: Any) -> str:
        return f"{found.group(1)}[\"']?(?P<{found.group(2)}>{_VALUE})[\"']?"

    regex = re.sub(r"(\s*)" + _OPTIONAL, lambda found: "(?:" + group(found) + ")?", format_string)
    regex = re.sub(r"(\s*)" + _REQUIRED, group, regex)
    anchored = anchors(regex)
    if BEGINNING not in anchored:
        regex = r"^\s*" + regex
    if END not in anchored:
        regex += r"\s*$"
    return re.compile(regex, re.DOTALL)
