"""YAML as values: the pack's own metadata, and what people write."""

from __future__ import annotations

from typing import Any


def loaded(text: str) -> Any:
    """What the text holds, by the parser written in C where PyYAML has it, which is six to ten
    times as fast. What it refuses is read again by the one in Python, whose words say better what
    is wrong. Raises yaml.YAMLError."""
    import yaml

    fast = getattr(yaml, "CSafeLoader", None)
    if fast is not None:
        try:
            return yaml.load(text, Loader=fast)
        except yaml.YAMLError:
            pass
    return yaml.safe_load(text)
