"""What Mattermost sends, verified and made one order. Pure but for the clock that is given.

    read(ChatCall("/command", headers, body), CallSecrets(tokens, keys), now)
    # -> ChatOrder(kind="command", text="ack 1234", ...)

A slash command bears the command's token, a click or a dialog a signature of the pack. Whatever
does not is `CallRefused`, with the HTTP status to answer and a reason for the log that holds no
secret.
"""

# flake8: noqa: E203,W503

from __future__ import annotations

import hmac
import json
import re
import uuid
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional, Sequence, Union
from urllib.parse import parse_qs

from pagerduty_mattermost.cards import buttons
from pagerduty_mattermost.cards.buttons import About
from pagerduty_mattermost.chat import dialogs
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
from pagerduty_mattermost.chat.dialog_elements import LOOKUP, asked_kind
from pagerduty_mattermost.chat.orders import VALID_SECONDS, as_text, needs_form, read_typed
from pagerduty_mattermost.chat.passed_on import NO_WORDS, PassedOn, PassedWords
from pagerduty_mattermost.chat.replay_guard import TOKEN, CallMark, mark_of
from pagerduty_mattermost.core.errors import Unauthorized
from pagerduty_mattermost.core.text import clean
from pagerduty_mattermost.gateways.http.signed_tokens import SignatureExpired, verify
from pagerduty_mattermost.runs import controls

if TYPE_CHECKING:
    from pagerduty_mattermost.chat.command import Command
    from pagerduty_mattermost.chat.parser import Parsed

COMMAND = "/command"
NOTE = "/note"
"""Where the outgoing webhook goes."""
MAX_TEXT_CHARACTERS = 4000
MAX_TRIGGER_CHARACTERS = 1000
MAX_QUERY_CHARACTERS = 100
_ID = re.compile(r"[a-z0-9]{26}")
_HOOK = re.compile(r"/hooks/commands/[a-z0-9]{1,64}")


def read(
    call: ChatCall, secrets: CallSecrets, now: float, passed_on: PassedWords = NO_WORDS
) -> Call:
    """Raises CallRefused, and ConfirmationExpired. `passed_on`: what stands above chat takes."""
    if call.path == COMMAND:
        return _command(call, secrets, now, passed_on)
    if call.path == NOTE:
        return _note(call, secrets, now)
    if call.path not in (buttons.CLICK, dialogs.SUBMIT, LOOKUP):
        raise CallRefused(404, "no such address")
    body = _json(call)
    if call.path == LOOKUP:
        return _lookup(body, secrets, now)
    if call.path == dialogs.SUBMIT:
        return _dialog(body, secrets, now, passed_on)
    return _click(body, secrets, now, passed_on)


def _note(call: ChatCall, secrets: CallSecrets, now: float) -> ChatOrder:
    """An outgoing webhook: a form, or JSON where its content type was chosen so. It names the
    post, not the thread."""
    if "json" in call.headers.get("content-type", ""):
        words = {name: value for name, value in _json(call).items() if isinstance(value, str)}
    else:
        words = _form(call)
    if not _known(words.get("token", ""), secrets.webhook_tokens):
        raise CallRefused(401, "the webhook's token is missing or wrong")
    once = mark_of("note", words.get("post_id"), now)
    return _order(
        "note",
        words,
        now,
        once,
        verb="note",
        text=clean(words.get("text"), MAX_TEXT_CHARACTERS).strip(),
    )


def _form(call: ChatCall) -> Dict[str, str]:
    try:
        form = parse_qs(call.body.decode("utf-8"), keep_blank_values=True, max_num_fields=100)
    except (UnicodeDecodeError, ValueError):
        raise CallRefused(400, "the form does not read") from None
    return {name: values[0] for name, values in form.items()}


