"""Channel headers, channel members and user groups, set to who is on call (`oncall.sync`,
docs/oncall.md).

Each is read as it is now and changed only where it differs, so a run that is repeated, late or
doubled changes nothing more. Who is on call is asked for once for all; where PagerDuty can't
tell, nothing is touched. What somebody has to put right (a right, a licence, a name) is told once
a day in the operations channel; what may pass by itself fails the run, and the next one makes up
for it.
"""

# flake8: noqa: E203

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Set

from pagerduty_mattermost.core.errors import (
    NotFound,
    PackError,
    PermanentError,
    RejectedInput,
    RetryLater,
    Unauthorized,
    reworded,
)
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.core.text import clean, escape, inert, one_line
from pagerduty_mattermost.gateways.mattermost import user_groups
from pagerduty_mattermost.gateways.mattermost.channels import ChannelUnavailable
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue
from pagerduty_mattermost.oncall import channel_header, membership
from pagerduty_mattermost.oncall.targets import present_at, target
from pagerduty_mattermost.people.accounts import Accounts

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

KEY_PREFIX = "member."
GIVES_WAY_SECONDS = 600.0
"""For which it gives way while PagerDuty's rate limit runs out."""
CHANNEL, GROUP = "channel", "group"
MAX_NAME_CHARACTERS = 40
"""Characters of a person's name in a header."""


