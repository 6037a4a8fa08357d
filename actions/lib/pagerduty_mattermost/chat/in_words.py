"""What a command would do, in words: for the question before it and for a dry run.

    words = in_words(context, Command("merge", incidents="29", text="30"), verb)
    words.text      # "Merge [#29 Disk full](…) into [#30 Slow](…)"
    words.rows      # ("#29 is resolved by it.",)
    words.rows      # of several incidents a line each, in Markdown

Each verb says it in `Verb.says`, a line with places that are filled in here, where one of them
costs a request only if it is named. Outside text is made safe here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable, List, NamedTuple, Tuple

from pagerduty_mattermost.chat.acting_user import find_person, who_asks
from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.verb import ALL_STATES, MANY, TRIGGERED, Verb
from pagerduty_mattermost.chat.verbs.named_incidents import how_it_is, incident_of, named
from pagerduty_mattermost.chat.verbs.override_forms import INSTEAD_OF
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.text import clean, escape, one_line
from pagerduty_mattermost.core.typed_times import read_span, span_in_words
from pagerduty_mattermost.gateways.pagerduty.find_incident import find_all

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Incident

MAX_TEXT_CHARACTERS = 300
"""Code points of a text that is quoted."""
MAX_ROWS = 15


class InWords(NamedTuple):
    """What a command will do, in Markdown that mentions nobody."""

    text: str
    """A sentence without its full stop."""
    rows: Tuple[str, ...] = ()
    """Lines below it: what else comes of it; the incidents, where there are several."""

    @property
    def question(self) -> str:
        return "\n".join([f"{self.text}?", *self.rows])

    @property
    def sentence(self) -> str:
        return "\n".join([f"{self.text}.", *self.rows])


def in_words(context: Context, command: Command, verb: Verb) -> InWords:
    """Raises the PackError that kept an incident, or a time, from being read."""
    if callable(verb.says):
        return InWords(verb.says(context, command))
    places = _Places(context, command, verb)
    text = (verb.says or verb.act).format_map(places)
    if verb.says_besides is not None:
        text += verb.says_besides(context, command)
    return InWords(text, tuple(places.rows))


class _Places:
    """What `Verb.says` may name, each read when it is."""

    def __init__(self, context: Context, command: Command, verb: Verb) -> None:
        self._context, self._command, self._verb = context, command, verb
        self.rows: List[str] = []

    def __getitem__(self, place: str) -> str:
        found: str = getattr(self, f"_{place}")()
        return found

    def _incidents(self) -> str:
        """Of several, those in another state are named as left out."""
        rows = find_all(self._context.pagerduty, self._command.incidents)
        found = [incident_of(row) for row in rows]
        states = self._verb.states if self._verb.incidents == MANY else ALL_STATES
        fit = [one for one in found if one.status in states]
        if not fit:
            return ", ".join(f"{named(one)}, which is {one.status}" for one in found[:MAX_ROWS])
        text = self._all(fit)
        left_out = [one for one in found if one not in fit]
        self.rows += [f"- left out: {how_it_is(one)}" for one in left_out[:MAX_ROWS]]
        return text

    def _mine(self) -> str:
        """All that is triggered and assigned to who asks."""
        person = who_asks(self._context, self._command.user).person
        query = {"statuses": [TRIGGERED], "date_range": "all", "user_ids": [person.id]}
        rows = self._context.pagerduty.list_all("/incidents", "incidents", query).items
        return self._all(incident_of(row) for row in rows)

    def _all(self, found: Iterable[Incident]) -> str:
        incidents = list(found)
        if len(incidents) == 1:
            return named(incidents[0])
        self.rows += [f"- {named(one)}" for one in incidents[:MAX_ROWS]]
        if len(incidents) > MAX_ROWS:
            self.rows.append(f"- … and {len(incidents) - MAX_ROWS} more")
        return f"these {len(incidents)} incidents"

    def _merged(self) -> str:
        """What is merged into what, and what is resolved by it."""
        rows = find_all(self._context.pagerduty, f"{self._command.text},{self._command.incidents}")
        (target, *others) = [incident_of(row) for row in rows]
        others = [one for one in others if one.merged_into != target.id]
        which = ", ".join(f"#{one.number}" for one in others[:MAX_ROWS])
        are = "is" if len(others) == 1 else "are"
        text = f"{self._all(others)} into {named(target)}"
        self.rows.insert(0, f"{which} {are} resolved by it.")
        return text

    def _text(self) -> str:
        return escape(one_line(clean(self._command.text), MAX_TEXT_CHARACTERS))

    def _note(self) -> str:
        return f", with the note “{self._text()}”" if self._command.text.strip() else ""

    def _task(self) -> str:
        return escape(one_line(clean(self._command.task), MAX_TEXT_CHARACTERS))

    def _words(self) -> str:
        return f": “{self._text()}”" if self._command.text.strip() else ""

    def _to(self) -> str:
        return self._text() if self._command.text.strip() else "the next level"

    def _who(self) -> str:
        """Who takes a part of a schedule, and instead of whom."""
        words = (part.strip() for part in self._command.text.partition(INSTEAD_OF))
        taker, _, replaced = words
        who = self._name(taker) if taker else "yourself"
        return f"{who} in place of {self._name(replaced)}" if replaced else who

    def _name(self, person: str) -> str:
        return escape(find_person(self._context, person, self._command.user).name)

    def _service(self) -> str:
        """Whatever `service` names."""
        return escape(one_line(clean(self._command.service), MAX_TEXT_CHARACTERS))

    def _on(self) -> str:
        """The service, where one is said."""
        return f" on {self._service()}" if self._command.service else ""

    def _options(self) -> str:
        given = [
            (name, escape(one_line(clean(word), MAX_TEXT_CHARACTERS)))
            for name, word in self._command.options.items()
        ]
        said = [name if name == word else f"{name} {word}" for name, word in given]
        return f" ({', '.join(said)})" if said else ""

    def _span(self) -> str:
        if not self._command.duration.strip():
            return "until the shift ends"
        zone = self._context.settings.time_zone
        now = float(int(self._context.clock()))
        return span_in_words(read_span(self._command.duration, now=now, zone=zone), zone)

    def _until(self) -> str:
        """The end alone: it begins now."""
        zone = self._context.settings.time_zone
        now = float(int(self._context.clock()))
        end = read_span(self._command.duration, now=now, zone=zone).end
        stamp = times.clock(times.iso(end), times.zone(zone), near=times.iso(now))
        return f"until {stamp} ({times.duration(end - now)})"
