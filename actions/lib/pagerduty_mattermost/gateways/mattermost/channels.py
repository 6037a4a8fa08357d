"""Mattermost channels as people write them: id, `name`, `~name`, `team/name`, or a word of
the pack that begins with ':'.

    channels = Channels(mattermost, store, notify=...)
    channels.using(":service", lambda channel: ..., service=(id, name))
    channels.resolve("~incidents").id
    channels.look_up("town/incidents")      # fresh, without joining

`:default` is `mattermost.default_channel`, `:operations` is `mattermost.operations_channel`,
`:service` what `mattermost.service_channels` says of an incident's service (its id or its name);
the default channel where these say nothing, so that an alarm of the pack's health is never
unheard.

A resolved channel is kept in the datastore for an hour (`kept_channels`), so a rename is noticed
within one; `using` forgets it at once when Mattermost refuses the post (removed bot,
archived channel), resolves again and tries once more. The bot joins public channels itself. Raises
`ChannelUnavailable` saying who must do what, with which `notify(error)` is called first.
"""

# flake8: noqa: W503

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional, Tuple, TypeVar

from pagerduty_mattermost.core.errors import (
    ConfigError,
    NotFound,
    PackError,
    RejectedInput,
    Unauthorized,
)
from pagerduty_mattermost.core.text import without_invisible
from pagerduty_mattermost.gateways.mattermost.channel_words import expand
from pagerduty_mattermost.gateways.mattermost.client import (
    ARCHIVED_ERRORS,
    DELETED_CHANNEL,
    Mattermost,
)
from pagerduty_mattermost.gateways.mattermost.kept_channels import (
    ID_PREFIX,
    KEPT_SECONDS,
    NAMED_PREFIX,
    KeptChannels,
)
from pagerduty_mattermost.gateways.mattermost.values import (
    Channel,
    ChannelRef,
    checked_name,
    is_id,
)
from pagerduty_mattermost.gateways.stackstorm.datastore import Store

Answer = TypeVar("Answer")


class ChannelUnavailable(NotFound):
    """A channel that is archived, not there, or closed to the bot. `channel`: as it was
    written; `archived_id`: the id of one that is archived, else empty. `setting`: that of the
    configuration which names it, empty where it was named itself."""

    def __init__(
        self,
        message: str,
        channel: str,
        *,
        status: Optional[int] = None,
        error_id: str = "",
        archived_id: str = "",
    ) -> None:
        super().__init__(message, status=status, error_id=error_id)
        self.channel = channel
        self.archived_id = archived_id
        self.setting = ""


def is_archived(error: BaseException) -> bool:
    """Whether it says that a channel is archived: of a channel that was looked for, or of what was
    to be written in it."""
    return isinstance(error, PackError) and error.error_id in ARCHIVED_ERRORS


class _Target(NamedTuple):
    """What is asked for: an id (26 characters that might be a name, too), or team and name."""

    text: str
    id: str
    team: str
    name: str
    known_as: str = ""
    setting: str = ""
    """That names it; empty where it was named itself."""

    @property
    def label(self) -> str:
        if self.known_as:
            return self.known_as
        return f"~{self.name} in the team {self.team}" if self.name and not self.id else self.text


