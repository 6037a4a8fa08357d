"""Reads one object of the raw configuration, and collects what is wrong with its settings.

A setting's default stands once: in the NamedTuple that its section is read into. `Reader` is given
that NamedTuple with its defaults and takes the default of a setting from the field of the same
name; a setting without such a field is empty when it is not set.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Dict, List, Optional, Tuple

EMPTY = "is empty: the datastore key it names does not exist, or it is not set"
MIN_SECRET_CHARACTERS = 20
"""Of a key that signs, and of a webhook's secret: shorter ones can be guessed."""


class Secret:
    """A text that no log, repr, format or traceback shows. False when empty."""

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one place that sends it."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return "<secret>" if self._text else "<no secret>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


class Reader:
    """The settings of one object: the whole configuration, or a section of it.

    Each method gives a setting's value, or its default where it is not set or wrong. What is wrong
    is added to `problems` as a line that begins with the setting's whole name; a section shares
    the list of the reader it came from. No line quotes a value: it may be a secret.
    """

    def __init__(self, raw: Any, defaults: Tuple[Any, ...], name: str = "") -> None:
        self.problems: List[str] = []
        self._defaults = defaults
        self._name = name
        self._raw: Mapping[str, Any] = {}
        if isinstance(raw, Mapping):
            self._raw = raw
        elif raw is not None:
            self.problems.append("the whole is not an object")

    def with_defaults(self, defaults: Tuple[Any, ...]) -> Reader:
        """The same object, read into another NamedTuple."""
        other = Reader(self._raw, defaults, self._name)
        other.problems = self.problems
        return other

    def section(
        self,
        key: str,
        defaults: Tuple[Any, ...],
        known: Tuple[str, ...] = (),
        former: Mapping[str, str] = {},
    ) -> Reader:
        """The object `key` in this one. `known`: its settings, where they are not just the fields
        of `defaults`. `former`: old names of settings that are still read, with today's names.

        A setting that does not exist is a problem: a misspelt one would do nothing, silently.
        """
        name = self._full(key)
        known = known or defaults._fields  # type: ignore[attr-defined]
        node = self.value(key)
        if node is not None and not isinstance(node, Mapping):
            self._wrong(name, "must be an object with the settings " + ", ".join(known))
            node = None
        settings, both = _with_todays_names(node or {}, former, defaults)
        for old in both:
            todays = f"{name}.{former[old]}"
            self._wrong(todays, f"and {name}.{old} are the same setting: keep {todays} alone")
        for unknown in settings:
            if unknown not in known:
                self._wrong(f"{name}.{unknown}", f"is not a setting{_meant(unknown, name, known)}")
        inner = Reader(settings, defaults, name)
        inner.problems = self.problems
        return inner

    def value(self, key: str) -> Any:
        """The raw value, None when not set."""
        value = self._raw.get(key)
        return None if value is None or (isinstance(value, str) and not value.strip()) else value

    def says(self, key: str) -> bool:
        """Whether anything is said of the section `key`; also what is no section."""
        node = self.value(key)
        return node is not None and node != {}

    def wrong(self, key: str, why: str) -> None:
        """Add that a setting is wrong."""
        self._wrong(self._full(key), why)

    def text(self, key: str) -> str:
        return self._given_text(key) or self._default(key, "")

    def secret(self, key: str) -> Secret:
        text = self._given_text(key)
        if not text.isascii() or " " in text:
            # Headers are latin-1 on the wire; a token with such characters was pasted wrongly.
            self.wrong(key, "holds a space or a character that no key has")
            return Secret()
        return Secret(text)

    def choice(self, key: str, allowed: Tuple[str, ...]) -> str:
        text = self.text(key)
        if text not in allowed:
            self.wrong(key, "must be one of " + ", ".join(allowed) + _meant_choice(text, allowed))
            return self._default(key, "")
        return text

    def boolean(self, key: str) -> bool:
        value = self.optional_boolean(key)
        return self._default(key, False) if value is None else value

    def optional_boolean(self, key: str) -> Optional[bool]:
        """As `boolean`, for a setting without a default of its own: None when not set."""
        value = self.value(key)
        if value is None or isinstance(value, bool):
            return value
        if str(value).strip().lower() in ("true", "false"):
            return str(value).strip().lower() == "true"
        self.wrong(key, "must be true or false")
        return None

    def number(self, key: str, low: float, high: float) -> float:
        value, default = self.value(key), self._default(key, low)
        if value is None:
            return default
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not low <= number <= high:
            self.wrong(key, f"must be a number from {low:g} to {high:g}")
            return default
        return number

    def integer(self, key: str, low: int, high: int) -> int:
        number = self.number(key, low, high)
        if number != int(number):
            self.wrong(key, "must be a whole number")
            return self._default(key, low)
        return int(number)

    def texts(
        self, key: str, allowed: Tuple[str, ...] = (), *, may_be_empty: bool = False
    ) -> Tuple[str, ...]:
        """A list of texts, without repetitions. An empty list gives the default, too, unless it
        `may_be_empty`."""
        value = self.value(key)
        if value is None:
            return self._default(key, ())
        if not isinstance(value, (list, tuple)):
            self.wrong(key, f"must be a list{_as_list(value)}")
            return self._default(key, ())
        found: List[str] = []
        for position, item in enumerate(value):
            here = f"{self._full(key)}[{position}]"
            if item is None:
                self._wrong(here, EMPTY)
                continue
            text = self._text(here, item)
            if allowed and text and text not in allowed:
                meant = _meant_choice(text, allowed)
                self._wrong(here, "must be one of " + ", ".join(allowed) + meant)
            elif text and text not in found:
                found.append(text)
        return tuple(found) if found or may_be_empty else self._default(key, ())

    def secrets(self, key: str) -> Tuple[Secret, ...]:
        """A list of secrets, without repetitions."""
        return tuple(Secret(text) for text in self.texts(key))

    def mapping(self, key: str) -> Dict[str, str]:
        """An object of texts."""
        value = self.value(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.wrong(key, "must be an object")
            return {}
        found = {}
        for name, item in value.items():
            here = f"{self._full(key)}.{name}"
            if item is None:
                self._wrong(here, EMPTY)
                continue
            text = self._text(here, item)
            if text:
                found[str(name).strip()] = text
        return found

    def lists(self, key: str) -> Dict[str, Tuple[str, ...]]:
        """An object of lists of texts."""
        value = self.value(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not all(
            isinstance(one, (list, tuple)) for one in value.values()
        ):
            self.wrong(key, "must be an object of lists")
            return {}
        return {
            str(name): tuple(str(text).strip() for text in one if text)
            for name, one in value.items()
        }

    def url(
        self, key: str, schemes: Tuple[str, ...] = ("https", "http"), *, login: bool = False
    ) -> str:
        """A URL without query, fragment or trailing slash, and with a login only where allowed
        (proxy)."""
        from urllib.parse import urlsplit

        text = self._given_text(key)
        if not text:
            return ""
        try:
            parts = urlsplit(text)
            host, _ = parts.hostname, parts.port
        except ValueError:
            parts, host = urlsplit(""), None
        if parts.scheme not in schemes or not host or re.search(r"[\s\\<>\"]", text):
            self.wrong(
                key,
                "must be a URL that begins with " + " or ".join(one + "://" for one in schemes),
            )
            return ""
        if parts.query or parts.fragment or ("@" in parts.netloc and not login):
            self.wrong(key, "must be a plain address: no login, no ?query, no #fragment")
            return ""
        return text.rstrip("/")

    def file(self, key: str) -> str:
        """The path of a file that exists on this machine."""
        import os

        path = self._given_text(key)
        if path and not os.path.isfile(path):
            self.wrong(key, "names a file that does not exist here")
            return ""
        return path

    def _default(self, key: str, empty: Any) -> Any:
        return getattr(self._defaults, key, empty)

    def _full(self, key: str) -> str:
        return f"{self._name}.{key}" if self._name else key

    def _wrong(self, name: str, why: str) -> None:
        self.problems.append(f"{name} {why}")

    def _given_text(self, key: str) -> str:
        value = self.value(key)
        return "" if value is None else self._text(self._full(key), value)

    def _text(self, name: str, value: Any) -> str:
        """A usable text, or "" after noting why not."""
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            self._wrong(name, "must be text")
            return ""
        text = str(value).strip()
        if text in ("", "None"):
            self._wrong(name, EMPTY)
            return ""
        if "{{" in text or "{%" in text:
            self._wrong(name, "holds a template that was not resolved")
            return ""
        if any(ord(char) < 32 or ord(char) == 127 for char in text):
            self._wrong(name, "holds a line break or another control character")
            return ""
        return text


def _meant(unknown: Any, section: str, known: Tuple[str, ...]) -> str:
    """The setting most like it, else all of its section."""
    import difflib

    near = difflib.get_close_matches(str(unknown).lower(), known, n=1)
    if near:
        return f", did you mean {section}.{near[0]}?"
    return f" ({section} has {', '.join(known)})"


def _meant_choice(text: str, allowed: Tuple[str, ...]) -> str:
    """The word most like it; the text itself may be a secret."""
    import difflib

    near = difflib.get_close_matches(text.lower(), allowed, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _as_list(value: Any) -> str:
    return f": write [{value}]" if isinstance(value, str) and value.isidentifier() else ""


def _with_todays_names(
    settings: Mapping[str, Any], former: Mapping[str, str], defaults: Tuple[Any, ...]
) -> Tuple[Mapping[str, Any], List[str]]:
    """Settings under old names moved to today's; and the old names of those that have another
    value under today's as well. StackStorm puts today's name with its default beside an old one,
    so that default says nothing."""
    renamed = {key: value for key, value in settings.items() if key not in former}
    both = []
    for old, new in former.items():
        if settings.get(old) is None:
            continue
        if renamed.get(new) in (None, getattr(defaults, new)):
            renamed[new] = settings[old]
        elif renamed[new] != settings[old]:
            both.append(old)
    return renamed, both