def _command(call: ChatCall, secrets: CallSecrets, now: float, passed_on: PassedWords) -> Call:
    if "application/x-www-form-urlencoded" not in call.headers.get("content-type", ""):
        raise CallRefused(415, "a slash command comes as a form")
    words = _form(call)
    header = call.headers.get("authorization", "")
    token = header[len("Token ") :] if header.startswith("Token ") else ""
    if (
        not token
        or not _known(token, secrets.command_tokens)
        or not _known(words.get("token", ""), (token,))
    ):
        raise CallRefused(401, "the command's token is missing or wrong")
    command, text = (clean(words.get(name)).strip() for name in ("command", "text"))
    if text.lower() == "ping":
        return Ping()
    if passed_on.command and command.lower() == f"/{passed_on.command}":
        once = mark_of("trigger", words.get("trigger_id"), now)
        made = _passed_on("command", "", {}, words, once)
        return made._replace(text=text, hook=_hook(words.get("response_url", "")))
    if command.lower() == "/incident":
        text = f"incident {text}".strip()
    parsed = read_typed(text)
    form, said = _form_of(text, parsed), parsed.command
    hook = _hook(words.get("response_url", ""))
    if form and words.get("trigger_id"):
        wanted = _opened(words, form, said.incidents, said.text)._replace(hook=hook)
        return wanted._replace(typed=_typed_fields(said)) if form == dialogs.DECLARE else wanted
    if parsed.problem:
        return UnreadCommand(parsed.problem)
    once = mark_of("trigger", words.get("trigger_id"), now)
    order = _order("command", words, now, once, text=text, hook=hook)
    return order._replace(
        command=as_text(parsed.command),
        dry_run=parsed.dry_run,
        trigger=clean(words.get("trigger_id"), MAX_TRIGGER_CHARACTERS),
    )


def _form_of(text: str, parsed: Parsed) -> str:
    """The dialog that is meant by a command which says too little; empty for none."""
    word = text.strip().lower()
    if word in dialogs.FORMS and word != dialogs.DECLARE:
        return word
    return parsed.command.verb if not parsed.problem and needs_form(parsed) else ""


def _typed_fields(said: Command) -> Dict[str, str]:
    from pagerduty_mattermost.chat.verbs.declare import typed_fields

    return typed_fields(said)


def _lookup(body: Mapping[str, Any], secrets: CallSecrets, now: float) -> LookupWanted:
    """Of a dialog of the same user: what it is about says its signed state."""
    signed = _signed(secrets, dialogs.PURPOSE, body.get("state"), now)
    if signed.get("u") != _user(body):
        raise CallRefused(403, "only who opened a dialog may ask for its lists")
    given = body.get("submission")
    given = given if isinstance(given, dict) else {}
    kind = asked_kind(str(signed.get("v")), str(given.get("selected_field")))
    if not kind:
        raise CallRefused(400, "no such list")
    query = clean(given.get("query"), MAX_QUERY_CHARACTERS)
    return LookupWanted(kind, query, str(signed.get("i") or ""), _user(body))


