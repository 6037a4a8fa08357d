"""All verbs together: found by name or first word, carried out, and explained.

    table.get("acknowledge").usage          # "ack [ids]"
    table.with_word("ack")                  # the verbs `ack mine` and `ack [ids]`
    table.answer(context, Command("whoami", user="ada"))

A table makes its own verb `help`. `chat/verbs/registry.py` holds the one of this pack.
"""

# flake8: noqa: E203

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Dict, Iterable, List, Mapping, Optional, Tuple

from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import Form, words
from pagerduty_mattermost.chat.line import words_of
from pagerduty_mattermost.chat.verb import (
    ACT,
    CHANNEL,
    GROUPS,
    INCIDENTS,
    PACK,
    PEOPLE,
    PLAYBOOK,
    YOU,
    Verb,
)
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.markdown import with_commands
from pagerduty_mattermost.core.text import clean, one_line

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

MOST_USED: Mapping[str, str] = {
    "acknowledge": "acknowledge incidents",
    "resolve": "resolve incidents, with a note",
    "list": "what is open, with buttons",
    "show": "an incident with details, notes and buttons",
    "note": "add a note",
    "snooze": "silence it for a time",
    "escalate": "page the next level, or level 2",
    "declare": "trigger an incident, in a form",
    "oncall": "who is on call",
    "page": "page somebody",
}
"""Verbs, as `/pd help` says what they do."""
TOPICS: Mapping[str, str] = {
    "incidents": INCIDENTS,
    "acts": ACT,
    "playbooks": PLAYBOOK,
    "oncall": PEOPLE,
    "channel": CHANNEL,
    "you": YOU,
    "integration": PACK,
}
"""What `/pd help` says behind it, and which commands that are: their `Verb.group`."""
_CLOSING = (
    "An id is PagerDuty's (PT4KHLK), a number (1234) or a link; without one it is the thread's "
    "incident, else the only one open and assigned to you. `/pd dry-run …` changes nothing and "
    "shows what would be done."
)


