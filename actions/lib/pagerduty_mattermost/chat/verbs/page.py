"""`page`: an incident that reaches exactly whom it names: a person, who is on call by a schedule,
an escalation policy, or a service. What is not sure pages nobody and says so."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from pagerduty_mattermost.cards import incident_lists
from pagerduty_mattermost.chat.acting_user import find_person, find_sender
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import Fields, Form, FormReader, Unread
from pagerduty_mattermost.chat.line import TypedLine, words_of
from pagerduty_mattermost.chat.named_people import is_me, people
from pagerduty_mattermost.chat.verb import ALWAYS, PAGERDUTY, PEOPLE, Verb
from pagerduty_mattermost.chat.verbs.changes import checked_urgency
from pagerduty_mattermost.chat.verbs.declare import (
    MAX_TITLE_CHARACTERS,
    explained,
    typed_trigger,
    with_whole_title,
)
from pagerduty_mattermost.chat.verbs.named_incidents import incident_of
from pagerduty_mattermost.chat.verbs.touched import of_id
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import (
    Ambiguous,
    NotFound,
    RejectedInput,
    RetryLater,
    StoreUnreachable,
    reworded,
)
from pagerduty_mattermost.core.markdown import copyable
from pagerduty_mattermost.core.quotes import plain
from pagerduty_mattermost.core.text import clean, cut_at_word, escape, one_line
from pagerduty_mattermost.gateways.pagerduty import schedules
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty, fill
from pagerduty_mattermost.gateways.pagerduty.references import (
    KINDS,
    Reference,
    reference,
    resolve,
    suggestions,
)

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

_KINDS = ("schedule", "escalation_policy", "service")
_KIND_OF = {
    ("escalation", "policy"): "escalation_policy",
    ("policy",): "escalation_policy",
    ("schedule",): "schedule",
    ("service",): "service",
    ("user",): "user",
}
"""What may stand in front of a name."""

MAX_SAID_CHARACTERS = 200
NOT_KEPT = "Nobody was paged and nothing is kept to be sent."


class PageTarget(NamedTuple):
    """Whom a page is for."""

    name: str
    """In people's words, not escaped."""
    fields: Dict[str, Any]
    """Of the incident."""
    service: Optional[Reference] = None
    """The service that it is on; None: any."""
    policy: str = ""
    """Id of the escalation policy by which a service may be found."""
    people: Tuple[str, ...] = ()
    """Who is on call by the schedule that was named."""

    @property
    def reached(self) -> str:
        """Name, and whom it means now."""
        return f"{self.name} ({', '.join(self.people)})" if self.people else self.name


def page(context: Context, command: Command) -> CommandResult:
    """`service`: whom; `text`: what is wrong; options urgency and service."""
    whole = plain(one_line(clean(command.text)))
    title = cut_at_word(whole, MAX_TITLE_CHARACTERS)
    if not title:
        raise RejectedInput('what is wrong? page @ada "the shop is down"')
    urgency = checked_urgency(command.options.get("urgency", "high"), "--urgency")
    with _nobody_paged(context, command):
        email = find_sender(context, command.user, command.from_email)
        target = _target(context, command)
        service = _service(context, target, command.options.get("service", ""))
    given = {
        "type": "incident",
        "title": title,
        "service": {"id": service.id, "type": "service_reference"},
        "urgency": urgency,
        "incident_key": command.key or uuid.uuid4().hex,
        **target.fields,
    }
    given = with_whole_title(given, whole)
    with _nobody_paged(context, command), explained(context, service):
        incident = incident_of(context.pagerduty.create_incident(given, from_email=email))
    reached = ", ".join(one.name for one in incident.assignees)
    whom = f" ({escape(one_line(reached, 200))})" if reached and reached != target.name else ""
    zone, now = times.zone(context.settings.time_zone), times.iso(context.clock())
    text = f"Paged {escape(target.name)}{whom} in the name of {copyable(email)}."
    return CommandResult(
        f"{text}\n\n{incident_lists.incidents([incident], zone, now=now)}",
        (incident.id,),
        email,
        public=True,
    )


@contextmanager
def _nobody_paged(context: Context, command: Command) -> Iterator[None]:
    """While PagerDuty does not answer nobody is paged, since who is on call now is not known: what
    to say instead."""
    try:
        yield
    except RetryLater as error:
        if error.maybe_done or isinstance(error, StoreUnreachable):
            raise
        service = command.options.get("service", "") or context.settings.chat.page_service
        say = f"{NOT_KEPT} Type {typed_trigger(command.text, service)}"
        line = f"{say}: that is kept and sent when PagerDuty answers. {error.in_chat}"
        raise reworded(error, line) from None


def _find_one(pagerduty: PagerDuty, words: str) -> Reference:
    """The one schedule, escalation policy or service of that name or id; its kind may stand in
    front, also "user". Raises NotFound, Ambiguous."""
    line = words_of(words)
    for count, kind in ((2, _KIND_OF.get(line.keys(2))), (1, _KIND_OF.get(line.keys(1)))):
        if kind and len(line.words) > count:
            return resolve(pagerduty, kind, line.rest(count).said())
    found: List[Reference] = []
    for kind in _KINDS:
        try:
            found.append(resolve(pagerduty, kind, words))
        except NotFound:
            continue
    if len(found) > 1:
        several = " and ".join(f"a {KINDS[one.kind].word}" for one in found)
        first = "policy" if found[0].kind == "escalation_policy" else found[0].kind
        raise Ambiguous(f"{words!r} is {several}: say {first} {words}")
    if not found:
        near = suggestions(pagerduty, _KINDS, words)
        raise NotFound(
            f"there is no schedule, escalation policy or service {words[:100]!r}"
            f"{near or '; people are named as @name'}"
        )
    return found[0]


