"""Where calls from Mattermost arrive: verified, answered within 3 s, and dispatched.

The act is an action's, which answers when it is done; what is taken is answered with nothing,
but a dialog that was sent stays open until then (`dialog_outcomes`), for longer than those 3 s.
Dialogs are opened here and at once, since their trigger lives 3 s. When StackStorm does not take
an order in time, whoever gave it is told to try again, and the order is taken back by a datastore
key that the action looks for: it is never run late.
"""

# flake8: noqa: E203

from __future__ import annotations

import threading
import time
from typing import Any, Callable, Dict, Mapping, Optional, Union

from pagerduty_mattermost.cards import buttons
from pagerduty_mattermost.chat import dialogs, run_clicks
from pagerduty_mattermost.chat.answering import say
from pagerduty_mattermost.chat.calls import (
    Call,
    CallRefused,
    CallSecrets,
    ChatCall,
    ChatOrder,
    ConfirmationExpired,
    DialogWanted,
    FieldErrors,
    LookupWanted,
    Ping,
    UnreadCommand,
)
from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.dialog_lists import DialogLists, ListReads
from pagerduty_mattermost.chat.dialog_opener import DialogOpener
from pagerduty_mattermost.chat.dialog_outcomes import DialogOutcome, WaitingDialogs
from pagerduty_mattermost.chat.dropped_orders import drop
from pagerduty_mattermost.chat.order_replies import OrderReply
from pagerduty_mattermost.chat.orders import as_text, made_at
from pagerduty_mattermost.chat.passed_on import NO_WORDS, PassedOn, PassesOn
from pagerduty_mattermost.chat.permissions import READ_ONLY
from pagerduty_mattermost.chat.replay_guard import ReplayGuard
from pagerduty_mattermost.chat.requests import COMMAND, NOTE, menu_left, read
from pagerduty_mattermost.core.config.settings import Config
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.markdown import shown_in_dialog, with_commands
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.http.accepted_secrets import RELOAD_SECONDS
from pagerduty_mattermost.gateways.http.listener import (
    Answered,
    Listener,
    SparingLog,
    cant_listen,
)
from pagerduty_mattermost.gateways.http.quotas import Quotas
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.gateways.stackstorm.dispatcher import Dispatcher
from pagerduty_mattermost.gateways.stackstorm.kept_secrets import (
    CHAT_TOKENS,
    OUTGOING_WEBHOOK,
    SLASH_COMMAND,
    accepted,
)
from pagerduty_mattermost.rooms.records import RoomRecords
from pagerduty_mattermost.runs.acts import Act
from pagerduty_mattermost.sensor.health import SensorHealth
from pagerduty_mattermost.sensor.kept_health import CHAT_KEY, KeptHealth

TRIGGER = "pagerduty.chat_command"
DISPATCH_SECONDS = 2.0
"""Of the 3 s that Mattermost waits."""
WRITE_SECONDS = 0.8
"""How long the datastore may take to keep a tick, of the same."""
TAKE_BACK_PAUSES_SECONDS = (5.0, 20.0, 60.0, 0.0)
"""Between tries to take back what may yet be written."""
ORDERS_A_SECOND, ORDERS_AT_ONCE = 0.5, 20
"""Of one person: what no hand does faster, and what leaves PagerDuty's quota and the runners to
cards and to others."""
TOO_MANY = ":warning: Not done: that is too much at once. Try again in {seconds} s."
NOT_TAKEN = ":warning: Not taken, StackStorm does not answer: try again in a moment."
PONG = "StackStorm's pack pagerduty is here."
BARE_START = as_text(Command("start"))
DONE_ALREADY = ":ballot_box_with_check: Done already: the first click counted."
DISMISSED = "Nothing was done."
EXPIRED = ":hourglass: Nothing was done: this is too old. Type the command again."


