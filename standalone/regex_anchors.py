"""Whether a regular expression is anchored, as StackStorm's alias parser decides it.

StackStorm asks Python's own parser of regular expressions, which is private and moved already
once; here the pattern's text is read. Pure.
"""

# flake8: noqa: E203

from __future__ import annotations

import re
from typing import FrozenSet, Match, Optional, Pattern

BEGINNING = "beginning"
END = "end"

_NONE: FrozenSet[str] = frozenset()
_PLAIN = {"^": frozenset({BEGINNING}), "$": frozenset({END})}
_ESCAPED = {"A": frozenset({BEGINNING}), "Z": frozenset({END})}
_REPEAT = re.compile(r"(?:[*+?]|\{(?:[0-9]*,[0-9]*|[0-9]+)\})[?+]?")
_SET = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_COMMENT = re.compile(r"\(\?#[^)]*\)")
_VERBOSE_BLANK = re.compile(r"\s+|#[^\n]*")
_FLAGS = re.compile(r"\(\?([aiLmsux]+)\)")
_BACKREFERENCE = re.compile(r"\(\?P=\w+\)")
_SEARCHED_GROUP = re.compile(r"\((?:\?(?:P<\w+>|([aiLmsux]*)(?:-([imsx]+))?:)|(?!\?))")
_OTHER_GROUP = re.compile(r"\(\?(?:<?[=!]|>|\(\w+\))")


def anchors(pattern: str) -> FrozenSet[str]:
    """`BEGINNING` (``^``, ``\\A``) and `END` (``$``, ``\\Z``), where the pattern has them.

    StackStorm looks at what stands in the pattern itself and in its groups, and of alternatives
    only at the second; not into what is repeated, and not into lookarounds.
    """
    return _Scanner(pattern).alternatives(False)


class _Scanner:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def alternatives(self, verbose: bool) -> FrozenSet[str]:
        """Up to the end of the pattern or of the group."""
        found = [_NONE]
        while self._at < len(self._pattern):
            char = self._pattern[self._at]
            if char == ")":
                break
            if char == "|":
                self._at += 1
                found.append(_NONE)
                continue
            flags = self._take(_FLAGS)
            if flags:
                verbose = verbose or "x" in flags.group(1)
            elif not self._skipped(verbose):
                item = self._item(verbose)
                while self._skipped(verbose):
                    pass
                if not self._take(_REPEAT):
                    found[-1] |= item
        return found[1] if len(found) > 1 else found[0]

    def _item(self, verbose: bool) -> FrozenSet[str]:
        char = self._pattern[self._at]
        if char == "\\":
            self._at += 2
            return _ESCAPED.get(self._pattern[self._at - 1 : self._at], _NONE)
        if self._take(_SET) or self._take(_BACKREFERENCE):
            return _NONE
        group = self._take(_SEARCHED_GROUP)
        if group:
            on, off = group.group(1) or "", group.group(2) or ""
            return self._group((verbose or "x" in on) and "x" not in off)
        if self._take(_OTHER_GROUP):
            self._group(verbose)
            return _NONE
        self._at += 1
        return _PLAIN.get(char, _NONE)

    def _group(self, verbose: bool) -> FrozenSet[str]:
        found = self.alternatives(verbose)
        self._at += 1
        return found

    def _skipped(self, verbose: bool) -> bool:
        return bool(self._take(_COMMENT) or (verbose and self._take(_VERBOSE_BLANK)))

    def _take(self, wanted: Pattern[str]) -> Optional[Match[str]]:
        found = wanted.match(self._pattern, self._at)
        if found:
            self._at = found.end()
        return found
