"""Which aliases take a phrase, tried one by one with StackStorm's own parser: where one of them
has a format that does not compile, StackStorm's API answers 500 to every phrase.

    tried(aliases, "pack list")   # Trial(fits=[Fit("packs.pack_list", ...)], broken=["x.y: ..."])

In a process of its own and for some seconds at most: StackStorm's patterns may take for ever.
`python alias_trial.py` reads {"aliases": [...], "phrase": "..."} and writes what it found.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Sequence, Tuple

DEADLINE_SECONDS = 8.0
MAX_REASON_CHARACTERS = 200


class Fit(NamedTuple):
    """A format that takes the phrase."""

    ref: str
    display: str
    representation: str
    multiple: bool


class Trial(NamedTuple):
    """What came of trying each alias by itself."""

    fits: Tuple[Fit, ...]
    broken: Tuple[str, ...]
    """`ref: what is wrong` of each alias that does not compile."""


class TrialFailed(Exception):
    """It did not end in time, or StackStorm's parser is not there."""


def tried(aliases: Sequence[Mapping[str, Any]], phrase: str) -> Trial:
    """`aliases`: rows of StackStorm's API, enabled ones. Raises TrialFailed."""
    given = json.dumps({"aliases": [_slim(one) for one in aliases], "phrase": phrase})
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    try:
        done = subprocess.run(
            [sys.executable, os.path.abspath(__file__)],
            input=given.encode("utf-8", "replace"),
            capture_output=True,
            timeout=DEADLINE_SECONDS,
            env=env,
            check=True,
        )
        found = json.loads(done.stdout.decode("utf-8").splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
        raise TrialFailed(type(error).__name__) from None
    return Trial(tuple(Fit(*one) for one in found["fits"]), tuple(found["broken"]))


def _slim(row: Mapping[str, Any]) -> Dict[str, Any]:
    return {name: row.get(name) for name in ("ref", "formats")}


def formats_of(formats: Iterable[Any]) -> Iterator[Tuple[str, str, bool]]:
    """Display, representation, match_multiple of each, as StackStorm reads them."""
    for entry in formats:
        if isinstance(entry, str):
            yield entry, entry, False
        elif isinstance(entry, Mapping):
            texts = entry.get("representation") or [""]
            for text in [texts] if isinstance(texts, str) else texts:
                multiple = bool(entry.get("match_multiple"))
                yield str(entry.get("display") or ""), str(text), multiple


def _trial(aliases: Sequence[Mapping[str, Any]], phrase: str) -> Dict[str, List[Any]]:
    from st2common.exceptions.content import ParseException
    from st2common.models.utils.action_alias_utils import extract_parameters

    fits: Dict[bool, List[Any]] = {False: [], True: []}
    broken: List[str] = []
    for alias in aliases:
        rows = list(formats_of(alias["formats"] or ()))
        several = any(multiple for _, _, multiple in rows)
        for display, text, multiple in rows:
            try:
                extract_parameters(format_str=text, param_stream=phrase)
            except ParseException:
                continue
            except Exception as error:  # noqa: BLE001 - a format may fail with anything
                why = f"{alias['ref']}: {type(error).__name__}: {error}"
                broken.append(" ".join(why.split())[:MAX_REASON_CHARACTERS])
                continue
            fits[several].append((alias["ref"], display, text, multiple))
    return {"fits": fits[False] or fits[True], "broken": broken}


if __name__ == "__main__":
    sys.path.pop(0)  # this folder, whose modules have names that others may have
    ASKED = json.loads(sys.stdin.buffer.read().decode("utf-8"))
    print(json.dumps(_trial(ASKED["aliases"], ASKED["phrase"])))
