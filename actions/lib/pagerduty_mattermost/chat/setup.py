"""`mattermost.setup`: makes in Mattermost what `/pd` needs, looks whether all of it works, and
says what only a system administrator can do. Doing it again changes nothing that is right.

    Setup(mattermost, admin, store, channels, config, log).run(["pd"], notes=True) -> [Step(state,
    text), ...]
"""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple
from urllib.parse import urlsplit

from pagerduty_mattermost.chat.endpoint import PONG
from pagerduty_mattermost.chat.requests import COMMAND, NOTE
from pagerduty_mattermost.core.config.reader import Secret
from pagerduty_mattermost.core.config.settings import Config
from pagerduty_mattermost.core.errors import PackError, RejectedInput, Unauthorized
from pagerduty_mattermost.core.text import one_line
from pagerduty_mattermost.gateways.http.accepted_secrets import REFRESH_SECONDS
from pagerduty_mattermost.gateways.mattermost.admin import Admin, CommandFailed
from pagerduty_mattermost.gateways.mattermost.channels import Channels
from pagerduty_mattermost.gateways.mattermost.client import Mattermost
from pagerduty_mattermost.gateways.stackstorm import kept_secrets
from pagerduty_mattermost.gateways.stackstorm.datastore import Store

OK, MADE, CHANGED, ADVICE, PROBLEM = "ok", "made", "changed", "advice", "problem"
TRIGGERS = ("pd", "incident", "pagerduty")
MARK = "StackStorm pack pagerduty"
"""In the description of what we made: Mattermost keeps it, and a person sees whose it is."""
TOKEN_REFUSED = 401
"""What the chat sensor answers to a token that it does not know."""
_COMMANDS = "System Console → Permissions → Manage slash commands, or make the bot a team admin"
_COMPARED = (
    "url",
    "method",
    "auto_complete",
    "auto_complete_hint",
    "auto_complete_desc",
    "display_name",
)


class NotAllWell(PackError):
    """Some steps have problems; the message tells them."""


class Step(NamedTuple):
    state: str
    """ok, made, changed, advice (works without), problem (something does not work)."""
    text: str


