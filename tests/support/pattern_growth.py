"""How the time of a regular expression grows with its input, read from the expression itself.

    growth(r"(?:a+)+b", 0, "match")     # -> EXPONENTIAL
    growth(r"a+a+b", 0, "match")        # -> POLYNOMIAL
    growth(r"a+b", 0, "match")          # -> LINEAR

A backtracking matcher tries every way in which the same text can be cut up among the repetitions.
So the expression is made an automaton whose states are its characters. Where a state can come back
to itself in two ways on the same text there are exponentially many ways; where two loops one
behind the other can share a text, so many as a power of its length. Bounded repetitions count as
unbounded ones, look-arounds are looked at by themselves. A search begins anew at each place, which
is one loop more; what has matched already is not tried again.
"""

# flake8: noqa: E203,W503

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import Any, Dict, FrozenSet, Iterator, List, NamedTuple, Set, Tuple

try:  # Python 3.11 gave the parser another name
    from re import _constants as constants  # type: ignore[attr-defined]
    from re import _parser as parser
except ImportError:
    import sre_constants as constants
    import sre_parse as parser

LINEAR, POLYNOMIAL, EXPONENTIAL = "linear", "polynomial", "exponential"
SEARCHES = ("search", "sub", "subn", "split", "findall", "finditer")
MOST_EXPANDED = 3
"""A repetition that is bounded by more counts as unbounded."""
_SAMPLES = "aZ5_ \n\té٣!\u2028/@.-:=\"'{}[]<>#&;,+*%~|\\`"


class Piece(NamedTuple):
    """A part of the automaton: its first and last states, and whether it may be empty."""

    first: Tuple[int, ...]
    last: Tuple[int, ...]
    empty: bool


class Automaton:
    """Of a parsed expression. `sets`: the characters each state takes; `follow`: in how many ways
    one state comes behind another."""

    def __init__(self, tree: Any, flags: int, alphabet: str) -> None:
        self.flags, self.alphabet = flags, alphabet
        self.sets: List[FrozenSet[str]] = []
        self.follow: Dict[int, Counter[int]] = defaultdict(Counter)
        self.inner: List[Any] = []
        self.ends = False
        self.whole = self._sequence(tree)

    def _state(self, chars: FrozenSet[str]) -> Piece:
        self.sets.append(chars)
        at = len(self.sets) - 1
        return Piece((at,), (at,), False)

    def _joined(self, left: Piece, right: Piece) -> Piece:
        for one in left.last:
            for other in right.first:
                self.follow[one][other] += 1
        first = left.first + (right.first if left.empty else ())
        last = right.last + (left.last if right.empty else ())
        return Piece(first, last, left.empty and right.empty)

    def _sequence(self, tree: Any) -> Piece:
        made = Piece((), (), True)
        for op, value in tree:
            made = self._joined(made, self._piece(op, value))
        return made

    def _piece(self, op: Any, value: Any) -> Piece:
        name = str(op)
        if name in ("LITERAL", "NOT_LITERAL", "IN", "ANY"):
            return self._state(self._chars(op, value))
        if name == "BRANCH":
            pieces = [self._sequence(one) for one in value[1]]
            return Piece(
                tuple(at for one in pieces for at in one.first),
                tuple(at for one in pieces for at in one.last),
                any(one.empty for one in pieces),
            )
        if name == "SUBPATTERN":
            return self._sequence(value[-1])
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            return self._repeated(*value)
        if name in ("ASSERT", "ASSERT_NOT"):
            self.inner.append(value[1])
            self.ends = True
            return Piece((), (), True)
        if name == "AT":
            self.ends = self.ends or str(value) != "AT_BEGINNING"
            return Piece((), (), True)
        if name in ("GROUPREF", "GROUPREF_EXISTS"):
            raise NotImplementedError("a back reference can't be judged: write it without")
        raise NotImplementedError(name)

    def _repeated(self, low: int, high: Any, tree: Any) -> Piece:
        unbounded = high is constants.MAXREPEAT or high > MOST_EXPANDED
        made = Piece((), (), True)
        for _ in range(min(low, MOST_EXPANDED) if not unbounded else min(low, 1)):
            made = self._joined(made, self._sequence(tree))
        if unbounded:
            loop = self._sequence(tree)
            for one in loop.last:
                for other in loop.first:
                    self.follow[one][other] += 1
            if low <= 1 and not made.first:
                return Piece(loop.first, loop.last, loop.empty or low == 0)
            return loop if not made.first else Piece(loop.first, loop.last, low == 0)
        for _ in range(high - low):
            one = self._sequence(tree)
            made = self._joined(made, Piece(one.first, one.last, True))
        return made

    def _chars(self, op: Any, value: Any) -> FrozenSet[str]:
        return frozenset(char for char in self.alphabet if self._takes(op, value, char))

    def _takes(self, op: Any, value: Any, char: str) -> bool:
        name = str(op)
        if name == "ANY":
            return char != "\n" or bool(self.flags & re.DOTALL)
        both = {char, char.lower(), char.upper()} if self.flags & re.IGNORECASE else {char}
        if name == "LITERAL":
            return any(ord(one) == value for one in both if len(one) == 1)
        if name == "NOT_LITERAL":
            return not any(ord(one) == value for one in both if len(one) == 1)
        if name == "RANGE":
            return any(value[0] <= ord(one) <= value[1] for one in both if len(one) == 1)
        if name == "CATEGORY":
            return self._in_category(str(value), char)
        negated = str(value[0][0]) == "NEGATE"
        items = value[1:] if negated else value
        return any(self._takes(inner, what, char) for inner, what in items) != negated

    def _in_category(self, name: str, char: str) -> bool:
        letter = {"DIGIT": "d", "SPACE": "s", "WORD": "w"}[name.split("_")[-1]]
        letter = letter.upper() if "_NOT_" in name else letter
        return re.match("\\" + letter, char, self.flags & re.ASCII) is not None