class Channels:
    """Resolves channels with one bot; see the module's docstring."""

    def __init__(
        self,
        mattermost: Mattermost,
        store: Store,
        *,
        notify: Optional[Callable[[ChannelUnavailable], Any]] = None,
    ) -> None:
        self._mattermost = mattermost
        self._store = store
        self._notify = notify
        self._known: Dict[str, ChannelRef] = {}
        self._kept = KeptChannels(store)

    def resolve(self, text: str, service: Tuple[str, str] = ("", "")) -> ChannelRef:
        """The channel, with the bot in it; from the cache where it is there."""
        return self._resolve(self._target(text, service))[0]

    def typed(self, text: str) -> ChannelRef:
        """The same of one that somebody has just typed, who reads what is wrong with it: nobody
        else is told."""
        return self._resolve(self._target(text, ("", "")), tells=False)[0]

    def asked(self, text: str, service: Tuple[str, str] = ("", "")) -> str:
        """What stands for these words under the present configuration: equal as long as they mean
        the same channel, by its id or its name."""
        return self._key(self._target(text, service))

    def brought(self, text: str, service: Tuple[str, str], listed: Mapping[str, Any]) -> None:
        """What a listing has of the channel (`KeptChannels.brought`): it is not read again."""
        self._kept.brought(self._place(self._target(text, service)), listed)

    def id_of(self, text: str) -> str:
        """The channel's id, whether the bot is in it or not; remembered for an hour."""
        target = self._target(text, ("", ""))
        key = f"{self._key(target)}.id"
        with suppress(PackError):
            kept = self._store.read(key)
            if isinstance(kept, dict) and is_id(str(kept.get("id"))):
                return str(kept["id"])
        found = self._find(target).id
        with suppress(PackError):  # looked up again next time
            self._store.remember(key, {"id": found}, KEPT_SECONDS)
        return found

    def look_up(self, text: str, service: Tuple[str, str] = ("", "")) -> ChannelRef:
        """The channel as Mattermost has it now; nothing is joined, kept or told to anybody."""
        target = self._target(text, service)
        return _ref(self._find(target), target)

    def using(
        self,
        text: str,
        call: Callable[[ChannelRef], Answer],
        service: Tuple[str, str] = ("", ""),
        *,
        known_as: str = "",
        known: Optional[ChannelRef] = None,
        shelved: Callable[[str], bool] = lambda id: False,
    ) -> Answer:
        """`call(channel)`; when Mattermost refuses the post there, once more with the channel
        resolved afresh.

        `known_as`: what to call a channel given by its id, which tells people nothing. `known`:
        the channel, where the caller has found it under the same words before (`asked`).
        `shelved`: whether nobody is told that the channel of that id is archived, since something
        stands there already; it is raised as ever.
        """
        target = self._target(text, service)._replace(known_as=known_as)
        if known is not None:
            self._known[self._key(target)] = known
        again = True
        while True:
            channel, kept = self._resolve(target, shelved)
            try:
                return call(channel)
            except (Unauthorized, RejectedInput) as error:
                if not _refused(error):
                    raise
                self._forget(target)
                if not (kept and again):
                    raise self._told(self._refusal(channel, error), target) from None
                again = False

    def is_archived(self, channel_id: str, refused: PackError) -> bool:
        """Whether something was refused because the channel is archived. A server may also say no
        more than that the bot may not."""
        if is_archived(refused):
            return True
        try:
            return refused.status == 403 and self._mattermost.channel(channel_id).archived
        except PackError:
            return False

    def _target(self, text: str, service: Tuple[str, str]) -> _Target:
        settings = self._mattermost.settings
        word, setting = expand(settings, without_invisible(text).strip(), service)
        if is_id(word):
            by_name = word if settings.team else ""
            return _Target(word, word, settings.team, by_name, setting=setting)
        team, _, name = word.rpartition("/")
        team = team.lstrip("~") or settings.team
        name = checked_name(name.lstrip("~"), "channel")
        if not team:
            raise ConfigError(
                f"The channel '{name}' needs its team: write team/{name}, or set "
                "mattermost.team in the configuration"
            )
        return _Target(word, "", checked_name(team, "team"), name, setting=setting)

    def _resolve(
        self,
        target: _Target,
        shelved: Callable[[str], bool] = lambda id: False,
        *,
        tells: bool = True,
    ) -> Tuple[ChannelRef, bool]:
        """The channel, and whether it came from the cache."""
        key = self._key(target)
        kept = self._known.get(key) or self._kept.read(self._place(target))
        if kept:
            self._known[key] = kept
            return kept, True
        try:
            found = self._find(target)
            self._join(found, target)
        except ChannelUnavailable as error:
            if error.archived_id and shelved(error.archived_id):
                raise
            if not tells and not target.setting:
                raise
            raise self._told(error, target) from None
        channel = _ref(found, target)
        self._known[key] = channel
        self._kept.write(self._place(target), channel)
        return channel, False

    def _find(self, target: _Target) -> Channel:
        found: Optional[Channel] = None
        try:
            if target.id:
                found = self._mattermost.channel(target.id)
        except (Unauthorized, NotFound) as error:
            if error.status not in (403, 404):
                raise
        try:
            if found is None and target.name:
                found = self._mattermost.channel_by_name(target.team, target.name)
        except NotFound:
            found = self._archived(target)
        except Unauthorized as error:
            if error.status != 403:
                raise
        if found is None:
            raise ChannelUnavailable(
                self._outside_the_team(target)
                or f"Mattermost shows the bot no channel {target.label}: it is misspelt, or "
                "it is private; ask a "
                f"member of the channel to run `/invite @{self._bot()}` there",
                target.known_as or target.text,
                status=404,
            )
        if found.archived:
            raise ChannelUnavailable(
                f"The Mattermost channel {target.label} is archived: restore it, or name "
                "another one in the rule or "
                "configuration that posts there",
                target.known_as or target.text,
                status=404,
                error_id=DELETED_CHANNEL,
                archived_id=found.id,
            )
        return found

    def _outside_the_team(self, target: _Target) -> str:
        """What to tell people when the channel's team is none of the bot's, else empty."""
        if target.id:
            return ""
        try:
            teams = self._mattermost.teams()
        except (
            PackError
        ):  # the channel is what was asked for; what is told of it is only less exact
            return ""
        if target.team in teams:
            return ""
        return (
            f"There is no Mattermost team '{target.team}' (channel '{target.name}'), or the "
            "bot is not in it; "
            f"the bot is in: {', '.join(teams) or 'no team'}. Correct the team, or ask an "
            "administrator to run "
            f"`mmctl team users add {target.team} {self._bot()}`"
        )

    def _archived(self, target: _Target) -> Optional[Channel]:
        try:
            return self._mattermost.channel_by_name(
                target.team, target.name, include_archived=True
            )
        except NotFound:
            return None

    def _join(self, found: Channel, target: _Target) -> None:
        if found.type != "O":
            return
        try:
            self._mattermost.join(found.id)
        except (Unauthorized, NotFound, RejectedInput) as error:
            if error.status == 401:
                raise
            raise ChannelUnavailable(
                f"The bot can't join the Mattermost channel {target.label} ({error}): ask a "
                "member of it to run "
                f"`/invite @{self._bot()}` there, or an administrator to add the bot to the team",
                target.known_as or target.text,
                status=error.status,
                error_id=error.error_id,
            ) from None

    def _refusal(self, channel: ChannelRef, error: PackError) -> ChannelUnavailable:
        return ChannelUnavailable(
            f"Mattermost refuses the bot in the channel {channel.label}: ask a member of it "
            "to run "
            f"`/invite @{self._bot()}` there ({error})",
            channel.label,
            status=error.status,
            error_id=error.error_id,
        )

    def _told(self, error: ChannelUnavailable, target: _Target) -> ChannelUnavailable:
        error.setting = target.setting
        if self._notify is not None:
            self._notify(error)
        return error

    def _bot(self) -> str:
        return self._mattermost.me().username

    def _key(self, target: _Target) -> str:
        """What stands for its words; cards remember theirs."""
        return ID_PREFIX + self._digest(target)

    def _digest(self, target: _Target) -> str:
        asked = json.dumps([self._mattermost.settings.url, target.id, target.team, target.name])
        return hashlib.sha256(asked.encode("ascii")).hexdigest()[:32]

    def _place(self, target: _Target) -> str:
        """Under which name the datastore keeps it."""
        return (ID_PREFIX if target.id else NAMED_PREFIX) + self._digest(target)

    def _forget(self, target: _Target) -> None:
        if self._known.pop(self._key(target), None):
            self._kept.forget(self._place(target))


def _ref(found: Channel, target: _Target) -> ChannelRef:
    team = "" if target.id == found.id else target.team
    return ChannelRef(found.id, found.name, found.display_name, team, found.type)


def _refused(error: PackError) -> bool:
    """Whether the answer says that the bot can't post in this channel (by Status
    and error id)."""
    return error.status == 403 or error.error_id in ARCHIVED_ERRORS
