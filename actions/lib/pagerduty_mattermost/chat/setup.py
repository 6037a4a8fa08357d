"""`mattermost.setup`: makes in Mattermost what `/pd` needs, looks whether all of it works, and
says what only a system administrator can do. Doing it again changes nothing that is right.

    set_up(context, ["pd"], notes=True) -> [SetupStep(state, text), ...]
    tear_down(context) -> [SetupStep(state, text), ...]
"""

# flake8: noqa: W503

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from pagerduty_mattermost.chat import setup_rooms, setup_trial
from pagerduty_mattermost.chat.requests import COMMAND
from pagerduty_mattermost.chat.setup_fields import MARK, checked, command_fields, webhook_fields
from pagerduty_mattermost.chat.setup_steps import ADVICE, CHANGED, MADE, OK, PROBLEM, SetupStep
from pagerduty_mattermost.core.config.reader import Secret
from pagerduty_mattermost.core.errors import NotFound, PackError, Unauthorized
from pagerduty_mattermost.core.text import one_line
from pagerduty_mattermost.gateways.mattermost import token_readers
from pagerduty_mattermost.gateways.mattermost.admin import Admin
from pagerduty_mattermost.gateways.stackstorm import kept_secrets
from pagerduty_mattermost.gateways.stackstorm.datastore import Store

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

_COMMANDS = "make the bot a team admin (System Console → Teams, or the team's members)"
_COMPARED = (
    "url",
    "method",
    "auto_complete",
    "auto_complete_hint",
    "auto_complete_desc",
    "display_name",
    "username",
    "icon_url",
)


def set_up(
    context: Context,
    triggers: Sequence[str],
    *,
    notes: bool,
    admin_token: str = "",
    take_over: bool = False,
) -> List[SetupStep]:
    """Each step, in order. `triggers`: words of slash commands; `notes`: whether replies in a
    card's thread become notes; `admin_token`: an administrator's, where the bot may not do it;
    `take_over`: whether what leads to another address is led here."""
    admin = _admin(context, admin_token)
    return _Setup(context, admin, take_over=take_over).run(triggers, notes=notes)


def tear_down(context: Context, admin_token: str = "") -> List[SetupStep]:
    """Takes away what was set up, as its kept tokens tell; what is gone already is well."""
    admin, store, steps = _admin(context, admin_token), context.store, []
    tokens = _kept_tokens(store)
    left = dict(tokens)
    for kind, id in tokens:
        try:
            steps.append(_removed(admin, kind, id, context.settings.mattermost.team))
        except PackError as error:
            steps.append(SetupStep(PROBLEM, f"{_word(kind)} {id}: {error}"))
            continue
        del left[kind, id]
    if left:
        _keep_tokens(store, left)
    elif tokens:
        kept_secrets.forget(store, kept_secrets.CHAT_TOKENS)
    return steps or [SetupStep(OK, "there was nothing that setup had made")]


def _removed(admin: Admin, kind: str, id: str, team: str) -> SetupStep:
    delete = admin.delete_command if kind == kept_secrets.SLASH_COMMAND else admin.delete_webhook
    try:
        delete(id)
    except NotFound:
        # Who may not manage commands is told that there is none: only who sees them all can say
        # so.
        admin.commands(str(admin.team(team).get("id") or ""))
        return SetupStep(OK, f"{_word(kind)} {id} was gone already")
    return SetupStep(CHANGED, f"{_word(kind)} {id} is deleted")


def _word(kind: str) -> str:
    return "slash command" if kind == kept_secrets.SLASH_COMMAND else "outgoing webhook"


def _admin(context: Context, token: str) -> Admin:
    """Mattermost with an administrator's token where one is given, else with the bot's."""
    if not token:
        return Admin(context.mattermost)
    from pagerduty_mattermost.core.config.settings import require_mattermost
    from pagerduty_mattermost.gateways.mattermost.client import Mattermost

    settings = require_mattermost(context.settings)._replace(token=Secret(token))
    return Admin(Mattermost(settings, monotonic=context.monotonic, sleep=context.sleep))