def growth(pattern: str, flags: int, use: str) -> str:
    """LINEAR, POLYNOMIAL or EXPONENTIAL. `use`: the function of `re` that it is given to."""
    tree = parser.parse(pattern, flags)
    flags = getattr(tree, "state", getattr(tree, "pattern", None)).flags
    literals = {chr(value) for value in _literals(tree)}
    alphabet = "".join(dict.fromkeys((*literals, *_SAMPLES)))
    if (
        tree
        and str(tree[0][1]) in ("AT_BEGINNING", "AT_BEGINNING_STRING")
        and not (flags & re.MULTILINE)
    ):
        use = "match"  # there is one place to begin at
    todo, worst = [(tree, use)], LINEAR
    while todo:
        one, how = todo.pop()
        automaton = Automaton(one, flags, alphabet)
        todo += [(inner, "lookahead") for inner in automaton.inner]
        found = _judged(automaton, how)
        worst = max(worst, found, key=(LINEAR, POLYNOMIAL, EXPONENTIAL).index)
    return worst


def _literals(tree: Any) -> Iterator[int]:
    """Every character that stands in the expression, and the ends of ranges and what lies just
    outside of them."""
    for op, value in tree:
        name = str(op)
        if name in ("LITERAL", "NOT_LITERAL"):
            yield value
        elif name == "RANGE":
            yield from (value[0], value[1], max(0, value[0] - 1), min(0x10FFFF, value[1] + 1))
        elif name == "IN":
            yield from _literals(value)
        elif name == "BRANCH":
            for one in value[1]:
                yield from _literals(one)
        elif name in ("SUBPATTERN", "MAX_REPEAT", "MIN_REPEAT"):
            yield from _literals(value[-1])
        elif name in ("ASSERT", "ASSERT_NOT"):
            yield from _literals(value[1])


def _judged(automaton: Automaton, use: str) -> str:
    follow, sets, whole = automaton.follow, automaton.sets, automaton.whole
    if use in SEARCHES:  # begin at each place: a state that takes anything, in front
        sets.append(frozenset(automaton.alphabet))
        start = len(sets) - 1
        follow[start] = Counter({start: 1, **dict.fromkeys(whole.first, 1)})
    rings = _rings({state: list(follow[state]) for state in range(len(sets))})
    for ring in rings:
        if _is_exponential(ring, follow, sets):
            return EXPONENTIAL
    done = set() if use == "fullmatch" or automaton.ends else set(whole.last)
    for first in rings:
        for second in rings:
            if second is not first and not second & done and _share(first, second, follow, sets):
                return POLYNOMIAL
    return LINEAR


def _rings(edges: Dict[Any, List[Any]]) -> List[Set[Any]]:
    """Sets of states that lead to one another, single ones where they lead to themselves."""
    index: Dict[Any, int] = {}
    low: Dict[Any, int] = {}
    stack: List[Any] = []
    found: List[Set[Any]] = []
    for root in edges:
        if root in index:
            continue
        work = [(root, iter(edges[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        while work:
            state, following = work[-1]
            for other in following:
                if other not in index:
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    work.append((other, iter(edges.get(other, ()))))
                    break
                if other in stack:
                    low[state] = min(low[state], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[state])
                if low[state] == index[state]:
                    ring = set(stack[stack.index(state) :])
                    del stack[stack.index(state) :]
                    if len(ring) > 1 or state in edges[state]:
                        found.append(ring)
    return found


def _is_exponential(ring: Set[int], follow: Any, sets: List[FrozenSet[str]]) -> bool:
    """Whether a state of the ring comes back to itself in two ways on the same text."""
    if any(follow[one][other] > 1 for one in ring for other in ring):
        return True
    edges: Dict[Tuple[int, int], List[Tuple[int, int]]] = {}
    for one in ring:
        for other in ring:
            edges[one, other] = [
                (a, b)
                for a in follow[one]
                for b in follow[other]
                if a in ring and b in ring and sets[a] & sets[b]
            ]
    return any(
        any(a == b for a, b in pairs) and any(a != b for a, b in pairs) for pairs in _rings(edges)
    )


def _share(first: Set[int], second: Set[int], follow: Any, sets: List[FrozenSet[str]]) -> bool:
    """Whether a text leads around in the first ring, from there into the second, and around in
    that."""
    for p in first:
        for q in second:
            todo, seen = [(p, p, q)], {(p, p, q)}
            while todo:
                x, y, z = todo.pop()
                for a in follow[x]:
                    if a not in first:
                        continue
                    for c in follow[z]:
                        both = sets[a] & sets[c] if c in second else frozenset()
                        if not both:
                            continue
                        for b in follow[y]:
                            if both & sets[b] and (a, b, c) not in seen:
                                if (a, b, c) == (p, q, q):
                                    return True
                                seen.add((a, b, c))
                                todo.append((a, b, c))
    return False