def _target(context: Context, command: Command) -> PageTarget:
    words, user = plain(one_line(clean(command.service, 300))), command.user
    if not words:
        raise RejectedInput("whom? @name, a schedule, an escalation policy or a service")
    if "@" in words or is_me(words):
        persons = [find_person(context, one, user) for one in people(words)]
        return PageTarget(", ".join(one.name for one in persons), _assigned(persons))
    found = _find_one(context.pagerduty, words)
    if found.kind == "user":
        return PageTarget(found.name, _assigned([found]))
    if found.kind == "service":
        return PageTarget(found.name, {}, found)
    if found.kind == "escalation_policy":
        policy = {"id": found.id, "type": "escalation_policy_reference"}
        return PageTarget(found.name, {"escalation_policy": policy}, policy=found.id)
    persons = schedules.on_duty(context.pagerduty, found.id, context.pagerduty.now())
    if not persons:
        raise NotFound(
            f"nobody is on call by the schedule {found.name!r} now, and nobody was paged"
        )
    return PageTarget(found.name, _assigned(persons), people=tuple(one.name for one in persons))


def _assigned(persons: List[Reference]) -> Dict[str, Any]:
    return {
        "assignments": [{"assignee": {"id": one.id, "type": "user_reference"}} for one in persons]
    }


def _service(context: Context, target: PageTarget, asked: str) -> Reference:
    """The service the incident is on, which PagerDuty asks for: the one that is paged, the one
    given, the configured one, or the only one of the policy."""
    if target.service is not None:
        return target.service
    asked = asked or context.settings.chat.page_service
    if asked:
        return resolve(context.pagerduty, "service", asked)
    if target.policy:
        path = fill("/escalation_policies/{policy}", policy=target.policy)
        row = context.pagerduty.get(path).get("escalation_policy")
        services = row.get("services") if isinstance(row, dict) else None
        if isinstance(services, list) and len(services) == 1 and isinstance(services[0], dict):
            return reference("service", services[0])
    raise RejectedInput(
        "on which service? Add `--service <name>` (`/pd services` lists them), or have an admin "
        "set chat.page_service"
    )


def _says(context: Context, command: Command) -> str:
    """Who is reached, by name."""
    urgency = checked_urgency(command.options.get("urgency", "high"), "--urgency")
    with _nobody_paged(context, command):
        target = _target(context, command)
        service = _service(context, target, command.options.get("service", ""))
    title = escape(cut_at_word(plain(one_line(clean(command.text))), MAX_SAID_CHARACTERS))
    on = f" on {escape(service.name)}" if service.name != target.name else ""
    return f"Page {escape(target.reached)}: “{title}”, a {urgency}-urgency incident{on}"


def _touched(context: Context, command: Command) -> List[Dict[str, Any]]:
    """The service that the incident would be on, and the policy that it would go by."""
    target = _target(context, command)
    service = _service(context, target, command.options.get("service", ""))
    policies = [of_id(context, "escalation_policy", target.policy)] if target.policy else []
    return [of_id(context, "service", service.id), *policies]


def _page(line: TypedLine) -> Fields:
    """`<whom> "<what>"`, `<whom> about <what>`, `<whom>: <what>`; behind @names what stands
    there. Raises Unread for a service behind the text, where an option belongs."""
    count = len(line.words) - 1
    if count > 0 and line.rest(count).is_quoted():
        whom = line.before(count)
        whom = whom.before(count - 1) if count > 1 and whom.word(count - 1) == "about" else whom
        return {"service": whom.said().rstrip(": "), "text": line.rest(count).said()}
    found = line.cut("about")
    if found is not None:
        return {"service": found[0].said(), "text": found[1].said()}
    count = _whom_words(line)
    what = line.rest(count).without("that", "because")
    if not (count and what):
        return None
    if what.before(1).is_quoted() and what.word(1) == "on":
        service = what.rest(2).said()
        raise Unread(f"the service stands as an option: --service {service[:60]!r}")
    return {"service": line.before(count).said().rstrip(": "), "text": what.said()}


def _whom_words(line: TypedLine) -> int:
    """How many words in front name whom: those up to a colon, else @names; 0 where none do."""
    names = 0
    for number in range(len(line.words)):
        word = line.before(number + 1).rest(number).typed()
        if word.endswith(":"):
            return number + 1
        if word.startswith("@") and names == number:
            names = number + 1
        elif word in ("and", "&", ",") and names == number:
            following = line.before(number + 2).rest(number + 1).typed()
            names += following.startswith("@")
    return names


VERBS = (
    Verb(
        name="page",
        run=page,
        usage='page <@user, schedule, policy or service> "<what>"',
        example='page @grace "the shop is down"',
        help="page them: an incident that reaches exactly whom you name",
        forms=(Form(("page",), FormReader(("service", "text"), _page)),),
        also_called=("call", "alarm", "wake"),
        group=PEOPLE,
        options=("urgency", "service"),
        changes=PAGERDUTY,
        reaches_people=True,
        confirmed=ALWAYS,
        includes=("create", "declare"),
        touches=_touched,
        says=_says,
        to_do="page people",
        button="Page",
    ),
)
