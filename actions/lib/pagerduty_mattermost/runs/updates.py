"""A status update: in the room under its author's own name, copied to other channels, sent to
PagerDuty's subscribers; each of them once.

    given = give(context, records, run, Act(UPDATE, order_id, at, who, text=...), incident, room)
    given.problems       # what of it is not done, a line each

The act is written first; each effect leaves a `SENT` behind, so that whoever was killed in between
is followed by the round over rooms (`finish`). A post that only the author can have made bears a
key as well: anybody may write props, so its author is compared.
"""

# flake8: noqa: W503

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, NamedTuple, Tuple

from pagerduty_mattermost.cards import told_replies
from pagerduty_mattermost.cards.incident_memory import SaidNote
from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import (
    NotFound,
    NotKnown,
    PackError,
    PermanentError,
    RejectedInput,
    RetryLater,
    Unauthorized,
    WriteRefused,
)
from pagerduty_mattermost.core.markdown import copyable_link
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.core.text import channel_link, escape
from pagerduty_mattermost.gateways.mattermost import own_channels
from pagerduty_mattermost.gateways.mattermost.channels import is_archived
from pagerduty_mattermost.gateways.mattermost.post_once import CLOCK_MARGIN_SECONDS
from pagerduty_mattermost.gateways.mattermost.values import key_of
from pagerduty_mattermost.gateways.pagerduty import status_updates
from pagerduty_mattermost.rooms.links import label, room_link
from pagerduty_mattermost.runs import (
    acting,
    people,
    reminders,
    reminding,
    update_posts,
    update_texts,
)
from pagerduty_mattermost.runs.acts import ROOM, SENT, Act, sent_id
from pagerduty_mattermost.runs.posting import is_final, posted, props_of
from pagerduty_mattermost.runs.records import Run, RunRecords
from pagerduty_mattermost.runs.texts import without_emphasis

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Incident
    from pagerduty_mattermost.rooms.records import RoomRecord
    from pagerduty_mattermost.runs.state import UpdateState

PAGERDUTY, TO_PAGERDUTY = "pagerduty", "to pagerduty"
"""Where an update goes, beside the room and channels; the last one: it was about to be sent
there."""
HOOK_SECONDS = 25 * 60.0
"""How long a command's response_url is used: Mattermost takes it for half an hour."""
LOOKED_FOR_SECONDS, LOOK_SECONDS = 30.0, 3.0
"""How long the author's post is looked for after an answer that was lost, and how often."""
LATE_SECONDS = 20.0
"""From then on another run may have sent it already."""
FINISHED_WITHIN_SECONDS = 86400.0
"""What an older update still lacks is left."""


class GivenUpdate(NamedTuple):
    """The run after a status update, and where it could not be sent."""

    run: Run
    problems: Tuple[str, ...] = ()
    """What of it is not done, as Markdown, a line each."""


def give(
    context: Context,
    records: RunRecords,
    run: Run,
    done: Act,
    incident: Incident,
    room: RoomRecord,
    *,
    hook: str = "",
    email: str = "",
) -> GivenUpdate:
    """`done`: the act; its `targets` are ids of channels. `hook`: of the command that it was given
    by, through which the post in the room is the author's; `email`: the author's at PagerDuty.
    Raises RejectedInput in a room that is archived, and the store's errors."""
    acted = acting.act(context, records, run, done)
    if acted.changed:
        words = reminding.given_by(done.by)
        reminding.strike_out(context, acted.run, reminders.UPDATE_DUE, words)
    return finish(context, records, acted.run, done.id, incident, room, hook=hook, email=email)


def unfinished(run: Run, now: float) -> List[UpdateState]:
    """Updates of the last day that somebody has still to be given."""
    state = run.state
    return [
        one
        for one in state.updates
        if not one.deleted
        and LATE_SECONDS < now - one.at < FINISHED_WITHIN_SECONDS
        and any(sent_id(one.id, where) not in state.sent for where in _targets(run, one))
    ]


def finish(
    context: Context,
    records: RunRecords,
    run: Run,
    update_id: str,
    incident: Incident,
    room: RoomRecord,
    *,
    hook: str = "",
    email: str = "",
) -> GivenUpdate:
    """What of it nobody has been given yet. What can't be done now is left to the round; what can
    never be done is told once."""
    state = run.state
    update = next((one for one in state.updates if one.id == update_id), None)
    if update is None or update.deleted:
        return GivenUpdate(run)
    giving = _Giving(context, records, run, update, incident, room, hook, email)
    for where in _targets(run, update):
        if not giving.is_taken_back:
            giving.to(where)
    return GivenUpdate(giving.run, tuple(giving.problems))


