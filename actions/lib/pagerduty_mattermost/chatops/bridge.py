"""What the chat sensor hears of StackStorm's own aliases: each call answered at once, and carried
out in a thread of its own.

    bridge = open_bridge(service, raw, mattermost, log)
    bridge.answer(call)        # PassedOnAnswer: nothing, or why not
    bridge.tend()              # each minute
"""

from __future__ import annotations

import hashlib
import threading
import time
from typing import Any, Callable, Union

from pagerduty_mattermost.chat.answering import say
from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.entries_of_rights import means
from pagerduty_mattermost.chat.order_replies import OrderReply
from pagerduty_mattermost.chat.passed_on import PassedOn, PassedOnAnswer, PassedWords
from pagerduty_mattermost.chatops import inquiry_posts
from pagerduty_mattermost.chatops.alias_audit import AliasAudit
from pagerduty_mattermost.chatops.alias_clicks import AliasClicks
from pagerduty_mattermost.chatops.alias_host import StackStormAliases
from pagerduty_mattermost.chatops.alias_orders import AliasOrders, AliasSurroundings, Phrase
from pagerduty_mattermost.chatops.alias_posts import CLICKS, Buttons
from pagerduty_mattermost.chatops.alias_telling import AliasTelling
from pagerduty_mattermost.chatops.alias_watch import AliasWatch
from pagerduty_mattermost.chatops.inquiry_answers import InquiryAnswers
from pagerduty_mattermost.chatops.inquiry_places import asking_of, inquiry_buttons, own_account
from pagerduty_mattermost.chatops.inquiry_records import InquiryRecords
from pagerduty_mattermost.chatops.inquiry_round import InquiryRound
from pagerduty_mattermost.chatops.waiting_workflows import WaitingWorkflows
from pagerduty_mattermost.core.config.chatops import EVERYTHING
from pagerduty_mattermost.core.config.settings import Config, load, require_mattermost
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.gateways.context import Context
from pagerduty_mattermost.gateways.mattermost.operations_notices import notify_operators
from pagerduty_mattermost.gateways.mattermost.values import marked_id
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.gateways.stackstorm.embedded_api import EmbeddedApi
from pagerduty_mattermost.gateways.stackstorm.kept_phrases import PhraseRecords
from pagerduty_mattermost.gateways.stackstorm.web_api import StackStormApi

CALLS_AT_ONCE = 16
"""Calls that are carried out at a time."""
WAITING_CALLS = 100
"""Calls that wait besides for one of these to end."""
SOON_SECONDS = 2.0
"""How long the datastore is waited for while somebody's dialog is open."""
BUSY = "Not done: too much is asked for at the moment. Try again."


class ChatopsBridge:
    """Its threads end by themselves."""

    def __init__(
        self,
        config: Config,
        orders: AliasOrders,
        clicks: AliasClicks,
        watch: AliasWatch,
        answers: InquiryAnswers,
        inquiries: InquiryRound,
        log: Any,
    ) -> None:
        self._orders, self._clicks, self._watch = orders, clicks, watch
        self._answers, self._inquiries, self._log = answers, inquiries, log
        self._tasks_run_phrases = bool(config.rooms.aliases)
        self._room, self._free = (
            threading.BoundedSemaphore(count)
            for count in (CALLS_AT_ONCE + WAITING_CALLS, CALLS_AT_ONCE)
        )
        self.words = PassedWords(
            config.chatops.trigger, (*CLICKS, *inquiry_posts.CLICKS), inquiry_posts.DIALOGS
        )

    def answer(self, call: PassedOn) -> PassedOnAnswer:
        if call.kind == "command":
            phrase = phrase_of(call)
            return self._soon(lambda: self._orders.run(phrase))
        if call.kind == "dialog":
            told, work = self._answers.sent(call)
            return told if told != PassedOnAnswer() else self._soon(work)
        if call.verb in inquiry_posts.CLICKS:
            return self._soon(lambda: self._answers.clicked(call))
        return self._soon(lambda: self._clicks.clicked(call))

    def tend(self) -> None:
        """What a killed process left is gone on with. Raises nothing that can go wrong
        outside."""
        threading.Thread(target=self._round, name="pagerduty-chatops", daemon=True).start()

    def _round(self) -> None:
        self._watch.pick_up()
        self._inquiries.look()

    def pick_up(self) -> None:
        """What tasks of playbooks have begun is looked after, where they may begin anything.
        Raises nothing that can go wrong outside."""
        if self._tasks_run_phrases:
            self._watch.pick_up()

    def close(self) -> None:
        self._watch.close()

    def _soon(self, work: Callable[[], None]) -> PassedOnAnswer:
        if not self._room.acquire(blocking=False):
            return PassedOnAnswer(f":warning: {BUSY}")

        def done() -> None:
            try:
                with self._free:
                    work()
            except Exception as error:  # noqa: BLE001 - one call's trouble is not that of others
                self._log.error("A call failed: %s: %s", type(error).__name__, error)
            finally:
                self._room.release()

        threading.Thread(target=done, name="pagerduty-chatops", daemon=True).start()
        return PassedOnAnswer()