class Setup:
    def __init__(
        self,
        mattermost: Mattermost,
        admin: Admin,
        store: Store,
        channels: Channels,
        config: Config,
        log: Any,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`admin`: on an administrator's token where one was given, else on the bot's."""
        self._sleep = sleep
        self._mattermost, self._admin, self._store = mattermost, admin, store
        self._channels, self._config, self._log = channels, config, log
        self._team_id = ""
        self._tokens: Dict[Tuple[str, str], Secret] = {}
        """By kind and id."""

    def run(self, triggers: Sequence[str], *, notes: bool) -> List[Step]:
        """Each step, in order; a problem does not keep the later ones from being tried where they
        can be."""
        wanted = checked(triggers)
        steps = [self._bot(), *self._places(), *trust(self._admin.client_config())]
        missing = self._missing()
        if missing:
            return [
                *steps,
                Step(PROBLEM, f"{', '.join(missing)} must be set before /pd and buttons can work"),
            ]
        if not self._team_id:
            return steps
        self._tokens = _kept_tokens(self._store)
        before = dict(self._tokens)
        made = [self._command(trigger) for trigger in wanted]
        if notes:
            made.append(self._webhook())
        if self._tokens != before:
            try:
                _keep_tokens(self._store, self._tokens)
            except PackError as error:
                key = "has it a key to encrypt with (st2-generate-symmetric-crypto-key)?"
                return [
                    *steps,
                    *made,
                    Step(
                        PROBLEM,
                        f"the tokens can't be kept in StackStorm's datastore: {error}; {key}",
                    ),
                ]
        works = any(step.state != PROBLEM for step in made[: len(wanted)])
        return [*steps, *made, *([self._test(wanted[0])] if works else [])]

    def _missing(self) -> List[str]:
        chat = self._config.chat
        needed = (
            ("chat.port", chat.port),
            ("chat.public_url", chat.public_url),
            ("chat.signing_keys", chat.signing_keys),
        )
        return [name for name, value in needed if not value]

    def _bot(self) -> Step:
        me = self._mattermost.me()
        return Step(OK, f"the bot is @{me.username}")

    def _places(self) -> List[Step]:
        """The team, and every channel that the configuration names."""
        settings = self._config.mattermost
        steps: List[Step] = []
        if not settings.team:
            steps.append(
                Step(PROBLEM, "mattermost.team must name the team in which /pd is to work")
            )
        elif settings.team not in self._mattermost.teams():
            steps.append(
                Step(PROBLEM, f"the bot is not in the team {settings.team}: invite it there")
            )
        else:
            self._team_id = str(self._admin.team(settings.team).get("id") or "")
            steps.append(Step(OK, f"the bot is in the team {settings.team}"))
        named = {
            "mattermost.default_channel": settings.default_channel,
            "mattermost.operations_channel": settings.operations_channel,
            **{
                f"mattermost.service_channels.{name}": text
                for name, text in settings.service_channels.items()
            },
        }
        for name, text in named.items():
            if text:
                steps.append(self._channel(name, text))
        if not settings.default_channel:
            steps.append(
                Step(
                    ADVICE, "mattermost.default_channel is not set: rules must name their channels"
                )
            )
        return steps

    def _channel(self, name: str, text: str) -> Step:
        try:
            found = self._channels.resolve(text)
        except PackError as error:
            return Step(PROBLEM, f"{name}: {error}")
        return Step(OK, f"{name}: the bot posts in {found.label}")

    def _command(self, trigger: str) -> Step:
        fields = command_fields(trigger, self._config.chat.public_url, self._team_id)
        try:
            present = next(
                (
                    one
                    for one in self._admin.commands(self._team_id)
                    if one.get("trigger") == trigger
                ),
                None,
            )
        except Unauthorized as error:
            return self._by_hand(trigger, fields, error)
        except PackError as error:
            return Step(PROBLEM, f"/{trigger}: {error}")
        if present and not self._is_ours(present, COMMAND):
            whose = one_line(str(present.get("display_name") or present.get("url") or ""), 80)
            return Step(
                PROBLEM,
                f"/{trigger} is somebody else's command ({whose}): delete it, or set up "
                "another trigger",
            )
        return self._saved(
            f"/{trigger}",
            kept_secrets.SLASH_COMMAND,
            present,
            fields,
            self._admin.save_command,
            _COMPARED,
        )

    def _saved(
        self,
        what: str,
        kind: str,
        present: Optional[Mapping[str, Any]],
        fields: Dict[str, Any],
        save: Callable[[Mapping[str, Any]], Dict[str, Any]],
        compared: Sequence[str],
    ) -> Step:
        state, row = OK, dict(present or {})
        if not present or any(present.get(name) != fields[name] for name in compared):
            try:
                row = save({**row, **fields})
            except Unauthorized as error:
                if kind == kept_secrets.SLASH_COMMAND:
                    return self._by_hand(what.lstrip("/"), fields, error)
                return Step(PROBLEM, f"{what}: {error}")
            except PackError as error:
                return Step(PROBLEM, f"{what}: {error}")
            state = CHANGED if present else MADE
        if row.get("id") and row.get("token"):
            self._tokens[kind, str(row["id"])] = Secret(str(row["token"]))
        return Step(state, f"{what} leads to {fields.get('url') or fields['callback_urls'][0]}")

    def _by_hand(self, trigger: str, fields: Mapping[str, Any], error: PackError) -> Step:
        others = f"{_COMMANDS}, or run this with admin_token (an administrator's access token)"
        hand = (
            f"or make it by hand: Integrations → Slash Commands, trigger {trigger}, URL "
            f"{fields['url']}, method POST, "
            "its token in chat.command_tokens"
        )
        return Step(PROBLEM, f"{error}; {others}, {hand}")

    def _is_ours(self, present: Mapping[str, Any], path: str) -> bool:
        """Made by setup before (also with another address since), or by hand as the page says."""
        url = self._config.chat.public_url.rstrip("/") + path
        known = {id for _, id in self._tokens}
        return (
            present.get("id") in known
            or MARK in str(present.get("description"))
            or present.get("url") == url
        )

    def _webhook(self) -> Step:
        """Replies in a card's thread as notes. Not every server lets programs listen: /pd works
        without."""
        fields = webhook_fields(
            self._config.chat.note_word, self._config.chat.public_url, self._team_id
        )
        what = f"replies that begin with {self._config.chat.note_word}"
        try:
            rows = self._admin.webhooks(self._team_id)
        except PackError as error:
            return Step(
                ADVICE,
                f"{what} become no notes: {error}; an administrator can allow outgoing webhooks",
            )
        known = {id for kind, id in self._tokens if kind == kept_secrets.OUTGOING_WEBHOOK}
        url = fields["callback_urls"][0]
        ours = [
            row
            for row in rows
            if row.get("id") in known or url in (row.get("callback_urls") or ())
        ]
        compared = ("trigger_words", "trigger_when", "callback_urls", "content_type")
        step = self._saved(
            what,
            kept_secrets.OUTGOING_WEBHOOK,
            ours[0] if ours else None,
            fields,
            self._admin.save_webhook,
            compared,
        )
        return step._replace(state=ADVICE) if step.state == PROBLEM else step

    def _test(self, trigger: str) -> Step:
        """A command that is typed: the whole way from Mattermost to the chat sensor and back."""
        url = self._config.chat.public_url
        try:
            channel = self._mattermost.direct_channel(self._mattermost.me().id).id
            answer = self._ping(channel, trigger)
        except PackError as error:
            return Step(
                PROBLEM,
                f"/{trigger} was tried and failed: "
                f"{why_not(error, url, self._admin.allowed_connections())}",
            )
        if answer.get("text") == PONG:
            return Step(OK, f"/{trigger} was tried: Mattermost reaches the chat sensor at {url}")
        return Step(
            PROBLEM,
            f"/{trigger} was tried: something else answers at {url}: "
            f"{one_line(str(answer.get('text')), 80)}",
        )

    def _ping(self, channel: str, trigger: str) -> Dict[str, Any]:
        """Once more where the token is not known: the chat sensor may have looked for tokens a
        moment before it was kept, and does not look again at once."""
        admin = Admin(self._mattermost)
        try:
            return admin.execute(channel, self._team_id, f"/{trigger} ping")
        except CommandFailed as error:
            if error.answered != TOKEN_REFUSED:
                raise
        self._sleep(REFRESH_SECONDS)
        return admin.execute(channel, self._team_id, f"/{trigger} ping")


def teardown(admin: Admin, store: Store, team: str) -> List[Step]:
    """Takes away what setup made, as its kept tokens tell; what is gone already is well."""
    from pagerduty_mattermost.core.errors import NotFound

    steps: List[Step] = []
    tokens = _kept_tokens(store)
    left = dict(tokens)
    for kind, id in tokens:
        delete = (
            admin.delete_command if kind == kept_secrets.SLASH_COMMAND else admin.delete_webhook
        )
        word = "slash command" if kind == kept_secrets.SLASH_COMMAND else "outgoing webhook"
        try:
            try:
                delete(id)
                steps.append(Step(CHANGED, f"{word} {id} is deleted"))
            except NotFound:
                # Who may not manage commands is told that there is none: only who sees them all
                # can say so.
                admin.commands(str(admin.team(team).get("id") or ""))
                steps.append(Step(OK, f"{word} {id} was gone already"))
        except PackError as error:
            steps.append(Step(PROBLEM, f"{word} {id}: {error}"))
            continue
        del left[kind, id]
    if left:
        _keep_tokens(store, left)
    elif tokens:
        kept_secrets.forget(store, kept_secrets.CHAT_TOKENS)
    return steps or [Step(OK, "there was nothing that setup had made")]


def _kept_tokens(store: Store) -> Dict[Tuple[str, str], Secret]:
    """By kind and id."""
    kept = kept_secrets.read_or_none(store, kept_secrets.CHAT_TOKENS)
    return {(one.kind, one.id): one.secret for one in kept}


def _keep_tokens(store: Store, tokens: Mapping[Tuple[str, str], Secret]) -> None:
    kept = [kept_secrets.KeptSecret(id, token, kind) for (kind, id), token in tokens.items()]
    kept_secrets.write(store, kept_secrets.CHAT_TOKENS, kept)


def checked(triggers: Sequence[str]) -> List[str]:
    """Raises RejectedInput for one that is none of ours."""
    words = [word.strip().lower().lstrip("/") for word in triggers if word.strip()] or ["pd"]
    for word in words:
        if word not in TRIGGERS:
            raise RejectedInput(f"triggers: {word[:30]!r} is none of {', '.join(TRIGGERS)}")
    return list(dict.fromkeys(words))


def command_fields(trigger: str, public_url: str, team_id: str) -> Dict[str, Any]:
    """A slash command as Mattermost takes it (API: POST /commands)."""
    return {
        "team_id": team_id,
        "trigger": trigger,
        "url": public_url.rstrip("/") + COMMAND,
        "method": "P",
        "auto_complete": True,
        "auto_complete_hint": "[list | declare | ack 1234 | resolve 1234 note | oncall | help]",
        "auto_complete_desc": (
            "PagerDuty: list, declare, acknowledge, resolve, page. /pd help tells all"
        ),
        "display_name": "PagerDuty",
        "description": MARK,
        "username": "",
        "icon_url": "",
    }


def webhook_fields(word: str, public_url: str, team_id: str) -> Dict[str, Any]:
    """An outgoing webhook for a word at the beginning of a post of any public channel (API: POST
    /hooks/outgoing)."""
    return {
        "team_id": team_id,
        "channel_id": "",
        "display_name": "PagerDuty notes",
        "description": MARK,
        "trigger_words": [word],
        "trigger_when": 1,  # begins with the word
        "callback_urls": [public_url.rstrip("/") + NOTE],
        "content_type": "application/json",
    }


def trust(settings: Mapping[str, Any]) -> List[Step]:
    """How far an e-mail address proves who somebody is, by the server's settings as its clients
    are told them. Pure."""

    def on(name: str) -> bool:
        return str(settings.get(name)).lower() == "true"

    steps: List[Step] = []
    if "ShowEmailAddress" in settings and not on("ShowEmailAddress"):
        told = (
            "the server hides e-mail addresses from the bot: link people with "
            "identity.link, or let it show them"
        )
        steps.append(
            Step(ADVICE, f"{told} (System Console → Users and Teams → Show email address)")
        )
    verified = on("RequireEmailVerification")
    outside = [name for name in ("Ldap", "Saml") if on(f"Enable{name}")]
    if verified:
        steps.append(Step(OK, "e-mail addresses can be trusted: the server has them verified"))
    elif outside:
        where = " and ".join(name.upper() for name in outside)
        steps.append(
            Step(
                ADVICE,
                f"e-mail addresses are as good as {where}, and those of other accounts are "
                "not verified",
            )
        )
    elif on("EnableUserCreation") and on("EnableOpenServer"):
        told = (
            "anybody can sign up with anybody's e-mail address: set chat.link_by_email "
            "to false and use identity.link"
        )
        steps.append(
            Step(
                ADVICE,
                f"{told}, or require verified addresses (System Console → Authentication → Email)",
            )
        )
    else:
        told = (
            "e-mail addresses are not verified, people must be invited: who may invite "
            "or edit users can pose as others"
        )
        steps.append(Step(ADVICE, f"{told}; chat.link_by_email: false leaves links to you"))
    return steps


def why_not(error: PackError, public_url: str, allowed: Optional[str]) -> str:
    """What to do about a test call that failed. Mattermost does not say why, so whether its own
    guard stands in the way is told by the address. `allowed`: its present setting, None when
    unknown."""
    text = str(error)
    answered = error.answered if isinstance(error, CommandFailed) else None
    if answered == TOKEN_REFUSED:
        return (
            f"{text}; the chat sensor does not take the token: is it another "
            "StackStorm's, or of an older version?"
        )
    if answered is not None and answered >= 400:
        return f"{text}; does {public_url} lead to chat.bind and chat.port?"
    host = urlsplit(public_url).hostname or ""
    reach = (
        f"is the chat sensor running (its log says 'Listening'), and does {public_url} "
        "lead to it from Mattermost?"
    )
    if not is_inside(host) or host in (allowed or "").replace(",", " ").split():
        return f"{text}; {reach}"
    value = f"{allowed.strip()} {host}" if allowed and allowed.strip() else host
    also = "" if allowed is not None else " (beside what stands there)"
    return (
        f"{text}; {host} is an internal address, which Mattermost calls only when System "
        "Console → Environment → "
        "Developer → Allow untrusted internal connections "
        "(ServiceSettings.AllowedUntrustedInternalConnections) is "
        f'"{value}"{also}; if it is, {reach}'
    )


def is_inside(host: str) -> bool:
    """Whether the host leads to a private or loopback address, as this machine resolves it;
    unknown names count."""
    import ipaddress
    import socket

    try:
        found = socket.getaddrinfo(host, None)
    except OSError:
        return True
    return any(not ipaddress.ip_address(str(one[4][0]).split("%")[0]).is_global for one in found)