class _Setup:
    def __init__(self, context: Context, admin: Admin, *, take_over: bool) -> None:
        self._context, self._admin, self._take_over = context, admin, take_over
        self._settings = context.settings
        self._team_id = ""
        self._tokens: Dict[Tuple[str, str], Secret] = {}
        """By kind and id."""

    def run(self, triggers: Sequence[str], *, notes: bool) -> List[SetupStep]:
        """Each step, in order; a problem does not keep the later ones from being tried where they
        can be."""
        wanted = checked(triggers, self._settings.chatops.trigger)
        steps = [self._bot(), *self._places(), *setup_trial.trust(self._admin.client_config())]
        steps += [*setup_rooms.steps(self._context), self._token_readers()]
        missing = self._missing()
        if missing:
            return [
                *steps,
                SetupStep(
                    PROBLEM, f"{', '.join(missing)} must be set before /pd and buttons can work"
                ),
            ]
        if not self._team_id:
            return steps
        self._tokens = _kept_tokens(self._context.store)
        before = dict(self._tokens)
        made = [self._command(trigger) for trigger in wanted]
        if notes:
            made.append(self._webhook())
        if self._tokens != before:
            try:
                _keep_tokens(self._context.store, self._tokens)
            except PackError as error:
                key = "has it a key to encrypt with (st2-generate-symmetric-crypto-key)?"
                return [
                    *steps,
                    *made,
                    SetupStep(
                        PROBLEM,
                        f"the tokens can't be kept in StackStorm's datastore: {error}; {key}",
                    ),
                ]
        works = any(step.state != PROBLEM for step in made[: len(wanted)])
        return [*steps, *made, *([self._try(wanted[0])] if works else [])]

    def _try(self, trigger: str) -> SetupStep:
        return setup_trial.try_command(
            self._context.mattermost,
            self._admin,
            self._team_id,
            trigger,
            self._settings.chat.public_url,
            self._context.sleep,
        )

    def _missing(self) -> List[str]:
        chat = self._settings.chat
        needed = (
            ("chat.port", chat.port),
            ("chat.public_url", chat.public_url),
            ("chat.signing_keys", chat.signing_keys),
        )
        return [name for name, value in needed if not value]

    def _bot(self) -> SetupStep:
        me = self._context.mattermost.me()
        return SetupStep(OK, f"the bot is @{me.username}")

    def _token_readers(self) -> SetupStep:
        try:
            found = token_readers.problem(self._context.mattermost)
        except PackError as error:
            return SetupStep(ADVICE, f"who can read the command's token is not known: {error}")
        return SetupStep(ADVICE, found) if found else SetupStep(OK, token_readers.FINE)

    def _places(self) -> List[SetupStep]:
        """The team, and every channel that the configuration names."""
        settings = self._settings.mattermost
        steps: List[SetupStep] = []
        if not settings.team:
            steps.append(
                SetupStep(PROBLEM, "mattermost.team must name the team in which /pd is to work")
            )
        elif settings.team not in self._context.mattermost.teams():
            steps.append(
                SetupStep(PROBLEM, f"the bot is not in the team {settings.team}: invite it there")
            )
        else:
            self._team_id = str(self._admin.team(settings.team).get("id") or "")
            steps.append(SetupStep(OK, f"the bot is in the team {settings.team}"))
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
                SetupStep(
                    ADVICE, "mattermost.default_channel is not set: rules must name their channels"
                )
            )
        return steps

    def _channel(self, name: str, text: str) -> SetupStep:
        try:
            found = self._context.channels.resolve(text)
        except PackError as error:
            return SetupStep(PROBLEM, f"{name}: {error}")
        return SetupStep(OK, f"{name}: the bot posts in {found.label}")

    def _command(self, trigger: str) -> SetupStep:
        bot = self._context.mattermost.me()
        picture = f"{self._settings.mattermost.url.rstrip('/')}/api/v4/users/{bot.id}/image"
        fields = command_fields(
            trigger, self._settings.chat.public_url, self._team_id, bot.username, picture
        )
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
            return SetupStep(PROBLEM, f"/{trigger}: {error}")
        if present and not self._is_the_packs(present, COMMAND):
            whose = one_line(str(present.get("display_name") or present.get("url") or ""), 80)
            return SetupStep(
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
    ) -> SetupStep:
        state, row = OK, dict(present or {})
        other = _leads_elsewhere(row, fields)
        if other and not self._take_over:
            return SetupStep(
                PROBLEM,
                f"{what} leads to {other}: to another installation, or to chat.public_url as it "
                "was; take_over=true leads it here",
            )
        if not present or any(present.get(name) != fields[name] for name in compared):
            try:
                row = save({**row, **fields})
            except Unauthorized as error:
                if kind == kept_secrets.SLASH_COMMAND:
                    return self._by_hand(what.lstrip("/"), fields, error)
                return SetupStep(PROBLEM, f"{what}: {error}")
            except PackError as error:
                return SetupStep(PROBLEM, f"{what}: {error}")
            state = CHANGED if present else MADE
        if row.get("id") and row.get("token"):
            self._tokens[kind, str(row["id"])] = Secret(str(row["token"]))
        return SetupStep(
            state, f"{what} leads to {fields.get('url') or fields['callback_urls'][0]}"
        )

    def _by_hand(self, trigger: str, fields: Mapping[str, Any], error: PackError) -> SetupStep:
        others = f"{_COMMANDS}, or run this with admin_token_key (an administrator's access token)"
        hand = (
            f"or make it by hand: Integrations → Slash Commands, trigger {trigger}, URL "
            f"{fields['url']}, method POST, "
            "its token in chat.command_tokens"
        )
        return SetupStep(PROBLEM, f"{error}; {others}, {hand}")

    def _is_the_packs(self, present: Mapping[str, Any], path: str) -> bool:
        """Made by setup before (also with another address since), or by hand as the page says."""
        url = self._settings.chat.public_url.rstrip("/") + path
        known = {id for _, id in self._tokens}
        return (
            present.get("id") in known
            or MARK in str(present.get("description"))
            or present.get("url") == url
        )

    def _webhook(self) -> SetupStep:
        """Replies in a card's thread as notes. Not every server lets programs listen: /pd works
        without."""
        fields = webhook_fields(
            self._settings.chat.note_word, self._settings.chat.public_url, self._team_id
        )
        what = f"replies that begin with {self._settings.chat.note_word}"
        try:
            rows = self._admin.webhooks(self._team_id)
        except PackError as error:
            return SetupStep(
                ADVICE,
                f"{what} become no notes: {error}; an administrator can allow outgoing webhooks",
            )
        known = {id for kind, id in self._tokens if kind == kept_secrets.OUTGOING_WEBHOOK}
        url = fields["callback_urls"][0]
        made_before = [
            row
            for row in rows
            if row.get("id") in known or url in (row.get("callback_urls") or ())
        ]
        compared = ("trigger_words", "trigger_when", "callback_urls", "content_type")
        step = self._saved(
            what,
            kept_secrets.OUTGOING_WEBHOOK,
            made_before[0] if made_before else None,
            fields,
            self._admin.save_webhook,
            compared,
        )
        return step._replace(state=ADVICE) if step.state == PROBLEM else step


def _leads_elsewhere(present: Mapping[str, Any], fields: Mapping[str, Any]) -> str:
    """Where a command or webhook that stands there leads, if that is not where it is to lead."""
    urls = fields.get("callback_urls") or [fields["url"]]
    led = present.get("callback_urls") or [present.get("url") or ""]
    others = [one_line(str(url), 200) for url in led if url and url not in urls]
    return ", ".join(others)


def _kept_tokens(store: Store) -> Dict[Tuple[str, str], Secret]:
    """By kind and id."""
    kept = kept_secrets.read_or_none(store, kept_secrets.CHAT_TOKENS)
    return {(one.kind, one.id): one.secret for one in kept}


def _keep_tokens(store: Store, tokens: Mapping[Tuple[str, str], Secret]) -> None:
    kept = [kept_secrets.KeptSecret(id, token, kind) for (kind, id), token in tokens.items()]
    kept_secrets.write(store, kept_secrets.CHAT_TOKENS, kept)