def phrase_of(call: PassedOn) -> Phrase:
    """The same call is the same order."""
    known = call.once.digest or f"{time.time()} {call.user_id} {call.text}"
    id = hashlib.sha256(f"phrase {known}".encode("utf-8", "replace")).hexdigest()[:32]
    return Phrase(
        id, call.text, call.user_id, call.user_name, call.channel_id, call.root_id, call.hook
    )


def open_bridge(
    service: Any, raw: Any, new_mattermost: Callable[[], Any], log: Any
) -> ChatopsBridge:
    """`service`: the chat sensor's; `new_mattermost`: makes a gateway."""
    config = load(raw)
    settings = require_mattermost(config)
    local = threading.local()

    def mattermost() -> Any:
        if not hasattr(local, "made"):
            local.made = new_mattermost()
        return local.made

    def context() -> Context:
        return Context(dict(raw or {}), service, log)

    store = Store(service)
    chat = config.chat
    key = chat.signing_keys[0].reveal() if chat.signing_keys else ""
    buttons = Buttons(chat.public_url if key else "", key, config.chatops.trigger)

    def warn(about: str, text: str) -> None:
        _warn(mattermost(), store, about, text, log)

    telling = AliasTelling(mattermost, buttons, time.time, log)
    api = _api(service, config, settings.http, log)
    host = StackStormAliases(api)
    records = PhraseRecords(store, log)
    audit = AliasAudit(store, log)
    watch = AliasWatch(host, telling, records, audit, log)
    around = AliasSurroundings(
        means=lambda one, entry: _means(context(), one.user_id, one.channel_id, entry),
        is_private=lambda phrase: _is_private(context, config, phrase),
        seed=lambda name: str(mattermost().post_seed(name)),
        warn=warn,
    )
    orders = AliasOrders(config.chatops, host, telling, watch, records, around, audit, log)
    clicks = AliasClicks(orders, host)
    own = InquiryRecords(Store(service, deadline=SOON_SECONDS), log)
    asked = api if api.is_stackstorm and config.chatops.inquiries else None
    asking = asking_of(context, asked, mattermost, own, log) if asked is not None else None
    answers = InquiryAnswers(
        config.chatops,
        asked,
        asking,
        own,
        mattermost,
        inquiry_buttons(config),
        lambda user, text: _say(mattermost, user, text, log),
        lambda user, channel, entry: _means(context(), user, channel, entry),
        log,
        audit=audit,
        workflows=WaitingWorkflows(asked, warn, log) if asked is not None else None,
    )
    inquiries = InquiryRound(asked, asking, answers, own, warn, log)
    return ChatopsBridge(config, orders, clicks, watch, answers, inquiries, log)


def _say(mattermost: Callable[[], Any], user: str, text: str, log: Any) -> None:
    try:
        say(mattermost(), user, "", OrderReply(text), log)
    except PackError as error:
        log.warning("%s could not be answered: %s", user, error)


def _api(service: Any, config: Config, http: Any, log: Any) -> Union[StackStormApi, EmbeddedApi]:
    answered = getattr(service, "alias_api", None)
    if callable(answered) and config.chatops.api_url == "":
        return EmbeddedApi(answered)
    told = log if config.debug else None
    return StackStormApi(config.chatops, http, lambda: own_account(service), log=told)


def _means(context: Context, user: str, channel: str, entry: str) -> bool:
    return means(context, Command("", user=marked_id(user), channel=channel), entry)


def _is_private(context: Callable[[], Context], config: Config, phrase: Phrase) -> bool:
    words = config.chatops.private_in
    if not words or EVERYTHING in words:
        return bool(words)
    made = context()
    for word in words:
        try:
            if made.channels.id_of(word.strip().lstrip("~")) == phrase.channel_id:
                return True
        except PackError as error:
            made.log.warning("chatops.private_in names %s: %s", word, error)
            return True  # rather to one person than to a channel that was to be spared
    return False


def _warn(mattermost: Any, store: Store, about: str, text: str, log: Any) -> None:
    notify_operators(mattermost, store, about, text, log=log)