class ChatEndpoint:
    """Listens for Mattermost. Its threads call `answer`, several at a time."""

    def __init__(
        self,
        config: Config,
        dispatcher: Dispatcher,
        store: Store,
        mattermost: Callable[[], Any],
        lists: ListReads,
        log: Any,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        soon_store: Optional[Store] = None,
        passed_on: Optional[PassesOn] = None,
        refuses: Callable[[DialogWanted], str] = lambda wanted: "",
    ) -> None:
        """`mattermost`: makes a gateway, for one thread; `lists`: reads what dialogs offer;
        `monotonic`: by which orders are counted; `soon_store`: the same datastore, given up
        after `WRITE_SECONDS`; `refuses`: as of `DialogOpener`."""
        self._soon_store = soon_store or store
        self._passed_on = passed_on
        self._words = passed_on.words if passed_on is not None else NO_WORDS
        self._chat = config.chat
        self._dispatcher, self._store, self._log, self._clock = dispatcher, store, log, clock
        self._new_mattermost = mattermost
        self._lists = DialogLists(lists, log)
        self._dialogs = DialogOpener(
            config, self._lists, self._mattermost, self._soon_store, log, clock, monotonic, refuses
        )
        self._lock = threading.Lock()
        self._local = threading.local()
        self._sparing = SparingLog(log)
        self._replay_guard = ReplayGuard()
        self._people = Quotas(ORDERS_A_SECOND, ORDERS_AT_ONCE, monotonic)
        self._told = Quotas(1 / 60, 1, monotonic)
        self._followed = Quotas(1 / 10, 3, monotonic)
        self._commands = accepted(store, CHAT_TOKENS, config.chat.command_tokens, SLASH_COMMAND)
        self._webhooks = accepted(store, CHAT_TOKENS, config.chat.webhook_tokens, OUTGOING_WEBHOOK)
        self._listener: Optional[Listener] = None
        self.dialogs = WaitingDialogs(store, log)
        self.health = SensorHealth()
        self._kept = KeptHealth(self.health, store, CHAT_KEY, log)

    def listen(self) -> None:
        """Listens, or notes why not; `tend` tries again."""
        self._kept.load()
        try:
            self._listener = Listener(self._chat.bind, self._chat.port, self.answer, self._log)
        except (OSError, OverflowError) as error:
            problem = cant_listen("chat", self._chat.bind, self._chat.port, error)
            problem += "; it is tried again each minute"
            if problem != self.health.reason:
                self._log.error("%s", problem)
            self.health.stands("chat", {"port": problem}, time.monotonic())
            return
        self.health.stands("chat", {}, time.monotonic())
        self._listener.start()
        self._lists.refresh()
        self._log.info("Listening for Mattermost on %s", self._listener.address)

    def tend(self) -> None:
        """Listen where that failed so far, and tell it in the operations channel. To be called
        each minute; raises nothing that can go wrong outside."""
        if self._listener is None:
            self.listen()
        elif self._kept.load():
            self.health.stands("chat", {}, time.monotonic())
        with self._lock:
            self._kept.report(self._dispatcher)
        if self._passed_on is not None:
            self._passed_on.tend()

    @property
    def address(self) -> str:
        return self._listener.address if self._listener else ""

    def close(self) -> None:
        if self._listener is not None:
            self._listener.stop()
        if self._passed_on is not None:
            self._passed_on.close()

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """HTTP status and JSON object for one call."""
        prefix = _path_of(self._chat.public_url)
        inner = path[len(prefix) :] if prefix and path.startswith(prefix) else path
        try:
            order = self._read(ChatCall(inner, headers, body))
            if isinstance(order, (ChatOrder, PassedOn)) and not self._replay_guard.take(
                order.once, self._clock()
            ):
                if isinstance(order, ChatOrder) and order.once.single:
                    return 200, self._again(order, inner)
                raise CallRefused(409, "this very call was answered before")
        except ConfirmationExpired as expired:
            return 200, self._said(inner, EXPIRED, expired.user_id, expired.hook)
        except CallRefused as refused:
            self._refuse(inner, refused)
            return refused.status, {"error": str(refused)}
        if isinstance(order, Ping):
            return 200, _response(inner, PONG)
        if isinstance(order, UnreadCommand):
            return 200, _response(inner, f":warning: {with_commands(order.problem)}")
        if isinstance(order, FieldErrors):
            return 200, {"errors": dict(order.errors)} if order.errors else {}
        if isinstance(order, LookupWanted):
            return 200, self._dialogs.offered(order)
        if isinstance(order, ChatOrder) and order.verb == buttons.DISMISSED:
            return 200, self._said(inner, DISMISSED, order.user_id, order.hook)
        if not self._people.take(order.user_id):
            return 200, self._too_many(order, inner)
        if isinstance(order, PassedOn):
            return 200, self._pass_on(order, inner)
        if isinstance(order, ChatOrder) and self._starts_outside(order):
            order = DialogWanted(
                dialogs.DECLARE, "", order.trigger, order.user_id, order.channel_id, "", order.hook
            )._replace(opens_room=True)
        if isinstance(order, DialogWanted):
            return 200, self._open(order, inner)
        if order.kind == "dialog" and order.verb != dialogs.CANCELLED:
            return self._awaited(order, inner)
        return 200, self._said(inner, self._taken(order), order.user_id, order.hook)

    def _pass_on(self, call: PassedOn, path: str) -> Dict[str, Any]:
        assert self._passed_on is not None  # only its words are read as such a call
        told = self._passed_on.answer(call)
        return {"errors": dict(told.errors)} if told.errors else _response(path, told.text)

    def _starts_outside(self, order: ChatOrder) -> bool:
        """Whether somebody says `start` and no more in a channel that is no room: they are asked
        what."""
        if not (order.trigger and order.kind == "command" and order.command == BARE_START):
            return False
        try:
            rooms = RoomRecords(self._soon_store, self._log)
            return not rooms.incident_in(order.channel_id)
        except PackError:
            return True

    def _taken(self, order: ChatOrder) -> str:
        """As `_take`; a tick of a playbook is written first, so that it is not lost."""
        act = run_clicks.act_of(order.payload(), made_at(order.payload()), self._chat)
        if act is None:
            return self._take(order)
        try:
            run_clicks.write(self._soon_store, order.incident, act)
        except PackError as error:
            self._log.warning("A tick of @%s was not taken: %s", act.by.name, error)
            self._replay_guard.give_back(order.once)
            problem = NOT_TAKEN
        else:
            problem = self._take(order._replace(values=run_clicks.WRITTEN))
        if problem:
            args = (order.incident, act)
            threading.Thread(target=self._take_back, args=args, daemon=True).start()
        return problem

    def _take_back(self, incident: str, act: Act) -> None:
        """Its giver was answered that it was not taken: it does not count either."""
        for pause in TAKE_BACK_PAUSES_SECONDS:
            try:
                run_clicks.take_back(self._store, incident, act)
                return
            except PackError as error:
                self._log.warning("Act %s could not be taken back: %s", act.id, error)
            time.sleep(pause)

    def _awaited(self, order: ChatOrder, inner: str) -> Answered:
        """The dialog stays open until it is known what came of it, and may be sent again where it
        came to nothing."""

        def ended(outcome: DialogOutcome) -> None:
            if outcome.is_open:
                self._replay_guard.give_back(order.once)

        later = self.dialogs.expect(order.id, ended)
        until = self._clock() + self.dialogs.seconds if later is not None else 0.0
        problem = self._take(order._replace(awaited_until=until))
        if problem:
            self.dialogs.end(order.id)
            return 200, _response(inner, problem)
        return (200, {}) if later is None else later

    def _said(self, path: str, text: str, user_id: str, hook: str) -> Dict[str, Any]:
        """The answer to a call. A click on what answered a command has none that is seen: it goes
        by that command's own way (`hook`)."""
        if not (text and hook and path == buttons.CLICK):
            return _response(path, text)
        if self._followed.take(user_id):
            threading.Thread(target=self._tell, args=(user_id, text, hook), daemon=True).start()
        return {}

    def _again(self, order: ChatOrder, path: str) -> Dict[str, Any]:
        """A second click on a confirmation, or a dialog sent twice: an error would look as if
        nothing had been done."""
        text = DONE_ALREADY if path == buttons.CLICK else ""
        return self._said(path, text, order.user_id, order.hook)

    def _too_many(
        self, order: Union[ChatOrder, DialogWanted, PassedOn], path: str
    ) -> Dict[str, Any]:
        """Say so to whom it stops, and to nobody else."""
        user = order.user_id
        text = TOO_MANY.format(seconds=max(1, round(self._people.seconds(user))))
        self._sparing.warn("too many", "A member's orders are not taken: too many at once")
        if isinstance(order, (ChatOrder, PassedOn)):
            self._replay_guard.give_back(order.once)
        if path == NOTE and self._told.take(user):
            threading.Thread(target=self._tell, args=(user, text), daemon=True).start()
        hook = order.hook if isinstance(order, ChatOrder) else ""
        return self._said(path, text, user, hook)

    def _tell(self, user_id: str, text: str, hook: str = "") -> None:
        """By the command's own way, else in a direct message: an answer to a note would be posted
        for all to see, one to a click in a command's answer nobody would see."""
        try:
            say(self._new_mattermost(), user_id, hook, OrderReply(text), self._log)
        except PackError as error:
            self._log.info("What became of a call could not be reported: %s", error)

    def _read(self, call: ChatCall) -> Call:
        """A token that is not known may be one that `mattermost.setup` has kept meanwhile."""
        tokens = {COMMAND: self._commands, NOTE: self._webhooks}.get(call.path)
        if tokens is not None:
            tokens.refresh(time.monotonic(), RELOAD_SECONDS)
        try:
            return read(call, self._secrets(), self._clock(), self._words)
        except CallRefused as refused:
            if refused.status != 401 or tokens is None or not tokens.refresh(time.monotonic()):
                raise
        return read(call, self._secrets(), self._clock(), self._words)

    def _secrets(self) -> CallSecrets:
        keys = tuple(one.reveal() for one in self._chat.signing_keys)
        return CallSecrets(self._commands.texts, keys, self._webhooks.texts)

    def _take(self, order: ChatOrder) -> str:
        """Dispatch it; what is answered at once: nothing where it was taken, the answer comes when
        it is done."""
        try:
            with self._lock:
                self._dispatcher.dispatch(
                    TRIGGER, order.payload(), trace_tag=order.incident or _lane(order)
                )
        except PackError as error:
            self._log.warning(
                "A %s of @%s was not taken: %s", order.kind, one_line(order.user_name, 64), error
            )
            self._replay_guard.give_back(order.once)
            threading.Thread(target=self._drop, args=(order.id,), daemon=True).start()
            return NOT_TAKEN
        return ""

    def _drop(self, order_id: str) -> None:
        """It may still get through; the action that finds this key leaves it alone."""
        try:
            drop(self._store, order_id)
        except PackError as error:
            self._log.warning(
                "Order %s could not be taken back: %s; it is void after a minute",
                order_id,
                error,
            )

    def _open(self, wanted: DialogWanted, path: str) -> Dict[str, Any]:
        # Said at once, not when a form was filled in.
        problem = READ_ONLY if self._chat.read_only else self._dialogs.open(wanted)
        left = menu_left(wanted, self._clock()) if problem and path == buttons.CLICK else None
        if left is not None:
            self._take(left)
        text = f":warning: {problem}" if problem else ""
        return self._said(path, text, wanted.user_id, wanted.hook)

    def _mattermost(self) -> Any:
        """A gateway is not for several threads at once."""
        if not hasattr(self._local, "mattermost"):
            self._local.mattermost = self._new_mattermost()
        return self._local.mattermost

    def _refuse(self, path: str, refused: CallRefused) -> None:
        reason = f"{refused.status} {refused}"
        self._sparing.warn(
            reason, "A call to %s was refused: %s", one_line(clean(path, 60)), reason
        )


def _response(path: str, text: str) -> Dict[str, Any]:
    if not text or path == NOTE:
        return {}  # to a note an answer would be posted for all to see
    if path == COMMAND:
        return {"response_type": "ephemeral", "text": text, "skip_slack_parsing": True}
    if path == buttons.CLICK:
        return {"ephemeral_text": text, "skip_slack_parsing": True}
    return {"error": shown_in_dialog(text)}


def _lane(order: ChatOrder) -> str:
    """What is of no incident is traced by who ordered it, and the embedded default carries out one
    after the other what has one tag: a member's many commands don't take all its workers."""
    return f"chat-{order.user_id}" if order.user_id else order.id


def _path_of(url: str) -> str:
    from urllib.parse import urlsplit

    return urlsplit(url).path.rstrip("/")