class OnCallSynchronizer:
    """One run over all of them. `changed`: what was done, a line each; `problems`: what people
    must put right."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._terms = context.settings.oncall
        self._accounts = Accounts(context.mattermost, context.store, log=context.log)
        self.changed: List[str] = []
        self.problems: List[str] = []
        self._for_now: Optional[RetryLater] = None
        self._unsure = False
        self._seen: Set[str] = set()

    def run(self) -> None:
        """Raises RetryLater at the end when a part could not be done for now."""
        terms = self._terms
        targets: Dict[str, Reference] = {}
        for text in dict.fromkeys(
            (*terms.headers.values(), *terms.members.values(), *terms.groups.values())
        ):
            self._try(f"target:{text}", self._find, text, targets)
        present: Dict[str, List[Reference]] = {}
        if targets:
            self._try("oncalls", self._ask, targets, present)
        for channel, text in terms.headers.items():
            if text in present:
                self._try(f"header:{channel}", self._header, channel, present[text])
        kept: Set[str] = set()
        """Keys of what is configured."""
        for channel, text in terms.members.items():
            self._try(f"members:{channel}", self._channel, channel, present.get(text), kept)
        for group, text in terms.groups.items():
            self._try(f"group:{group}", self._group, group, present.get(text), kept)
        if not self._unsure:
            self._try("dropped", self._drop, kept)
        if self._for_now is not None:
            raise self._for_now

    def _find(self, text: str, targets: Dict[str, Reference]) -> None:
        targets[text] = target(self._context.pagerduty, text)

    def _ask(self, targets: Mapping[str, Reference], present: Dict[str, List[Reference]]) -> None:
        pagerduty = self._context.pagerduty
        found = present_at(pagerduty, targets.values(), pagerduty.now())
        present.update({text: found[one.id] for text, one in targets.items()})

    def _try(self, about: str, work: Callable[..., None], *given: Any) -> None:
        """One part; the others are done whatever becomes of it."""
        try:
            work(*given)
        except RetryLater as error:
            self._unsure = True
            self._for_now = self._for_now or error
        except PackError as error:
            self._unsure = True
            kind = type(error).__name__  # another trouble of the same thing is told as well
            self._problem(
                f"{about}:{kind}", str(error), tell=not isinstance(error, ChannelUnavailable)
            )
        except Exception as error:  # noqa: BLE001 - the others are done
            self._unsure = True
            self.problems.append(self._context.tell_stumble(about, error))

    def _problem(self, about: str, line: str, *, tell: bool = True) -> None:
        self.problems.append(line)
        if tell:
            self._context.notify_operators(
                f"oncall.sync:{about}", escape(one_line(clean(line, 1000)))
            )

    # Headers

    def _header(self, channel: str, people: List[Reference]) -> None:
        self._only_once("header", channel)
        self._context.channels.using(channel, lambda found: self._paint(found, people))

    def _paint(self, channel: Any, people: List[Reference]) -> None:
        """Mattermost knows no condition on a change: read right before it, so that the gap is one
        request wide."""
        field = self._terms.header_field
        names = [self._shown(person, plain=field == "purpose") for person in people]
        mattermost = self._context.mattermost
        before: str = getattr(mattermost.channel(channel.id), field)
        after = channel_header.painted(before, names, channel_header.LIMITS[field])
        if not after.fits:
            self._problem(
                f"room:{channel.id}",
                f"There is no room for who is on call in the {field} of {channel.label}",
            )
        if after.text == before:
            return
        try:
            mattermost.patch_channel(channel.id, **{field: after.text})
        except Unauthorized as error:
            raise self._without_right(
                channel, error, f"change the {field} of", "manage the channel's settings"
            ) from None
        self.changed.append(f"{field} of {channel.label}")

    def _only_once(self, what: str, text: str) -> None:
        """Two names of one channel would undo each other's work, each with a line in the channel,
        for ever."""
        channel = self._context.channels.resolve(text)
        key = f"{what}:{channel.id}"
        if key in self._seen:
            raise RejectedInput(
                f"The configuration names the channel {channel.label} twice in oncall: once "
                "is enough"
            )
        self._seen.add(key)

    def _shown(self, person: Reference, *, plain: bool) -> str:
        """It notifies nobody: each change of a header is told in the channel with the old text and
        the new."""
        account = self._accounts.of(person)
        name = (
            f"@{account.username}"
            if account
            else one_line(clean(person.name, 4 * MAX_NAME_CHARACTERS), MAX_NAME_CHARACTERS)
        )
        return inert(name) if plain else escape(name)

    def _without_right(
        self, channel: Any, error: Unauthorized, what: str, right: str
    ) -> Unauthorized:
        """`error` itself where the bot is no member any more: `Channels.using` brings it back
        in."""
        mattermost = self._context.mattermost
        if error.status != 403 or not mattermost.is_member(channel.id, mattermost.me().id):
            return error
        return Unauthorized(
            f"The bot @{mattermost.me().username} may not {what} {channel.label}: an "
            f"administrator has to let members {right} (System Console > "
            "Permissions), or make the bot an admin of the channel",
            error_id=error.error_id,
        )

    # Members

    def _channel(self, text: str, people: Optional[List[Reference]], kept: Set[str]) -> None:
        self._only_once("members", text)

        def keep(channel: Any) -> None:
            name = f"{KEY_PREFIX}{CHANNEL}.{channel.id}"
            kept.add(name)
            if people is None:
                return
            mattermost = self._context.mattermost
            wanted = self._wanted(people, channel.label)
            known = self._remembered(name)
            present = {one for one in {*wanted, *known} if mattermost.is_member(channel.id, one)}
            made = membership.plan(present, wanted, known)
            try:
                self._carry_out(
                    name,
                    known,
                    made,
                    channel.label,
                    lambda one: self._join(channel, one),
                    lambda one: mattermost.remove_member(channel.id, one),
                )
            except Unauthorized as error:
                raise self._without_right(
                    channel, error, "add or remove members of", "manage its members"
                ) from None

        self._context.channels.using(text, keep)

    def _join(self, channel: Any, user_id: str) -> None:
        try:
            self._context.mattermost.add_member(channel.id, user_id)
        except NotFound as error:
            name = self._context.mattermost.user(user_id).username
            line = (
                f"@{name} is on call and can't be added to {channel.label}: not a member "
                f"of its team ({error})"
            )
            raise reworded(error, line) from None

    def _drop(self, kept: Set[str]) -> None:
        """What was taken out of the configuration: whom the pack put in goes, and what it
        remembers of it."""
        mattermost, log = self._context.mattermost, self._context.log
        keys = self._context.store.read_prefix(
            KEY_PREFIX, on_broken=lambda error: log.warning("%s", error)
        )
        for name in sorted({key.rpartition(".")[0] for key in keys} - kept):
            kind, _, id = name[len(KEY_PREFIX) :].partition(".")
            for user, state in sorted(self._remembered(name).items()):
                try:
                    if state != membership.LEFT and kind == GROUP:
                        user_groups.remove(mattermost, id, [user])
                    elif state != membership.LEFT:
                        mattermost.remove_member(id, user)
                except (NotFound, Unauthorized, RejectedInput, PermanentError) as error:
                    log.warning("Not taken out of %s any more: %s", name, error)
                else:
                    self.changed.append(f"removed from {kind} {id}: {user}")
                self._remember(name, user)

    def _group(self, group: str, people: Optional[List[Reference]], kept: Set[str]) -> None:
        mattermost = self._context.mattermost
        id = user_groups.find(mattermost, group)
        name = f"{KEY_PREFIX}{GROUP}.{id}"
        kept.add(name)
        if people is None:
            return
        wanted = self._wanted(people, f"@{group}")
        known = self._remembered(name)
        made = membership.plan(user_groups.members(mattermost, id), wanted, known)
        self._carry_out(
            name,
            known,
            made,
            f"@{group}",
            lambda one: user_groups.add(mattermost, id, [one]),
            lambda one: user_groups.remove(mattermost, id, [one]),
        )

    def _wanted(self, people: List[Reference], label: str) -> Set[str]:
        found: Set[str] = set()
        for person in people:
            account = self._accounts.of(person)
            if account is None:
                self._problem(
                    f"account:{post_key('account', person.id)}",
                    f"{person.name} is on call and has no Mattermost account of the same e-mail "
                    f"address to be in {label}: identity.link says which one it is",
                )
            else:
                found.add(account.id)
        return found

    def _remembered(self, name: str) -> Dict[str, str]:
        """User id → state; a key for each, since nothing orders the writes of two runs."""
        store, found = self._context.store, {}

        def keep(error: BrokenValue) -> None:
            store.quarantine(error.name, error.raw, error.why)
            store.delete(error.name)

        for key, value in store.read_prefix(f"{name}.", on_broken=keep).items():
            state = membership.state_of(value)
            if state:
                found[key[len(name) + 1 :]] = state
        return found

    def _remember(self, name: str, user: str, state: str = "") -> None:
        if state:
            self._context.store.write(f"{name}.{user}", {"state": state})
        else:
            self._context.store.delete(f"{name}.{user}")

    def _carry_out(
        self,
        name: str,
        known: Mapping[str, str],
        made: membership.MembershipPlan,
        label: str,
        add: Callable[[str], None],
        remove: Callable[[str], None],
    ) -> None:
        """The intent before the effect, the result after it."""
        for user in sorted({*known, *made.before}):
            if made.before.get(user, "") != known.get(user, ""):
                self._remember(name, user, made.before.get(user, ""))
        failed: Optional[PackError] = None
        for user in (*made.add, *made.remove):
            joins = user in made.add
            try:
                (add if joins else remove)(user)
            except PackError as error:
                failed = failed or error
                if joins and not isinstance(error, RetryLater):
                    self._remember(name, user)  # it is certain that the pack did not put them in
                continue
            self.changed.append(f"{'added to' if joins else 'removed from'} {label}: {user}")
            self._remember(name, user, made.after.get(user, ""))
        if failed is not None:
            raise failed
