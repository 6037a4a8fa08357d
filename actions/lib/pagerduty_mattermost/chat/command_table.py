"""Every command after `/pd`: how it is written, what it does, and how it is read. The one table
from which the parser, `/pd help`, Mattermost's autocompletion and docs/chat.md come. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple, Tuple

INCIDENTS, ACT, PEOPLE, CHANNEL, YOU = (
    "Incidents",
    "Act on an incident",
    "On call and services",
    "This channel",
    "You",
)
PACK = "This integration"
GROUPS = (INCIDENTS, ACT, PEOPLE, CHANNEL, YOU, PACK)


class Form(NamedTuple):
    usage: str
    what: str
    verb: str
    pattern: str
    """Its groups are the fields of `Said`."""
    group: str
    options: Tuple[str, ...] = ()
    """May stand anywhere behind the command, as `--name value`."""

    @property
    def word(self) -> str:
        """The first word."""
        return self.usage.split(" ")[0]


ONE = r"(?:#?\d+|(?-i:[PQR][A-Z0-9]{5,})|https?://\S+)"
"""An id is written in capitals, as PagerDuty shows it: a word of a note is none."""
_NOUN = r"(?:(?:of|on)\s+)?(?:incidents?\s+)?(?:ids?\s+)?"
_IDS = rf"{_NOUN}(?P<incidents>{ONE}(?:[,\s]+{ONE})*)"
_ID = rf"{_NOUN}(?P<incidents>{ONE})"
_FROM = r"(?:\s+(?:from|with)\s+(?P<from_email>\S+@\S+))?"
"""As the Exchange's phrases say it."""
CREATE_OPTIONS = ("urgency", "priority", "assign", "details")
PAGE_OPTIONS = ("urgency", "service")
SUBSCRIBE_OPTIONS = ("service", "team", "urgency", "priority", "events")
_PAGE = r"(?:\s+page\s+(?P<page>\d{1,4}))?"
_QUOTED = r"(?:\"[^\"]+\"|\u201c[^\u201d]+\u201d)"

