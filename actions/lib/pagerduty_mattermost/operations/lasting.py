"""What is enabled by hand and would be undone by the next reload, and StackStorm's overrides file
that makes it last. Pure.

    files = (of_all_packs, of_this_pack)
    by_hand(now, registered("rules", shipped, files))               # {"post_incidents": False}
    as_yaml(lasting_file(files, {"rules": (shipped, now)}))         # the file that keeps it
"""

# flake8: noqa: E203

from __future__ import annotations

from copy import deepcopy
from typing import Any, Dict, Iterable, List, Mapping, Tuple

Enabled = Dict[str, bool]
"""By name of a rule, sensor, alias or action."""
HEAD = (
    "# What is enabled of the pack pagerduty, over reloads and reinstalls; StackStorm reads it "
    "when it\n# registers the pack. Written by `st2 run pagerduty.setup.overrides write=true`.\n"
)


def _part(file: Mapping[str, Any], kind: str, part: str) -> Mapping[str, Any]:
    of_kind = file.get(kind)
    found = of_kind.get(part) if isinstance(of_kind, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def by_default(
    kind: str, shipped: Mapping[str, bool], files: Tuple[Mapping[str, Any], ...]
) -> Enabled:
    """What a reload makes of what is shipped by the files' defaults alone. `files`: that for all
    packs, then the pack's own."""
    said = [_part(one, kind, "defaults").get("enabled") for one in files]
    words = [bool(one) for one in said if one is not None]
    return {name: words[-1] if words else enabled for name, enabled in shipped.items()}


def registered(
    kind: str, shipped: Mapping[str, bool], files: Tuple[Mapping[str, Any], ...]
) -> Enabled:
    """What a reload makes of it, with what the pack's own file says of single ones."""
    found = by_default(kind, shipped, files)
    for name, words in _part(files[-1], kind, "exceptions").items():
        if name in found and isinstance(words, Mapping) and words.get("enabled") is not None:
            found[name] = bool(words["enabled"])
    return found


def by_hand(now: Mapping[str, bool], after: Mapping[str, bool]) -> Enabled:
    """Those that stand otherwise now than after a reload: how they stand now."""
    return {name: now[name] for name in sorted(now) if now[name] != after.get(name, now[name])}


def lasting_file(
    files: Tuple[Mapping[str, Any], ...], kinds: Mapping[str, Tuple[Enabled, Enabled]]
) -> Dict[str, Any]:
    """The pack's own file that keeps what is wanted. `kinds`: what is shipped, and what is wanted,
    by kind. All else that stands in the file stays; single ones that need no word go."""
    made: Dict[str, Any] = deepcopy(dict(files[-1]))
    for kind, (shipped, wanted) in kinds.items():
        without = by_default(kind, shipped, files)
        before = _part(made, kind, "exceptions")
        others = {name: words for name, words in before.items() if name not in wanted}
        needed = {
            name: {"enabled": wanted[name]}
            for name in sorted(wanted)
            if wanted[name] != without.get(name, wanted[name])
        }
        if needed or before:
            of_kind = made.get(kind)
            made[kind] = {
                **(of_kind if isinstance(of_kind, dict) else {}),
                "exceptions": {**others, **needed},
            }
    return made


def as_yaml(file: Mapping[str, Any]) -> str:
    """The overrides file's text."""
    import yaml

    return HEAD + str(yaml.safe_dump(dict(file), default_flow_style=False, sort_keys=True))


def named(states: Mapping[str, bool]) -> str:
    """The names for people: "storms disabled, p4_to_service enabled"."""
    return ", ".join(f"{name} {state_word(states[name])}" for name in states)


def state_word(enabled: bool) -> str:
    """Whether something is enabled, as people read it."""
    return "enabled" if enabled else "disabled"


def bare(refs: Iterable[str]) -> List[str]:
    """Names as the file has them: without the pack in front."""
    own = "pagerduty."
    return [one[len(own) :] if one.startswith(own) else one for one in map(str.strip, refs)]