def _click(
    body: Mapping[str, Any], secrets: CallSecrets, now: float, passed_on: PassedWords
) -> Union[ChatOrder, DialogWanted, PassedOn]:
    context = body.get("context")
    context = context if isinstance(context, dict) else {}
    try:
        signed = verify(secrets.signing_keys, buttons.PURPOSE, context.get("token"), now)
    except SignatureExpired as expired:
        told = (buttons.CONFIRMED, buttons.DISMISSED, controls.CLICK_VERB)
        if expired.body.get("v") in told:
            hook = _hook(str(expired.body.get("h")))
            raise ConfirmationExpired(_user(body), hook) from None
        raise CallRefused(401, str(expired)) from None
    except Unauthorized as error:
        raise CallRefused(401, str(error)) from None
    verb, incident = str(signed.get("v")), str(signed.get("i"))
    hook = _hook(str(signed.get("h")))
    if verb in passed_on.clicks:
        once = mark_of("trigger", body.get("trigger_id"), now)
        made_of = _passed_on("click", verb, signed, body, once)
        return made_of._replace(text=clean(context.get("selected_option"), MAX_QUERY_CHARACTERS))
    if verb in (buttons.CONFIRMED, buttons.DISMISSED):
        if signed.get("u") != body.get("user_id"):
            raise CallRefused(403, "only who asked may confirm")
        once = mark_of(TOKEN, signed.get("n") or context.get("token"), now)
        text = str(signed.get("o"))
        given = {**body, "post_id": signed.get("p")}
        named = {"verb": verb, "incident": str(signed.get("i") or ""), "text": text}
        return _order("click", given, now, once, hook=hook, **named)
    once = mark_of("trigger", body.get("trigger_id"), now)
    trigger = clean(body.get("trigger_id"), MAX_TRIGGER_CHARACTERS)
    if verb in (buttons.ACKNOWLEDGE_ALL, buttons.LIST_OPEN):
        made = _order("click", body, now, once, verb=verb, text=str(signed.get("s")))
        return made._replace(trigger=trigger)
    if verb == buttons.PAGE:
        return _order("row", body, now, once, verb=verb, text=str(signed.get("x")), hook=hook)
    if verb in buttons.ABOUT_SHIFTS:
        return _order("click", body, now, once, verb=verb, text=str(signed.get("x")))
    text = ""
    if verb == controls.CLICK_VERB:
        try:
            verb, text = controls.clicked(signed.get("x"), clean(context.get("selected_option")))
        except ValueError as error:
            raise CallRefused(400, str(error)) from None
        if verb == controls.OPENS:
            return _opened(body, text, incident)._replace(clicked=_id(body, "post_id"))
    if verb == buttons.MENU:
        verb = str(context.get("selected_option") or "")
        if verb not in (
            *buttons.DIALOGS,
            *(value for value, _ in buttons.MENU_ACTS),
            buttons.DETAILS,
        ):
            raise CallRefused(400, "no such choice")
    if verb in buttons.DIALOGS:
        about = About(*(clean(signed.get(name), 200) for name in ("t", "p", "a")))
        opened = _opened(body, verb, incident)
        return opened._replace(about=about, hook=hook, origin=clean(signed.get("l")))
    if not signed.get("r"):
        made = _order("click", body, now, once, verb=verb, incident=incident, text=text)
        return made._replace(trigger=trigger)
    made = _order("row", body, now, once, verb=verb, incident=incident, hook=hook)
    return made._replace(trigger=trigger, origin=clean(signed.get("l")))


def _opened(
    words: Mapping[str, Any], kind: str, incident: str = "", text: str = ""
) -> DialogWanted:
    trigger_id = clean(words.get("trigger_id"), MAX_TRIGGER_CHARACTERS)
    if not trigger_id:
        raise CallRefused(400, "a call without a trigger_id")
    return DialogWanted(kind, incident, trigger_id, _user(words), _id(words, "channel_id"), text)


def _dialog(
    body: Mapping[str, Any], secrets: CallSecrets, now: float, passed_on: PassedWords
) -> Union[ChatOrder, FieldErrors, PassedOn]:
    signed = _signed(secrets, dialogs.PURPOSE, body.get("state"), now)
    if signed.get("u") != _user(body):
        raise CallRefused(403, "only who opened a dialog may send it")
    verb, incident = str(signed.get("v")), str(signed.get("i"))
    if verb in passed_on.dialogs:
        if body.get("cancelled"):
            return FieldErrors({})
        given = {"user_id": body["user_id"], "channel_id": signed.get("c")}
        fields = body.get("submission")
        asked = _passed_on("dialog", verb, signed, given, CallMark())
        return asked._replace(submission=fields if isinstance(fields, dict) else {})
    if verb == buttons.DETAILS:
        return FieldErrors({})
    # Of a submission only the user is Mattermost's own word: where it was opened and which post it
    # is about stand in the signed state.
    given = {
        "user_id": body["user_id"],
        "channel_id": signed.get("c"),
        "post_id": signed.get("p"),
    }
    if body.get("cancelled"):
        from_menu = verb in dialogs.FROM_MENU or (verb == buttons.CONFIRMED and signed.get("i"))
        if not from_menu:
            return FieldErrors({})
        once = mark_of(TOKEN, body.get("state"), now)
        return _order("dialog", given, now, once, verb=dialogs.CANCELLED, incident=incident)
    if verb == buttons.CONFIRMED:
        once, hook = mark_of(TOKEN, signed.get("n"), now), _hook(str(signed.get("h")))
        about = {"incident": str(signed.get("i") or ""), "text": str(signed.get("o"))}
        return _order("dialog", given, now, once, verb=verb, hook=hook, **about)
    submission = body.get("submission")
    words, wrong = dialogs.fields(verb, submission if isinstance(submission, dict) else {})
    if wrong:
        return FieldErrors(wrong)
    text = next((words[name] for name in ("text", "user", "title") if name in words), "")
    more = json.dumps(
        {name: word for name, word in words.items() if name not in ("text", "user", "title")}
    )
    once, hook = mark_of(TOKEN, body.get("state"), now), _hook(str(signed.get("h") or ""))
    about = {"verb": verb, "incident": incident, "text": text, "values": more, "hook": hook}
    made = _order("dialog", given, now, once, **about)
    return made._replace(origin=clean(signed.get("l")), steps=bool(signed.get("s")))


