"""Section chat: commands, buttons and dialogs in Mattermost (docs/chat.md)."""

from __future__ import annotations

from typing import Dict, Mapping, NamedTuple, Tuple

from pagerduty_mattermost.core.config.chat_verbs import nearest, verb_name
from pagerduty_mattermost.core.config.reader import MIN_SECRET_CHARACTERS, Reader, Secret
from pagerduty_mattermost.core.text import one_line

BULK = "bulk"
"""Stands in chat.confirm for what is done to several incidents at once."""
OVERRIDE_OTHERS = "override_others"
"""The same for an override that puts somebody else on call."""
DECLARE_FIELDS = (
    "title",
    "service",
    "urgency",
    "priority",
    "assign",
    "details",
    "playbook",
    "room",
)


class ChatConfig(NamedTuple):
    """Commands from chat."""

    allow_from: bool = True
    """`from <e-mail>` in a phrase to a chat bot may say in whose name it acts."""
    link_by_email: bool = True
    """Whether the same e-mail address links a Mattermost user to a PagerDuty user; else only an
    administrator's word does."""
    default_sender: bool = False
    """Who has no PagerDuty user of the same address acts in the name of `from_email`."""
    anonymous_create: bool = False
    """Whether anybody may trigger an incident by an event to the service of `service_key`, which
    needs no PagerDuty user."""
    read_only: bool = False
    allowed: Mapping[str, Tuple[str, ...]] = {}
    """Who may do what, by the verb's name."""
    confirm: Tuple[str, ...] = (
        "merge",
        "workflow",
        "playbook_delete",
        "page",
        "override_all",
        BULK,
        OVERRIDE_OTHERS,
    )
    """Names of verbs that ask before they act; `bulk`: what is done to several incidents;
    `override_others`: an override for somebody else."""
    declare_fields: Tuple[str, ...] = DECLARE_FIELDS
    page_service: str = ""
    """The service that pages of people and schedules are on: PagerDuty asks for one."""
    bind: str = "127.0.0.1"
    port: int = 0
    """0: the chat sensor does not listen."""
    public_url: str = ""
    """How Mattermost reaches the listener; without it cards have no buttons."""
    command_tokens: Tuple[Secret, ...] = ()
    webhook_tokens: Tuple[Secret, ...] = ()
    """Of the outgoing webhook that brings replies in threads."""
    note_word: str = "note:"
    """A reply in a card's thread that begins so becomes a note."""
    signing_keys: Tuple[Secret, ...] = ()
    """The first one signs, all are taken."""

    @property
    def has_buttons(self) -> bool:
        return bool(self.public_url and self.signing_keys)


def read_chat(whole: Reader) -> ChatConfig:
    """The section `chat`; what is wrong in it is noted by the reader."""
    read = whole.section("chat", ChatConfig())
    chat = ChatConfig(
        allow_from=read.boolean("allow_from"),
        link_by_email=read.boolean("link_by_email"),
        default_sender=read.boolean("default_sender"),
        anonymous_create=read.boolean("anonymous_create"),
        read_only=read.boolean("read_only"),
        allowed=_allowed(read),
        confirm=_confirm(read),
        declare_fields=read.texts("declare_fields", DECLARE_FIELDS),
        page_service=read.text("page_service"),
        bind=read.text("bind"),
        port=read.integer("port", 0, 65535),
        public_url=read.url("public_url"),
        command_tokens=read.secrets("command_tokens"),
        webhook_tokens=read.secrets("webhook_tokens"),
        note_word=read.text("note_word"),
        signing_keys=read.secrets("signing_keys"),
    )
    if not {"title", "service"} <= set(chat.declare_fields):
        read.wrong("declare_fields", "must name title and service")
    if any(len(key.reveal()) < MIN_SECRET_CHARACTERS for key in chat.signing_keys):
        read.wrong("signing_keys", f"must have at least {MIN_SECRET_CHARACTERS} characters each")
    return chat


def _allowed(read: Reader) -> Dict[str, Tuple[str, ...]]:
    """By the verbs' names, however they were typed. Two words for one verb: both count."""
    found: Dict[str, Tuple[str, ...]] = {}
    for word, entries in read.lists("allowed").items():
        name = _named(read, "allowed", word)
        if name:
            found[name] = (*found.get(name, ()), *entries)
    return found


def _confirm(read: Reader) -> Tuple[str, ...]:
    words = read.texts("confirm", may_be_empty=True)
    names = (
        word if word in (BULK, OVERRIDE_OTHERS) else _named(read, "confirm", word)
        for word in words
    )
    return tuple(dict.fromkeys(name for name in names if name))


def _named(read: Reader, setting: str, word: str) -> str:
    """The verb's name; empty, and a problem, where there is none: a misspelt one would limit
    nothing, silently."""
    name = verb_name(word)
    if name is None:
        near = nearest(word, (BULK, OVERRIDE_OTHERS) if setting == "confirm" else ())
        hint = f"; did you mean {near}?" if near else "; `/pd help` and docs/chat.md list them"
        read.wrong(setting, f"names {one_line(word, 40)!r}, which is no command{hint}")
    return name or ""