class CommandTable:
    """Of `verbs`, in the order in which they are tried and shown. Raises ValueError for two of the
    same name, and for a group that there is not."""

    def __init__(self, verbs: Iterable[Verb]) -> None:
        self.verbs: Tuple[Verb, ...] = (*verbs, self._help())
        self._by_name: Dict[str, Verb] = {verb.name: verb for verb in self.verbs}
        if len(self._by_name) < len(self.verbs):
            raise ValueError("two verbs have the same name")
        if not {verb.group for verb in self.verbs} <= set(GROUPS):
            raise ValueError(f"a verb's group is one of {', '.join(GROUPS)}")

    @property
    def names(self) -> Tuple[str, ...]:
        return tuple(self._by_name)

    @cached_property
    def _beginnings(self) -> Dict[Tuple[str, ...], List[Tuple[Verb, Form]]]:
        found: Dict[Tuple[str, ...], List[Tuple[Verb, Form]]] = {}
        for verb in self.verbs:
            for form in verb.forms:
                for begin in form.begins:
                    found.setdefault(tuple(begin.split(" ")), []).append((verb, form))
        return found

    @cached_property
    def most_words(self) -> int:
        """How many words a form begins with at most."""
        return max(map(len, self._beginnings))

    def beginning(self, keys: Tuple[str, ...]) -> List[Tuple[Verb, Form]]:
        """The forms that begin with exactly these words."""
        return self._beginnings.get(keys, [])

    def get(self, name: str) -> Optional[Verb]:
        """The verb of that name, None when there is none."""
        return self._by_name.get(name)

    def is_act(self, name: str) -> bool:
        """`Verb.is_act` of the verb of that name; False when there is none."""
        verb = self._by_name.get(name)
        return verb is not None and verb.is_act

    def with_word(self, word: str) -> Tuple[Verb, ...]:
        """The verbs whose usage begins with the word, or whose name it is."""
        wanted = word.strip().lower().lstrip("/")
        return tuple(verb for verb in self.verbs if wanted in (verb.word, verb.name) and wanted)

    def meaning(self, word: str) -> Optional[Verb]:
        """The verb that people mean by a word that is no command."""
        return next((verb for verb in self.verbs if word in verb.also_called), None)

    def near(self, word: str) -> str:
        """The first word of a verb that looks like `word`; empty when none does."""
        import difflib

        words = list(dict.fromkeys(verb.word for verb in self.verbs))
        return next(iter(difflib.get_close_matches(word[:30], words, n=1)), "")

    def answer(self, context: Context, command: Command) -> CommandResult:
        """Carries the command out. Raises RejectedInput for an unknown verb, and what the verb
        raises."""
        verb = self._by_name.get(command.verb)
        if verb is None:
            raise RejectedInput(
                f"there is no command {command.verb!r}; there are {', '.join(self.names)}"
            )
        return verb.run(context, command)

    def unknown(self, text: str) -> str:
        """Why no command begins a line, in one line; empty where one does."""
        line = words_of(clean(text).strip())
        line = line.without("incident", "incidents") if len(line.words) > 1 else line
        word = line.word(0)
        if self.with_word(word):
            return ""
        near = self.near(word)
        hint = f"; did you mean /pd {near}?" if near else ""
        return f"there is no command /pd {one_line(word, 30)}{hint}"

    def help_text(self, word: str = "") -> str:
        """One screen: the commands that are used most, and the topics; of a topic or a word its
        commands; of "topics" what each is about. In Markdown, each with an example."""
        word = _bare(word)
        return self._found_help(word) or with_commands(self._no_help(word))

    def _found_help(self, word: str) -> str:
        """The same, empty for a word that is neither topic nor command."""
        if word in ("topic", "topics"):
            return "\n".join(f"- `/pd help {name}`: {group}" for name, group in TOPICS.items())
        topic = TOPICS.get(word.replace(" ", "").replace("-", ""))
        if topic is not None:
            chosen = [verb for verb in self.verbs if verb.group == topic]
            further = [f"- `/pd {v.hint}`: {v.help}" for v in chosen if v.is_detail]
            lines = [f"**{topic}**", *(_explained(verb) for verb in chosen if not verb.is_detail)]
            return "\n".join([*lines, *(["", "Further:", *further] if further else [])])
        verbs = self.with_word(word) or self._begun_by(word)
        if verbs:
            return "\n".join(_explained(verb).replace(_leads_to(verb), "") for verb in verbs)
        if word:
            return ""
        known = ((self._by_name.get(name), does) for name, does in MOST_USED.items())
        lines = [f"- `/pd {verb.example}`: {does}" for verb, does in known if verb is not None]
        more = " · ".join(f"`/pd help {name}`" for name in TOPICS)
        return "\n".join([*lines, "", f"More: {more}", _CLOSING])

    def _no_help(self, word: str) -> str:
        """What is said of a word that is neither topic nor command."""
        near = self.near(word)
        return f"There is no command {one_line(word, 30)}." + (
            f" Did you mean `/pd help {near}`?"
            if near
            else " `/pd help` shows those used most, `/pd help topics` the topics."
        )

    def _helped(self, command: Command) -> CommandResult:
        """Raises RejectedInput for a word that is neither topic nor command."""
        word = _bare(command.text)
        found = self._found_help(word)
        if not found:
            raise RejectedInput(self._no_help(word))
        about = one_line(clean(word), 60)
        return CommandResult(found, logged=f"help about {about}" if about else "help")

    def _begun_by(self, words: str) -> Tuple[Verb, ...]:
        """The verbs of the command that these words begin with, the longest first."""
        keys = tuple(words.split())
        for count in range(min(self.most_words, len(keys)), 0, -1):
            found = {verb.name: verb for verb, _ in self.beginning(keys[:count])}
            if found or count == 1:
                return tuple(found.values()) or self.with_word(keys[0])
        return ()

    def _help(self) -> Verb:
        return Verb(
            name="help",
            run=lambda context, command: self._helped(command),
            usage="help [topic or command]",
            to_do="ask for help",
            help="the commands used most, those of a topic, or one",
            example="help oncall",
            forms=(
                Form(("help", "help with", "?", "pagerduty help"), words("text", required=False)),
            ),
            group=PACK,
        )


def _bare(word: str) -> str:
    """A word that help is asked for, without what people type around it."""
    word = word.strip().lower().strip("`").lstrip("/")
    return word[len("pd ") :] if word.startswith("pd ") else word


def _leads_to(verb: Verb) -> str:
    """What of a verb's help leads to the commands that begin as it does: nothing to whoever reads
    those."""
    return f" (`/pd help {verb.word}`: more)"


def _explained(verb: Verb) -> str:
    example = f" · `/pd {verb.example}`" if verb.example and verb.example != verb.usage else ""
    return f"- `/pd {verb.hint}`: {verb.help}{example}"
