"""Whom a playbook's words and people's mean, as users of Mattermost.

on_call(context, incident)             # -> Who, or None
cast(context, playbook, incident, by)  # -> Cast, whose people are {"on_call": Who(...), ...}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, List, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core.errors import NotFound, PackError, RejectedInput, WriteRefused
from pagerduty_mattermost.gateways.mattermost.users import chat_user
from pagerduty_mattermost.gateways.mattermost.values import id_in, marked_id
from pagerduty_mattermost.gateways.pagerduty.first_on_call import first_on_call
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.people.accounts import Accounts
from pagerduty_mattermost.people.recipients import with_email
from pagerduty_mattermost.playbooks.playbook import ACKNOWLEDGER, DECLARER, ON_CALL, Playbook
from pagerduty_mattermost.rooms.invitations import bring_in
from pagerduty_mattermost.rooms.records import RoomRecords
from pagerduty_mattermost.runs.acts import Who

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Incident
    from pagerduty_mattermost.runs.records import Run


def words_of(playbook: Playbook) -> Tuple[str, ...]:
    """All words by which a playbook names people."""
    words = [playbook.commander, *(role.default for role in playbook.roles)]
    for task in playbook.tasks:
        words += [task.assign, *(one.assign for one in task.when)]
    return tuple(dict.fromkeys(word for word in words if word))


class Cast(NamedTuple):
    """Whom a playbook means by its words as it is started."""

    playbook: Playbook
    """Led by whoever is on call where it is led by who declares, and nobody did."""
    people: Dict[str, Who]
    """By its word who it is now."""
    missing: Tuple[str, ...] = ()
    """Words that are nobody for now."""

    @property
    def commander(self) -> Who:
        """Who leads from the beginning; nobody where that is to be seen."""
        return self.people.get(self.playbook.commander, Who())


def cast(context: Context, playbook: Playbook, incident: Incident, by: Who) -> Cast:
    """`by`: who starts it, nobody for a rule. Whom PagerDuty or Mattermost can't tell is nobody: a
    run begins all the same."""
    if playbook.commander == DECLARER and not by.id:
        # A rule started it: whoever is on call leads until somebody else does.
        playbook = playbook._replace(commander=ON_CALL)
    found: Dict[str, Who] = {}
    missing: List[str] = []
    for word in words_of(playbook):
        if not (word.startswith("@") or word in (DECLARER, ON_CALL, ACKNOWLEDGER)):
            continue
        who = _meant(context, word, incident, by)
        if who is not None:
            found[word] = who
        elif word != ACKNOWLEDGER:
            missing.append(word)
    return Cast(playbook, found, tuple(missing))


def _meant(context: Context, word: str, incident: Incident, by: Who) -> Optional[Who]:
    if word == DECLARER:
        return by if by.id else None
    try:
        if word.startswith("@"):
            return somebody(context, word)
        if word == ON_CALL:
            return on_call(context, incident)
        known = [person for person in incident.acknowledgers if person.id]
        return (
            account_of(context, Reference("user", known[0].id, known[0].name)) if known else None
        )
    except WriteRefused:
        raise
    except PackError as error:
        context.log.info("%s is nobody for now: %s", word, context.line_of(error))
        return None


def on_call(context: Context, incident: Incident) -> Optional[Who]:
    """Who is on call first for it; None where nobody is, or nobody with an account. Raises the
    gateways' errors."""
    if not incident.escalation_policy_id:
        return None
    people = first_on_call(context.pagerduty, context.store, incident.escalation_policy_id)
    found = (account_of(context, person) for person in people)
    return next((who for who in found if who is not None), None)


def account_of(context: Context, person: Reference) -> Optional[Who]:
    """The Mattermost user that a PagerDuty user is."""
    accounts = Accounts(context.mattermost, context.store, log=context.log)
    user = accounts.of(with_email(context.pagerduty, person))
    return Who(user.id, user.username) if user is not None else None


def somebody(context: Context, name: str) -> Who:
    """The account of an `@name` or a marked id. Raises NotFound and RejectedInput."""
    user = chat_user(context.mattermost, name)
    return Who(user.id, user.username)


def by_id(context: Context, user_id: str) -> Who:
    """Whoever has that id in Mattermost. Raises NotFound."""
    return context.once(f"user {user_id}", lambda: somebody(context, marked_id(user_id)))


def called_now(context: Context, who: Who) -> str:
    """The username of somebody whom a post is to call: as it is now, since what was remembered of
    them may be weeks old, and the name another's. Empty where their account is gone."""
    if not who.id:
        return who.name
    try:
        return context.mattermost.user(who.id).username
    except NotFound:
        return ""


def giver(context: Context, user: str, name: str = "") -> Who:
    """Whoever gave a command. `user`: a name, or an id as it is marked; `name`: their username
    where it is known. Nobody where a bot does not say who."""
    if name and id_in(user):
        return Who(id_in(user), name)
    if not user:
        return Who()
    try:
        return by_id(context, id_in(user)) if id_in(user) else somebody(context, user)
    except (NotFound, RejectedInput):
        return Who(id_in(user), id_in(user))


def email_at_pagerduty(context: Context, who: Who) -> str:
    """Of the PagerDuty user that somebody of Mattermost is; empty where they are none. Raises the
    gateways' errors."""
    from pagerduty_mattermost.people.identity import FRESH_SECONDS, as_of, linked

    by_email, now = context.settings.chat.link_by_email, context.clock()
    try:
        found = linked(
            context.mattermost,
            context.pagerduty,
            context.store,
            who.id,
            by_email=by_email,
            now=now,
        )
        since = now - FRESH_SECONDS
        found = as_of(found, context.pagerduty, context.store, since=since, now=now)
    except (NotFound, RejectedInput):
        return ""
    return found.person.email


def come_in(context: Context, run: Run, who: Who) -> None:
    """Who has a part in the run becomes a member of its room. Raises RejectedInput for who can't
    come into it."""
    channel = run.plan.channel
    if not who.id or context.mattermost.is_member(channel, who.id):
        return
    room = RoomRecords(context.store, context.log).open_of(run.incident)
    if room is None:
        raise RejectedInput(f"@{who.name} is no member of the room")
    bring_in(context, room, (), {who.id: who.name}, again=True)
    if not context.mattermost.is_member(channel, who.id):
        raise RejectedInput(f"@{who.name} can't come into the room: they are not of its team")
