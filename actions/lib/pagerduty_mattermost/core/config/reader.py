"""Reads settings out of the raw configuration by dotted name, and collects what is wrong with
them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Dict, List, Optional, Tuple

EMPTY = "is empty: the datastore key it names does not exist, or it is not set"


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
    """Reads settings by dotted name and collects what is wrong with them."""

    def __init__(self, raw: Any) -> None:
        self.problems: List[str] = []
        self._raw: Dict[str, Any] = {}
        if raw is None:
            return
        if isinstance(raw, Mapping):
            self._raw = dict(raw)
        else:
            self.problems.append("the whole is not an object")

    def value(self, name: str) -> Any:
        """The raw value, None when not set."""
        section, _, key = name.partition(".")
        node: Any = self._raw.get(section)
        if key:
            node = node.get(key) if isinstance(node, Mapping) else None
        return None if node is None or (isinstance(node, str) and not node.strip()) else node

    def wrong(self, name: str, why: str) -> None:
        self.problems.append(f"{name} {why}")

    def section(self, name: str, known: Tuple[str, ...]) -> None:
        """Check that an object is one and holds only settings that exist: a misspelt one would do
        nothing, silently."""
        node = self.value(name)
        if node is None:
            return
        if not isinstance(node, Mapping):
            self.wrong(name, "must be an object with the settings " + ", ".join(known))
            return
        for key in node:
            if key not in known:
                self.wrong(f"{name}.{key}", f"is not a setting ({name} has {', '.join(known)})")

    def text_of(self, name: str, value: Any) -> str:
        """A usable text, or "" after noting why not. The value is never quoted: it may be a
        secret."""
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            self.wrong(name, "must be text")
            return ""
        text = str(value).strip()
        if text in ("", "None"):
            self.wrong(name, EMPTY)
            return ""
        if "{{" in text or "{%" in text:
            self.wrong(name, "holds a template that was not resolved")
            return ""
        if any(ord(char) < 32 or ord(char) == 127 for char in text):
            self.wrong(name, "holds a line break or another control character")
            return ""
        return text

    def text(self, name: str) -> str:
        value = self.value(name)
        return "" if value is None else self.text_of(name, value)

    def secret(self, name: str) -> Secret:
        text = self.text(name)
        if not text.isascii() or " " in text:
            # Headers are latin-1 on the wire; a token with such characters was pasted wrongly.
            self.wrong(name, "holds a space or a character that no key has")
            return Secret()
        return Secret(text)

    def choice(self, name: str, allowed: Tuple[str, ...], default: str) -> str:
        text = self.text(name) or default
        if text not in allowed:
            self.wrong(name, "must be one of " + ", ".join(allowed))
            return default
        return text

    def boolean(self, name: str) -> Optional[bool]:
        value = self.value(name)
        if value is None or isinstance(value, bool):
            return value
        if str(value).strip().lower() in ("true", "false"):
            return str(value).strip().lower() == "true"
        self.wrong(name, "must be true or false")
        return None

    def number(self, name: str, default: float, low: float, high: float) -> float:
        value = self.value(name)
        if value is None:
            return default
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not low <= number <= high:
            self.wrong(name, f"must be a number from {low:g} to {high:g}")
            return default
        return number

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        number = self.number(name, default, low, high)
        if number != int(number):
            self.wrong(name, "must be a whole number")
            return default
        return int(number)

    def texts(self, name: str, allowed: Tuple[str, ...] = ()) -> Tuple[str, ...]:
        """A list of texts, without repetitions."""
        value = self.value(name)
        if value is None:
            return ()
        if not isinstance(value, (list, tuple)):
            self.wrong(name, "must be a list")
            return ()
        found: List[str] = []
        for position, item in enumerate(value):
            here = f"{name}[{position}]"
            if item is None:
                self.wrong(here, EMPTY)
                continue
            text = self.text_of(here, item)
            if allowed and text and text not in allowed:
                self.wrong(here, "must be one of " + ", ".join(allowed))
            elif text and text not in found:
                found.append(text)
        return tuple(found)

    def mapping(self, name: str) -> Dict[str, str]:
        value = self.value(name)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.wrong(name, "must be an object")
            return {}
        found = {}
        for key, item in value.items():
            here = f"{name}.{key}"
            if item is None:
                self.wrong(here, EMPTY)
                continue
            text = self.text_of(here, item)
            if text:
                found[str(key).strip()] = text
        return found

    def lists(self, name: str) -> Dict[str, Tuple[str, ...]]:
        """An object of lists of texts."""
        value = self.value(name)
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not all(
            isinstance(one, (list, tuple)) for one in value.values()
        ):
            self.wrong(name, "must be an object of lists")
            return {}
        return {
            str(key): tuple(str(text).strip() for text in one if text)
            for key, one in value.items()
        }

    def url(
        self, name: str, schemes: Tuple[str, ...] = ("https", "http"), *, login: bool = False
    ) -> str:
        """A URL without query, fragment or trailing slash, and with a login only where allowed
        (proxy)."""
        from urllib.parse import urlsplit

        text = self.text(name)
        if not text:
            return ""
        try:
            parts = urlsplit(text)
            host, _ = parts.hostname, parts.port
        except ValueError:
            parts, host = urlsplit(""), None
        if parts.scheme not in schemes or not host or re.search(r"[\s\\<>\"]", text):
            self.wrong(
                name,
                "must be a URL that begins with " + " or ".join(one + "://" for one in schemes),
            )
            return ""
        if parts.query or parts.fragment or ("@" in parts.netloc and not login):
            self.wrong(name, "must be a plain address: no login, no ?query, no #fragment")
            return ""
        return text.rstrip("/")

    def file(self, name: str) -> str:
        import os

        path = self.text(name)
        if path and not os.path.isfile(path):
            self.wrong(name, "names a file that does not exist here")
            return ""
        return path
