"""Messages about shifts, each once by its key: to a channel, or to a person who did not say `/pd
notify off`.

    messenger = ShiftMessenger(context)
    messenger.channel("checkout", text, key)    # what fails becomes a dead letter
    messenger.person(person, text, key, button=ShiftButton("handover_accept", hand_off.key))

After three failures in a row the other side counts as down: the rest is kept without a try.
"""

# flake8: noqa: E501

from __future__ import annotations

from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    Iterable,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Tuple,
    Union,
)

from pagerduty_mattermost.cards import buttons
from pagerduty_mattermost.core.errors import (
    FAILURES_IN_A_ROW,
    PackError,
    RetryLater,
    StoreUnreachable,
)
from pagerduty_mattermost.core.text import escape, one_line
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store
from pagerduty_mattermost.people.accounts import Accounts
from pagerduty_mattermost.people.recipients import unknown, with_email

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

KEY_PREFIX = "notify."
SENT, OFF, UNKNOWN, KEPT = "sent", "off", "unknown", "kept"
WHAT_BECAME = {
    SENT: "Sent.",
    OFF: "Not sent: /pd notify is off.",
    UNKNOWN: "Mattermost does not know them.",
    KEPT: "Not sent yet: it is a failed post, and sent when Mattermost takes it.",
}
"""Of a direct message, for people."""
TAKES_IT = "I have it"
"""On the button by which somebody says so."""


class ShiftButton(NamedTuple):
    """The one button below a message."""

    verb: str
    """One of `buttons.ABOUT_SHIFTS`."""
    about: str
    """What the verb is about: its text."""
    name: str = TAKES_IT


def props_of(context: Context, button: Optional[ShiftButton]) -> Optional[Dict[str, Any]]:
    """Of a post with the button, signed now; None where there is none, or clicks can't be
    answered."""
    chat = context.settings.chat
    if button is None or not chat.has_buttons:
        return None
    key, now = chat.signing_keys[0].reveal(), context.clock()
    return buttons.about_shift(button.verb, button.about, button.name, chat.public_url, key, now)


def wants(store: Store, user_id: str) -> bool:
    """Whether a Mattermost user wants messages about shifts: everybody who did not say
    otherwise."""
    try:
        kept = store.read(KEY_PREFIX + user_id)
    except BrokenValue:
        return True
    return not (isinstance(kept, dict) and kept.get("shifts") is False)


def set_wants(store: Store, user_id: str, on: bool) -> None:
    """Remember what somebody chose; the default needs no key."""
    if on:
        store.delete(KEY_PREFIX + user_id)
    else:
        store.write(KEY_PREFIX + user_id, {"shifts": False})


def close_button(context: Context, post_id: str, text: str) -> None:
    """A message loses its button, and says below what came of it, once. Raises the gateway's
    errors."""
    post = context.mattermost.get_post(post_id)
    props, before = post.get("props"), str(post.get("message") or "")
    kept = {**(props if isinstance(props, dict) else {}), "attachments": []}
    message = before if before.endswith(text) else f"{before}\n\n{text}"
    context.mattermost.patch_post(post_id, message=message, props=kept)


def close_buttons(
    context: Context, messages: Iterable[Tuple[Union[str, Reference], str]], text: str
) -> None:
    """The same of those messages that are there, each by its channel (name or id), or the person
    it went to, and its key. Failing is logged. Raises StoreUnreachable."""
    from pagerduty_mattermost.gateways.mattermost.post_once import known

    accounts = Accounts(context.mattermost, context.store, log=context.log)
    for where, key in messages:
        try:
            channel_id = _channel_id(context, accounts, where)
            sent = known(context.store, channel_id, key) if channel_id else None
            if sent is not None:
                close_button(context, sent.post_id, text)
        except StoreUnreachable:
            raise
        except PackError as error:
            to = where if isinstance(where, str) else where.name
            context.log.warning("The button of a message to %s stays: %s", to, error)


def _channel_id(context: Context, accounts: Accounts, where: Union[str, Reference]) -> str:
    """Empty of a person without an account."""
    if isinstance(where, str):
        return context.channels.id_of(where)
    account = accounts.of(where)
    return context.mattermost.direct_channel(account.id).id if account is not None else ""


