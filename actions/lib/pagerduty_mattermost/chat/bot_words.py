"""Between a chat bot and the commands: what it gave, and what is said to people in the words of
`/pd`, in its own: whoever types phrases to a bot may have no `/pd`.

    in_bots_words("`/pd override cancel PX1` ends it")     # "`cancel override PX1` ends it"

The phrases are those of the pack's aliases (aliases/), as they are shown to people. What no alias
does keeps its words.
"""

# flake8: noqa: E203

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, Mapping, Tuple

from pagerduty_mattermost.chat.bot_commands import AS_TYPED
from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.core import yaml_text
from pagerduty_mattermost.core.text import clean

COMMAND = "/pd "
FOLDER = Path(__file__).resolve().parents[4] / "aliases"


def words_given(params: Mapping[str, Any]) -> Dict[str, str]:
    """The fields of a command (`Command`) that a bot gave, cleaned. A part that was not given
    arrives as None, or as the text that a template makes of it."""
    words = {
        name: clean(value).strip() for name, value in params.items() if value not in (None, "None")
    }
    if ":" in words.get("user", ""):
        # No name: ids, which are marked so, the pack's own sensor knows alone.
        del words["user"]
    return {name: word for name, word in words.items() if name in Command._fields}


def said_by_a_bot(outcome: Tuple[bool, Any], verb: str) -> Tuple[bool, Any]:
    """An action's outcome with what it says, or what went wrong, in the bot's words; as it is for
    who types what stands after `/pd`."""
    succeeded, result = outcome
    if verb == AS_TYPED:
        return outcome
    if isinstance(result, str):
        return succeeded, in_bots_words(result)
    if isinstance(result, dict) and isinstance(result.get("message"), str):
        return succeeded, {**result, "message": in_bots_words(result["message"])}
    return outcome


def in_bots_words(text: str) -> str:
    """The text with each command in backticks as the phrase for it."""
    if COMMAND not in text:
        return text
    pieces = text.split("`")
    for place in range(1, len(pieces) - 1, 2):
        if pieces[place].startswith(COMMAND):
            pieces[place] = phrase_of(pieces[place][len(COMMAND) :], _phrases()) or pieces[place]
    return "`".join(pieces)


def phrase_of(typed: str, phrases: Mapping[str, str]) -> str:
    """The phrase for what is typed behind `/pd`; empty where there is none. `phrases`: by verb, as
    they are shown, `<…>` for what differs."""
    from pagerduty_mattermost.chat.verbs.registry import TABLE

    words = typed.split()
    fitting = [
        verb
        for verb in TABLE.with_word(words[0] if words else "")
        if words[: len(verb.typed.split())] == verb.typed.split()
    ]
    if not fitting:
        return ""
    verb = max(fitting, key=lambda one: len(one.typed.split()))
    phrase, optional, _ = phrases.get(verb.name, "").partition(" [")
    given = " ".join(words[len(verb.typed.split()) :])
    begin, _, rest = phrase.partition("<")
    _, _, end = rest.partition(">")
    if given and optional and not rest:
        return f"{phrase} {given}"
    return f"{begin}{given}{end}" if given and rest and "<" not in end else phrase


@lru_cache(maxsize=1)
def _phrases() -> Dict[str, str]:
    """By verb: the first phrase that does it. Read once, and only where something is said of a
    command, since somebody waits."""
    found: Dict[str, str] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        alias = yaml_text.loaded(path.read_text(encoding="utf-8"))
        verb = (alias.get("immutable_parameters") or {}).get("verb")
        first = alias["formats"][0]
        found.setdefault(str(verb), str(first["display"] if isinstance(first, dict) else first))
    return found
