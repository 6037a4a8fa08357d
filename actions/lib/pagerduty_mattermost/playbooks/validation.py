"""A playbook's text judged as a whole: its YAML, its parts, and whether what it names is there.

found = validate(context, text)
found.playbook, found.problems, found.unchecked
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, NamedTuple, Optional, Tuple

from pagerduty_mattermost.playbooks.at_servers import missing_at_servers
from pagerduty_mattermost.playbooks.playbook import Playbook
from pagerduty_mattermost.playbooks.reading import PlaybookProblem, read_playbook, where
from pagerduty_mattermost.playbooks.started_actions import unlisted

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

MAX_PROBLEMS = 40
"""Problems that are shown."""

FurtherCheck = Callable[[Playbook], Iterable[Tuple[Tuple[Any, ...], str]]]
"""What else is wrong with a playbook: where (keys and indexes from the top) and what."""


class ValidatedPlaybook(NamedTuple):
    """A playbook, what is wrong in it, and what could not be checked."""

    playbook: Optional[Playbook]
    """None where the text is no playbook; it may be one whose channels are not there."""
    problems: Tuple[PlaybookProblem, ...]
    unchecked: Tuple[str, ...] = ()
    """What could not be asked, a line each."""

    @property
    def lines(self) -> Tuple[str, ...]:
        """The problems for people, the first of them."""
        shown = [str(one) for one in self.problems[:MAX_PROBLEMS]]
        more = len(self.problems) - len(shown)
        return (*shown, f"… and {more} more") if more > 0 else tuple(shown)


def validate(
    context: Context,
    text: str,
    *,
    asker: str = "",
    ask_servers: bool = True,
    further: FurtherCheck = lambda playbook: (),
) -> ValidatedPlaybook:
    """`asker`: the Mattermost id of whom the answer is for, empty for an administrator's;
    `further` is asked of one that reads."""
    read = read_playbook(text)
    if read.playbook is None:
        return ValidatedPlaybook(None, read.problems)
    found = list(further(read.playbook))
    rooms = context.settings.rooms
    found += unlisted(rooms.actions, rooms.aliases, read.playbook)
    unchecked: Tuple[str, ...] = ()
    if ask_servers:
        at_servers = missing_at_servers(context, read.playbook, asker=asker)
        found += at_servers.problems
        unchecked = tuple(at_servers.unchecked)
    by_place: Dict[Tuple[str, str], PlaybookProblem] = {}
    for path, why in found:
        problem = PlaybookProblem(read.line_of(path), where(path), why)
        by_place.setdefault((problem.where, why), problem)
    return ValidatedPlaybook(read.playbook, tuple(sorted(by_place.values())), unchecked)
