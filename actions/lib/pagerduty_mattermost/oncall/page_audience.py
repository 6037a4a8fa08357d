"""Who hears of a page that PagerDuty does not take: whoever is on call for its service at the
first level that has anybody, and the channel where that is told.

    find(context, page, routing_key)    # Audience(of, as_of, people, channel)

Where PagerDuty's API answers although its Events API does not, it is asked; else what was last
read counts, at most a day old. Nobody is guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable, Optional, Tuple

from pagerduty_mattermost.core.errors import (
    ConfigError,
    NotFound,
    PackError,
    RejectedInput,
    StoreUnreachable,
    Unauthorized,
)
from pagerduty_mattermost.gateways.pagerduty import on_calls
from pagerduty_mattermost.gateways.pagerduty.first_on_call import first_on_call
from pagerduty_mattermost.gateways.pagerduty.references import Reference, reference, resolve
from pagerduty_mattermost.oncall import directory, last_known
from pagerduty_mattermost.oncall.directory import Directory
from pagerduty_mattermost.oncall.kept_pages import EVENTS_SIDE, Audience, KeptPage, PagedPerson
from pagerduty_mattermost.oncall.targets import asked, known_targets

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

OPERATIONS = ":operations"
MAX_PEOPLE = 10
ASIDE = "DG"
"""Types of channels that are no channel of a rota: direct and group messages."""


def find(context: Context, page: KeptPage, routing_key: str) -> Audience:
    """`routing_key`: the integration key that it goes to; empty where it names a service. Raises
    StoreUnreachable."""
    policy, service, found = _now(context, page, routing_key)
    listed = directory.read(context.store, context.clock())
    if found is None:
        policy, service, found = _last(context, page, routing_key, listed)
    rota = _of_rota(context, policy, listed)
    channel = _first_open(context, page.channel, rota, _of_service(context, service))
    return (found or Audience())._replace(channel=channel)


def configured_key(context: Context, service: str) -> str:
    """The configuration's integration key (Events API v2) of the service of that name or id, as
    PagerDuty last said it; empty where there is none. Raises StoreUnreachable."""
    config = context.settings.pagerduty
    listed = directory.read(context.store, context.clock())
    found = listed.services.get(listed.service(service)) if listed is not None else None
    keys = [config.routing_key, *config.routing_keys.values()]
    digests = found.keys if found is not None else ()
    fit = [key.reveal() for key in keys if key and directory.digest(key.reveal()) in digests]
    return fit[0] if fit else ""


_Found = Tuple[str, str, Optional[Audience]]
"""Id of the escalation policy, name of the service, who is on call."""


def _now(context: Context, page: KeptPage, routing_key: str) -> _Found:
    """As PagerDuty says now: while it takes no events its API may answer."""
    if page.side != EVENTS_SIDE:
        return "", "", None
    from pagerduty_mattermost.gateways.pagerduty.event_outcome import service_of

    pagerduty, now = context.pagerduty_soon, context.clock()
    try:
        if page.on:
            service = resolve(pagerduty, "service", page.on)
        else:
            service = reference("service", service_of(pagerduty, routing_key) or {})
        if not service.escalation_policy_id:
            return "", "", None
        people = first_on_call(pagerduty, context.store, service.escalation_policy_id)
    except StoreUnreachable:
        raise
    except PackError as error:
        context.log.info("Who is on call now is not known: %s", error)
        return "", "", None
    found = Audience(service.name, now, _people(people))
    return service.escalation_policy_id, service.name, found


def _last(
    context: Context, page: KeptPage, routing_key: str, listed: Optional[Directory]
) -> _Found:
    """As PagerDuty said last."""
    store, now = context.store, context.clock()
    asked = page.on or (listed.service(routing_key) if listed is not None else "")
    if not asked:
        return "", "", None
    known = last_known.find(store, asked, now)
    policy, service = "", page.on
    if listed is not None:
        _, policy = listed.named(asked)
        own = listed.services.get(listed.service(asked))
        service = own.name if own is not None else page.on
    if known is None:
        return policy, service, None
    rows = on_calls.first_level(last_known.present(known.rows, now))
    return policy, service, Audience(known.name, known.at, _people(row.user for row in rows))


def _people(found: Iterable[Reference]) -> Tuple[PagedPerson, ...]:
    once = {one.id: PagedPerson(one.id, one.name, one.email) for one in found}
    return tuple(once.values())[:MAX_PEOPLE]


def _first_open(context: Context, *channels: str) -> str:
    """The first that the bot can post in, else the operators'. Where Mattermost does not answer,
    the first: the post is made up for."""
    for one in channels:
        if not one:
            continue
        try:
            if context.channels.look_up(one).type not in ASIDE:
                return one
        except (ConfigError, NotFound, RejectedInput, Unauthorized):
            continue
        except StoreUnreachable:
            raise
        except PackError:
            return one
    return OPERATIONS


def _of_rota(context: Context, policy: str, listed: Optional[Directory]) -> str:
    """The channel of the escalation policy, else of a schedule on its first level."""
    if not policy:
        return ""
    known, fit = known_targets(context.store), {}
    for text, channel in context.settings.oncall.channels.items():
        if text in known:
            fit[known[text].id] = channel
        elif listed is not None:
            fit[listed.named(asked(text)[1])[1]] = channel
    turns = listed.turns if listed is not None else ()
    wanted = [policy, *(one.schedule for one in turns if one.policy == policy and one.level == 1)]
    return next((fit[id] for id in wanted if id in fit), "")


def _of_service(context: Context, service: str) -> str:
    """As `mattermost.service_channels` says."""
    named = context.settings.mattermost.service_channels.items()
    fit = [channel for name, channel in named if name.casefold() == service.casefold()]
    return fit[0] if service and fit else ""
