"""`setup.overrides`: what is enabled on StackStorm now, made to last over reloads and reinstalls;
and the line of `health.check` about what would not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence, Tuple

from pagerduty_mattermost.core.errors import RejectedInput, WrongParameter
from pagerduty_mattermost.gateways.stackstorm import key_rights, overrides_file, registered
from pagerduty_mattermost.operations import lasting

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

TO_KEEP = "`st2 run pagerduty.setup.overrides write=true` makes it last"
CHECKED = (registered.RULES, registered.SENSORS)
"""Kinds that health.check looks at: a request each."""


def check(context: Context) -> Tuple[str, str]:
    """ok, warn or off, and a text. Raises what StackStorm's client raises."""
    client, folder = context.stackstorm(), overrides_file.folder()
    if folder is None or getattr(client, "managers", None) is None:
        return "off", "without StackStorm: the files of --rules say what is enabled"
    try:
        now = {kind: registered.enabled_now(client, kind) for kind in CHECKED}
    except Exception as error:
        if key_rights.is_refusal(error):
            return "off", "what is enabled in StackStorm this user may not ask"
        raise
    return verdict(now, _files(folder), str(folder))


def verdict(
    now: Mapping[str, lasting.Enabled], files: Tuple[Mapping[str, Any], ...], folder: str
) -> Tuple[str, str]:
    """The line, by what is enabled now of each kind and the overrides files."""
    undone: lasting.Enabled = {}
    for kind, states in now.items():
        after = lasting.registered(kind, _shipped(kind, states), files)
        undone.update(lasting.by_hand(states, after))
    if not undone:
        return "ok", "what is enabled outlasts a reload"
    return "warn", (
        f"{lasting.named(undone)} by hand: the next st2ctl reload or install of the pack undoes "
        f"that; {TO_KEEP} ({folder}/{overrides_file.PACK}.yaml)"
    )


def set_up(
    client: Any,
    folder: Optional[Path],
    *,
    enable: Sequence[str] = (),
    disable: Sequence[str] = (),
    write: bool = False,
) -> Dict[str, Any]:
    """The action's result. `folder`: of StackStorm's overrides files. Raises RejectedInput, and
    what StackStorm's client raises."""
    if folder is None or getattr(client, "managers", None) is None:
        raise RejectedInput(
            "There is no StackStorm here: a file in the folder of --rules with name, pack and "
            "enabled switches a rule on or off (docs/routes.md)"
        )
    files = _files(folder)
    now = {kind: registered.enabled_now(client, kind) for kind in registered.KINDS}
    shipped = {kind: _shipped(kind, states) for kind, states in now.items()}
    wanted = _wanted(now, lasting.bare(enable), lasting.bare(disable))
    made = lasting.lasting_file(files, {kind: (shipped[kind], wanted[kind]) for kind in now})
    path, text = str(folder / f"{overrides_file.PACK}.yaml"), lasting.as_yaml(made)
    said = _said(shipped, wanted)
    nothing_to_do = made == dict(files[-1]) and wanted == now
    result: Dict[str, Any] = {
        "path": path,
        "written": False,
        "nothing_to_do": nothing_to_do,
        "text": text,
        "states": said,
    }
    differ = [f"{name} {lasting.state_word(on)}" for name, on in said.items()]
    kept = ", ".join(differ) or "everything as it is shipped"
    if nothing_to_do:
        return {**result, "message": f"Nothing to do: {kept}, and that lasts."}
    if not write:
        return {
            **result,
            "message": f"Would keep {kept}. Nothing is written yet: repeat it with write=true, or "
            f"put the text into {path} by hand and run `st2ctl reload --register-all`.",
        }
    overrides_file.write(folder, text)
    for kind in (kind for kind in now if wanted[kind] != now[kind]):
        registered.register(client, kind)
        _check_taken(client, kind, wanted[kind], path)
    return {
        **result,
        "written": True,
        "message": f"{path} keeps {kept}, over reloads and reinstalls.",
    }


def _check_taken(client: Any, kind: str, wanted: lasting.Enabled, path: str) -> None:
    stands = registered.enabled_now(client, kind)
    wrong = lasting.by_hand(stands, wanted)
    if wrong:
        raise RejectedInput(
            f"{path} is written on the machine that runs actions, and StackStorm's API did not "
            f"follow it ({lasting.named(wrong)}): copy it to each machine that runs st2api or "
            "registers packs, then run `st2ctl reload --register-all`"
        )


def _files(folder: Path) -> Tuple[Mapping[str, Any], ...]:
    return overrides_file.read(folder, overrides_file.GLOBAL), overrides_file.read(
        folder, overrides_file.PACK
    )


def _shipped(kind: str, names: Mapping[str, bool]) -> lasting.Enabled:
    """Rules by their files; all else is shipped enabled. A rule that the pack does not ship, such
    as one that somebody made in its name, no reload touches."""
    return registered.shipped_rules() if kind == registered.RULES else dict.fromkeys(names, True)


def _wanted(
    now: Mapping[str, lasting.Enabled], enable: List[str], disable: List[str]
) -> Dict[str, lasting.Enabled]:
    both = set(enable) & set(disable)
    if both:
        raise WrongParameter("disable", f"{', '.join(sorted(both))} is also to be enabled")
    wanted = {kind: dict(states) for kind, states in now.items()}
    for parameter, names, state in (("enable", enable, True), ("disable", disable, False)):
        for name in names:
            kinds = [kind for kind, states in now.items() if name in states]
            if not kinds:
                raise WrongParameter(
                    parameter,
                    f"the pack has no rule, sensor, alias or action {name[:80]!r} on this "
                    "StackStorm (st2 rule list --pack pagerduty)",
                )
            for kind in kinds:
                wanted[kind][name] = state
    return wanted


def _said(
    shipped: Mapping[str, lasting.Enabled], wanted: Mapping[str, lasting.Enabled]
) -> lasting.Enabled:
    """What stands otherwise than the pack ships it."""
    return {
        name: state
        for kind, states in wanted.items()
        for name, state in sorted(states.items())
        if state != shipped[kind].get(name, state)
    }