def menu_left(wanted: DialogWanted, now: float) -> Optional[ChatOrder]:
    """What a cancelled dialog orders, of one that did not open: the menu that it was chosen from
    is drawn afresh. None for one that was no menu's."""
    if not wanted.incident or wanted.hook or wanted.kind not in dialogs.FROM_MENU:
        return None
    given = {
        "user_id": wanted.user_id,
        "channel_id": wanted.channel_id,
        "post_id": wanted.clicked,
    }
    about = {"verb": dialogs.CANCELLED, "incident": wanted.incident}
    return _order("dialog", given, now, CallMark(), **about)


def _signed(secrets: CallSecrets, purpose: str, token: Any, now: float) -> Dict[str, Any]:
    try:
        return verify(secrets.signing_keys, purpose, token, now)
    except Unauthorized as error:
        raise CallRefused(401, str(error)) from None


def _passed_on(
    kind: str, verb: str, about: Mapping[str, Any], words: Mapping[str, Any], once: CallMark
) -> PassedOn:
    return PassedOn(
        kind,
        verb,
        about,
        "",
        _user(words),
        clean(words.get("user_name"), 64),
        _id(words, "channel_id"),
        _id(words, "root_id"),
        _id(words, "post_id"),
        trigger=clean(words.get("trigger_id"), MAX_TRIGGER_CHARACTERS),
        once=once,
    )


def _user(words: Mapping[str, Any]) -> str:
    found = _id(words, "user_id")
    if not found:
        raise CallRefused(400, "a call without a user")
    return found


def _id(words: Mapping[str, Any], name: str) -> str:
    value = words.get(name)
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


def _order(
    kind: str, words: Mapping[str, Any], now: float, once: CallMark, **more: str
) -> ChatOrder:
    return ChatOrder(
        id=uuid.uuid4().hex,
        kind=kind,
        verb=more.get("verb", ""),
        incident=more.get("incident", ""),
        text=more.get("text", ""),
        user_id=_user(words),
        user_name=clean(words.get("user_name"), 64),
        channel_id=_id(words, "channel_id"),
        root_id=_id(words, "root_id"),
        post_id=_id(words, "post_id"),
        values=more.get("values", ""),
        hook=more.get("hook", ""),
        valid_until=now + VALID_SECONDS,
        once=once,
    )


def _hook(url: str) -> str:
    """The path alone: where it is sent to says the configuration, not the call."""
    found = _HOOK.search(url)
    return found.group() if found else ""


def _json(call: ChatCall) -> Mapping[str, Any]:
    try:
        body = json.loads(call.body.decode("utf-8"))
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise CallRefused(400, "the body is no JSON object")
    return body


def _known(token: str, tokens: Sequence[str]) -> bool:
    fits = [
        hmac.compare_digest(token.encode("utf-8", "replace"), one.encode("utf-8"))
        for one in tokens
        if one
    ]
    return any(fits)