def _targets(run: Run, update: UpdateState) -> Tuple[str, ...]:
    more = (PAGERDUTY,) if run.plan.playbook.updates.pagerduty and not run.plan.drill else ()
    then = run.until(update.at).followers
    followers = (f"@{who.id}" for who in then if who.id != update.by.id)
    return (ROOM, *update.targets, *more, *followers)


class _Giving:
    """One update on its way."""

    def __init__(
        self,
        context: Context,
        records: RunRecords,
        run: Run,
        update: UpdateState,
        incident: Incident,
        room: RoomRecord,
        hook: str,
        email: str,
    ) -> None:
        self._context, self._records, self.run, self._update = context, records, run, update
        self._incident, self._room, self._hook, self._email = incident, room, hook, email
        self._zone = times.zone(context.settings.time_zone)
        self._shown = update_texts.view(run.state, update)
        self._is_late = context.clock() - update.at > LATE_SECONDS
        self._seen: Dict[str, Mapping[str, Any]] = {}
        """Its post in the room, by id, where that was found."""
        self.problems: List[str] = []

    @property
    def is_taken_back(self) -> bool:
        """Its author deleted it before all had it."""
        return any(one.id == self._update.id and one.deleted for one in self.run.state.updates)

    def to(self, where: str) -> None:
        if sent_id(self._update.id, where) in self.run.state.sent:
            return
        try:
            if where == ROOM:
                self._room_has(self._to_room())
            elif where == PAGERDUTY:
                self._to_pagerduty()
            elif where.startswith("@"):
                self._sent(where, self._to_person(where[1:]))
            else:
                self._sent(where, self._to_channel(where))
        except WriteRefused:
            raise
        except PackError as error:
            if is_final(error):
                self._sent(where, "")
                self.problems.append(self._not_there(where, error))
            else:
                self.problems.append(f"{self._not_there(where, error)}; it is tried again")

    def _not_there(self, where: str, error: PackError) -> str:
        place = {ROOM: "Not posted in the room", PAGERDUTY: "Not sent to PagerDuty"}.get(where)
        if place is None and where.startswith("@"):
            place = "Not sent to somebody who follows"
        elif place is None:
            place = f"Not posted in {channel_link(self._label(where))}"
        why = "it is archived" if is_archived(error) else error.in_chat
        return f"{place}: {escape(why)}"

    def _label(self, channel_id: str) -> str:
        try:
            return f"~{self._context.mattermost.channel(channel_id).name}"
        except PackError:
            return f"the channel {channel_id}"

    def _sent(self, where: str, post_id: str, text: str = "") -> Act:
        id = sent_id(self._update.id, where)
        at = self._context.clock()
        act = Act(SENT, id, at, of=self._update.id, value=where, post=post_id, text=text)
        self._records.act(self.run.incident, act)
        self.run = self.run.with_acts(act)
        return act

    # In the room

    def _room_has(self, post_id: str) -> None:
        """What its author made of the post before it was known is heard of now."""
        self._sent(ROOM, post_id)
        known = self._seen.get(post_id)
        if known is not None:
            run, is_gone = self.run, bool(known.get("delete_at"))
            heard = update_posts.heard(self._context, self._records, run, post_id, is_gone)
            self.run = heard or run

    @property
    def _key(self) -> str:
        return post_key("update", self.run.incident, self.run.plan.channel, self._update.id)

    @property
    def _about(self) -> Dict[str, str]:
        return {"update": self._update.id}

    def _to_room(self) -> str:
        """The post's id."""
        found = self._find() if self._is_late else ""
        if found:
            return found
        if self._hook and self._context.clock() - self._update.at < HOOK_SECONDS:
            found = self._as_author()
            if found:
                return found
        return self._as_bot()

    def _as_author(self) -> str:
        """Through the command's response_url; empty where Mattermost did not take it."""
        text = update_texts.own_post(self._shown, self._zone)
        props = props_of(self.run, self._key, self._about)
        try:
            self._context.mattermost.answer_command(self._hook, text, public=True, props=props)
        except RetryLater as error:
            return self._looked_for() if error.maybe_done else ""
        except (NotFound, PermanentError, RejectedInput, Unauthorized):
            return ""  # too late, or used up
        return self._looked_for()

    def _looked_for(self) -> str:
        until = self._context.clock() + LOOKED_FOR_SECONDS
        while True:
            found = self._find()
            if found or self._context.clock() >= until:
                return found
            self._context.sleep(LOOK_SECONDS)

    def _as_bot(self) -> str:
        text = update_texts.bot_post(self._shown, self._zone)
        return posted(
            self._context,
            self.run,
            self._key,
            text,
            self._about,
            since=self._update.at,
            is_late=False,
        )

    def _find(self) -> str:
        """The id of the author's or the bot's post that bears the key, also of one that is deleted
        by now; empty where there is none."""
        authors = (self._update.by.id, self.run.plan.bot)
        since = int((self._update.at - CLOCK_MARGIN_SECONDS) * 1000)
        posts = own_channels.changed_posts(self._context.mattermost, self.run.plan.channel, since)
        for post in posts:
            if post.get("user_id") in authors and key_of(post) == self._key:
                self._seen[str(post["id"])] = post
                return str(post["id"])
        return ""

    # Elsewhere

    def _to_channel(self, channel_id: str) -> str:
        # The bot joins it where it is no member yet.
        return self._copy(self._context.channels.resolve(channel_id).id)

    def _copy(self, channel_id: str) -> str:
        link = ""
        if not self._room.private or self._context.settings.rooms.link_private:
            link = copyable_link(label(self._room), room_link(self._context, self._room))
        text = update_texts.copy(
            self._shown, self._incident, link, self._zone, drill=self.run.plan.drill
        )
        key = f"update {self.run.incident} {self._update.id}"
        sent = self._context.post_once(channel_id, text, key=key, not_before=self._update.at)
        return sent.post_id

    def _to_person(self, user_id: str) -> str:
        """As a direct message."""
        channel = self._context.mattermost.direct_channel(user_id).id
        return self._copy(channel)

    def _to_pagerduty(self) -> None:
        if not self._email:
            email = people.email_at_pagerduty(self._context, self._update.by)
            if not email:
                self._sent(PAGERDUTY, "")
                self.problems.append(
                    "Not sent to PagerDuty: its author has no PagerDuty user (`/pd connect`)"
                )
                return
            self._email = email
        begun = sent_id(self._update.id, TO_PAGERDUTY)
        # The author's post may have been looked for, and the round have come meanwhile.
        again = self._records.load(self.run.incident)
        if again is not None and again.plan.id == self.run.plan.id:
            self.run = again
        if sent_id(self._update.id, PAGERDUTY) in self.run.state.sent:
            return
        if begun in self.run.state.sent:
            self._sent(PAGERDUTY, "")
            if not self._stands_at_pagerduty():
                self._tell_not_known()
            return
        text = self._for_subscribers()
        before = self.run
        intent = self._sent(TO_PAGERDUTY, "", text.message)
        self._is_said_in_the_room(text.message)
        try:
            pagerduty, incident = self._context.pagerduty, self.run.incident
            status_updates.publish(pagerduty, incident, text, from_email=self._email)
        except NotKnown:
            self._tell_not_known()
        except PackError:
            self._records.take_back(self.run.incident, intent.id)
            self.run = before
            raise
        self._sent(PAGERDUTY, "")

    def _for_subscribers(self) -> status_updates.UpdateText:
        """In PagerDuty's template; as it stands where that is gone or refuses it, which its author
        hears of. PagerDuty shows no Markdown."""
        template = self.run.plan.playbook.updates.pagerduty_template
        text = without_emphasis(self._update.text)
        plain = status_updates.UpdateText(text)
        if not template:
            return plain
        try:
            pagerduty = self._context.pagerduty
            return status_updates.rendered(pagerduty, template, self.run.incident, text)
        except PackError as error:
            if not is_final(error):
                raise
            why = escape(error.in_chat)
            self.problems.append(f"Sent to PagerDuty without its template: {why}")
            return plain

    def _is_said_in_the_room(self, sent: str) -> None:
        """What PagerDuty's log has of it is not told there again."""
        records = IncidentRecords(self._context.store, self.run.incident, self._context.log)
        words, now = told_replies.said_words(sent), self._context.clock()
        records.save_said(self._update.id, SaidNote(self.run.plan.channel, words, now))

    def _stands_at_pagerduty(self) -> bool:
        begun = self.run.act(sent_id(self._update.id, TO_PAGERDUTY))
        sent = begun.text if begun is not None else ""
        return status_updates.was_published(
            self._context.pagerduty,
            self.run.incident,
            sent or without_emphasis(self._update.text),
            from_email=self._email,
            passed=self._context.clock() - self._update.at,
        )

    def _tell_not_known(self) -> None:
        line = (
            f"Whether PagerDuty's subscribers got status update {self._shown.number} is not known."
        )
        self.problems.append(line)
        if self._is_late:
            key = f"update not known {self._update.id}"
            self._context.post_once(self.run.plan.channel, line, key=key)