FORMS: Tuple[Form, ...] = (
    Form(
        "list [all | on <service>] [page 2]",
        "what is open, with buttons",
        "list",
        rf"(?:list|incidents)(?:\s+all)?(?:\s+(?:on|of|service)\s+(?P<service>.+?))?{_PAGE}",
        INCIDENTS,
    ),
    Form(
        "list mine [page 2]",
        "what is open and assigned to you",
        "mine",
        rf"(?:(?:list\s+)?mine|my\s+incidents){_PAGE}",
        INCIDENTS,
    ),
    Form(
        "show [id]",
        "an incident and its facts",
        "show",
        rf"(?:show|get|details)(?:\s+{_ID})?|(?P<incidents_>{ONE})",
        INCIDENTS,
    ),
    Form("notes [id]", "its notes", "notes", rf"notes(?:\s+{_ID})?", INCIDENTS),
    Form(
        'trigger "<title>" on <service>',
        "trigger an incident",
        "create",
        rf"trigger\s+(?:on\s+(?:service\s+)?(?P<service>.+?)\s*:?\s+(?P<text>{_QUOTED})"
        r"|(?P<text_>.+)\s+on\s+(?:service\s+)?(?P<service_>.+?))",
        INCIDENTS,
        CREATE_OPTIONS,
    ),
    Form(
        "declare [title | link to a post]",
        "the same in a dialog; a linked post becomes its details",
        "declare",
        r"(?:declare|new|create)(?:\s+(?:an?\s+)?(?:new\s+)?incident)?(?:\s+(?P<text>.+))?",
        INCIDENTS,
    ),
    Form(
        "ack mine",
        "acknowledge all that is triggered and assigned to you",
        "acknowledge_mine",
        r"ack(?:nowledge)?\s+(?:all\s+)?mine",
        ACT,
    ),
    Form(
        "ack [ids]", "acknowledge", "acknowledge", rf"ack(?:nowledged?)?(?:\s+{_IDS})?{_FROM}", ACT
    ),
    Form(
        "resolve [ids] [note]",
        "resolve",
        "resolve",
        rf"resolved?(?:\s+{_IDS})?(?:{_FROM}|\s+(?P<text>.+))",
        ACT,
    ),
    Form(
        "mitigate [id] [text]",
        "acknowledge, add the note and status update “Mitigated …”, mark the card",
        "mitigate",
        rf"mitigated?(?:\s+{_ID}:?)?(?:\s+(?P<text>.+))?",
        ACT,
    ),
    Form(
        "unack [id]",
        "take the acknowledgement back",
        "unacknowledge",
        rf"unack(?:nowledge)?(?:\s+{_ID})?",
        ACT,
    ),
    Form("reopen [id]", "open a resolved one again", "reopen", rf"reopen(?:\s+{_ID})?", ACT),
    Form("note [id] <text>", "add a note", "note", rf"note(?:\s+{_ID}:?)?\s+(?P<text>.+)", ACT),
    Form(
        "escalate [id] [level | policy]",
        "to the next level, the one said, or another escalation policy",
        "escalate",
        rf"escalate(?:\s+{_ID})?(?:\s+(?:to\s+)?(?P<text>.+))?",
        ACT,
    ),
    Form(
        "reassign [id] <@user or policy>",
        "to people (several with commas) or an escalation policy",
        "reassign",
        rf"(?:re)?assign(?:\s+{_ID})?\s+(?:to\s+)?(?P<text>.+)",
        ACT,
    ),
    Form(
        "add-responder [id] <@user>",
        "ask people for help",
        "responders",
        rf"add-?\s?responders?(?:\s+{_ID})?\s+(?P<text>.+)",
        ACT,
    ),
    Form(
        "snooze [id] <2h>",
        "let an acknowledged one rest",
        "snooze",
        rf"snooze(?:\s+{_ID})?\s+(?:for\s+)?(?P<duration>.+)",
        ACT,
    ),
    Form(
        "merge <ids> into <id>", "merge", "merge", rf"merge\s+{_IDS}\s+into\s+(?P<text>\S+)", ACT
    ),
    Form(
        "priority [id] <P1>",
        "set the priority",
        "priority",
        rf"priority(?:\s+{_ID})?\s+(?:to\s+)?(?P<text>.+)",
        ACT,
    ),
    Form(
        "urgency [id] <high or low>",
        "set the urgency",
        "urgency",
        rf"urgency(?:\s+{_ID})?\s+(?:to\s+)?(?P<text>high|low)",
        ACT,
    ),
    Form(
        "status [id] <text>",
        "publish a status update",
        "status_update",
        rf"status(?:\s+{_ID}:?)?\s+(?P<text>.+)",
        ACT,
    ),
    Form(
        "run [id] <workflow>",
        "run a workflow",
        "workflow",
        rf"run(?:-play|\s+workflow)?(?:\s+{_ID}\s+(?P<text>.+)|\s+(?P<text_>.+?)(?:\s+on\s+incident\s+(?P<incidents_>{ONE}))?)",
        ACT,
    ),
    Form(
        "oncall week <schedule>",
        "who is on call on which of the next seven days, and when it is handed over",
        "oncall_week",
        r"on-?\s?call\s+week(?:\s+ahead)?(?:\s+(?:(?:for|of)\s+)?(?P<text>.+?))?",
        PEOPLE,
    ),
    Form(
        "oncall picture <schedule>",
        "the next two weeks as a picture, posted in this channel",
        "oncall_picture",
        r"on-?\s?call\s+picture(?:\s+(?:(?:for|of)\s+)?(?P<text>.+?))?",
        PEOPLE,
    ),
    Form(
        "oncall [name | me]",
        "who is on call for a service, escalation policy or schedule; when you are; bare: "
        "for your teams' services",
        "oncall",
        r"(?:who(?:'s|\s+is)\s+)?on-?\s?call(?:\s+(?:for\s+)?(?P<text>.+?))?\??",
        PEOPLE,
    ),
    Form(
        'page <@user, schedule, policy or service> "<what>"',
        "page them: an incident that reaches exactly whom you name",
        "page",
        rf"page\s+(?P<service>.+?)\s*:?\s+(?P<text>{_QUOTED})",
        PEOPLE,
        PAGE_OPTIONS,
    ),
    Form(
        "override cancel <id>",
        "end an override, or drop a coming one",
        "override_cancel",
        r"override\s+(?:cancel|end|delete)\s+(?P<text>\S+)",
        PEOPLE,
    ),
    Form(
        "override <schedule> [from <18:00>] for <2h> [by @user]",
        "take a part of a schedule, or give it to somebody",
        "override",
        r"override\s+(?P<service>.+?)\s+"
        r"(?:(?P<duration_>from\s+.+?\s+(?:for|until|to)\s+.+?)|(?:for|until|to)\s+(?P<duration>.+?))"
        r"(?:\s+(?:by|with)\s+(?P<text>@?\S.*))?",
        PEOPLE,
    ),
    Form(
        "take <schedule> [for 2h]",
        "be on call from now on, by default until the shift ends",
        "take",
        r"take(?:\s+over)?\s+(?P<service>.+?)(?:\s+(?:for|until|to)\s+(?P<duration>.+))?",
        PEOPLE,
    ),
    Form(
        "overrides <schedule>",
        "its overrides of the next two weeks",
        "overrides",
        r"overrides\s+(?:of\s+)?(?P<text>.+)",
        PEOPLE,
    ),
    Form(
        "services [name]",
        "services and their state",
        "services",
        r"services(?:\s+(?P<text>.+))?",
        PEOPLE,
    ),
    Form(
        "maintenance list",
        "maintenance windows, present and coming",
        "maintenance_list",
        r"maintenance(?:\s+list)?",
        PEOPLE,
    ),
    Form(
        "maintenance end <id>",
        "end a maintenance window, or drop a coming one",
        "maintenance_end",
        r"maintenance\s+end\s+(?P<text>\S+)",
        PEOPLE,
    ),
    Form(
        "maintenance <service> for <1h>",
        "put a service in maintenance: it triggers nothing",
        "maintenance",
        r"maintenance\s+(?:on\s+|of\s+)?(?P<service>.+?)\s+(?:for|until)\s+(?P<duration>.+)",
        PEOPLE,
    ),
    Form(
        "subscribe",
        "cards of incidents in this channel, of all or as the options say",
        "subscribe",
        r"subscribe(?:\s+(?:to\s+)?(?P<service>.+))?",
        CHANNEL,
        SUBSCRIBE_OPTIONS,
    ),
    Form(
        "subscriptions",
        "what this channel is subscribed to",
        "subscriptions",
        r"subscriptions?",
        CHANNEL,
    ),
    Form(
        "unsubscribe [number | all]",
        "end a subscription of this channel",
        "unsubscribe",
        r"unsubscribe(?:\s+#?(?P<text>\S+))?",
        CHANNEL,
    ),
    Form("whoami", "who you are at PagerDuty", "whoami", r"who\s*am\s*i\??", YOU),
    Form(
        "connect",
        "look again for the PagerDuty user with your e-mail address",
        "connect",
        r"connect",
        YOU,
    ),
    Form(
        "disconnect",
        "nothing is done in your name until you connect again",
        "disconnect",
        r"disconnect",
        YOU,
    ),
    Form(
        "notify [on | off]",
        "whether you are told in private when your shifts begin and end, and before",
        "notify",
        r"notify(?:\s+me)?(?:\s+(?:about|of)\s+(?:my\s+)?shifts?)?(?:\s+(?P<text>on|off))?",
        YOU,
    ),
    Form(
        "health",
        "how both sides and the integration's own parts stand",
        "health",
        r"health(?:\s*check)?",
        PACK,
    ),
    Form(
        "deadletters [id]",
        "posts and acts that failed, of all incidents or one, and what becomes of them",
        "deadletters",
        rf"dead\s?letters?(?:\s+{_ID})?",
        PACK,
    ),
    Form(
        "help [command]",
        "this list, or one command",
        "help",
        r"help(?:\s+(?:with\s+)?(?P<text>\S+))?|\?|",
        PACK,
    ),
)
PATTERNS = tuple((form, re.compile(form.pattern, re.IGNORECASE | re.DOTALL)) for form in FORMS)


def forms_of(word: str) -> Tuple[Form, ...]:
    """Those that begin with the word, or whose verb it is."""
    wanted = word.strip().lower().lstrip("/")
    return tuple(form for form in FORMS if wanted in (form.word, form.verb)) if wanted else ()


def hint(form: Form) -> str:
    """Usage with its options."""
    return " ".join([form.usage, *(f"[--{name} …]" for name in form.options)])
