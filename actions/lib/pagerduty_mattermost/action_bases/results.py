"""What an action returns, made so that StackStorm can store it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, List, Set

from pagerduty_mattermost.core.text import clean

MAX_DEPTH = 40
_INT64 = 2**63


def fit(value: Any) -> Any:
    """`value` as StackStorm can store it: string keys, lists for tuples, a dict for a NamedTuple,
    integers within 64 bits (else text), no NaN, no lone surrogates, NUL or magic strings.
    StackStorm fails an action that returns such things after its effect, or loses the value."""
    return value if _is_fit(value) else _fitted(value, 0)


def _is_fit(value: Any) -> bool:
    """Whether nothing has to be done to it, as to nearly every answer: a thousand incidents are
    looked through, level by level, in a fifth of the time that making them anew takes."""
    texts: Set[Any] = set()  # most of them come again and again: types, names, addresses
    level = [value]
    for _ in range(MAX_DEPTH):
        below: List[Any] = []
        for node in level:
            kind = type(node)
            if kind is str:
                texts.add(node)
            elif kind is dict:
                texts.update(node)
                below += node.values()
            elif kind is list:
                below += node
            elif kind is int:
                if not -_INT64 <= node < _INT64:
                    return False
            elif kind is float:
                if node - node != 0:
                    return False
            elif node is not None and kind is not bool:
                return False
        if not below:
            break
        level = below
    else:
        return False
    try:
        text = "\n".join(texts)
    except TypeError:  # a key that is no text
        return False
    return text.replace("\n", "").isprintable() and not (
        "~=" in text or "%***" in text or "__*" in text
    )


def _fitted(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -_INT64 <= value < _INT64 else str(value)
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, str):
        return clean(value)
    if depth >= MAX_DEPTH:
        return "..."
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {clean(str(key)): _fitted(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_fitted(item, depth + 1) for item in value]
    return clean(str(value))