def tell(
    context: Context,
    accounts: Accounts,
    person: Reference,
    text: str,
    key: str,
    props: Optional[Mapping[str, Any]] = None,
    *,
    even_if_off: bool = False,
) -> str:
    """A direct message: `sent`, `off` where they don't want any about shifts (unless
    `even_if_off`: it is a page), `unknown` where Mattermost does not know them, which operators
    are told once a day. Raises the gateways' and the store's errors."""
    person = with_email(context.pagerduty, person)
    account = accounts.of(person)
    if account is None:
        of = "a page" if even_if_off else "a shift"
        context.notify_operators(
            f"user:{person.id}", unknown(person, escape(one_line(person.name, 80)), of)
        )
        return UNKNOWN
    if not even_if_off and not wants(context.store, account.id):
        return OFF
    channel = context.mattermost.direct_channel(account.id)
    context.post_once(channel.id, text, key=key, props=props)
    return SENT


class ShiftMessenger:
    """Sends the messages of one run. `problems`: what failed, a line each."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._in_a_row = 0
        self.accounts = Accounts(context.mattermost, context.store, log=context.log)
        self.problems: List[str] = []
        self._people: Dict[str, Reference] = {}

    def channel(
        self,
        channel: str,
        text: str,
        key: str,
        *,
        keep: bool = True,
        button: Optional[ShiftButton] = None,
    ) -> bool:
        """True when it is there, or kept as a dead letter, whose button is signed when it is
        posted. Raises StoreUnreachable."""
        params = {"channel": channel, "message": text, "key": key, **_kept(button)}
        props = props_of(self._context, button)

        def post() -> None:
            self._context.channels.using(
                channel,
                lambda found: self._context.post_once(found.id, text, key=key, props=props),
            )

        return self._do("oncall_tell" if button else "post_once", params, post, keep)

    def person(
        self,
        person: Reference,
        text: str,
        key: str,
        *,
        keep: bool = True,
        button: Optional[ShiftButton] = None,
    ) -> bool:
        """The same for a direct message; True also when it is not wanted or nobody is there to get
        it."""
        return bool(self.reach(person, text, key, keep=keep, button=button))

    def reach(
        self,
        person: Reference,
        text: str,
        key: str,
        *,
        keep: bool = True,
        button: Optional[ShiftButton] = None,
        even_if_off: bool = False,
    ) -> str:
        """What became of a direct message, as `tell` says it; KEPT as a dead letter, empty where
        it failed and is not kept. Raises StoreUnreachable."""
        params = {
            "user": person.id,
            "name": person.name,
            "email": person.email,
            "message": text,
            "key": key,
            **({"even_if_off": True} if even_if_off else {}),
            **_kept(button),
        }
        props, became = props_of(self._context, button), [KEPT]

        def send() -> None:
            whole = self._whole(person)
            became[0] = tell(
                self._context, self.accounts, whole, text, key, props, even_if_off=even_if_off
            )

        return became[0] if self._do("oncall_tell", params, send, keep) else ""

    def name(self, person: Reference) -> str:
        """The person as Markdown that notifies nobody."""
        try:
            return self.accounts.name(self._whole(person))
        except StoreUnreachable:
            raise
        except PackError:
            return escape(one_line(person.name, 80))

    def _whole(self, person: Reference) -> Reference:
        if person.id not in self._people:
            self._people[person.id] = with_email(self._context.pagerduty, person)
        return self._people[person.id]

    def _do(self, name: str, params: Dict[str, Any], work: Callable[[], Any], keep: bool) -> bool:
        error: Optional[PackError] = RetryLater("Mattermost does not answer: not tried")
        line = str(error)
        if self._in_a_row < FAILURES_IN_A_ROW:
            try:
                work()
            except StoreUnreachable:
                raise
            except PackError as problem:
                error, line = problem, self._context.line_of(problem)
                self._in_a_row = self._in_a_row + 1 if isinstance(problem, RetryLater) else 0
                if problem.status == 401:  # Mattermost takes the bot's token for nothing else
                    self._in_a_row = FAILURES_IN_A_ROW
            except Exception as problem:  # noqa: BLE001 - one message that fails must not hold up the others
                error, line = None, self._context.line_of(problem)
            else:
                self._in_a_row = 0
                return True
        self.problems.append(line)
        if keep:
            self._context.keep_failed(name, params, error, line)
        return keep


def _kept(button: Optional[ShiftButton]) -> Dict[str, str]:
    """As parameters of `oncall.tell`."""
    return {} if button is None else {"button": button.verb, "about": button.about}
