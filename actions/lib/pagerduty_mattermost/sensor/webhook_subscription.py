"""The webhook's subscription at PagerDuty: made, looked up and taken away; each any number of
times.

    setup(pagerduty, store, config, renew=False)
    status(pagerduty, store, config)
    teardown(pagerduty, store, config)

The pack's own subscriptions are those that call `webhook.public_url`, or that the pack made for an
address it had before. One is kept: a second one would only double the calls. PagerDuty tells the
secret once, so a subscription whose secret is not in the datastore is made anew. No result holds a
secret. Raises the gateway's errors, StoreUnreachable and ConfigError.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, NamedTuple, Set, Tuple

from pagerduty_mattermost.core.config.reader import Secret
from pagerduty_mattermost.core.config.settings import Config
from pagerduty_mattermost.core.errors import (
    ConfigError,
    NotFound,
    PackError,
    RejectedInput,
    RetryLater,
    reworded,
)
from pagerduty_mattermost.core.typed_actions import run_line
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty, fill
from pagerduty_mattermost.gateways.pagerduty.references import resolve
from pagerduty_mattermost.gateways.stackstorm import kept_secrets
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.gateways.stackstorm.kept_secrets import WEBHOOK_SECRETS
from pagerduty_mattermost.sensor import webhook_health
from pagerduty_mattermost.sensor.webhook import ALL_EVENTS, SUBSCRIBED_EVENTS, UNFIT
from pagerduty_mattermost.sensor.webhook_health import WebhookHealth, unfit_advice

PATH, KEY = "/webhook_subscriptions", "webhook_subscriptions"
ONE = PATH + "/{id}"
DESCRIPTION = "Doorbell of StackStorm's pack pagerduty"


class _FoundSubscriptions(NamedTuple):
    rows: List[Dict[str, Any]]
    """The pack's own; those whose address and secret are right in front."""
    known: Set[str]
    """Ids whose secret is in the datastore."""


def setup(
    pagerduty: PagerDuty, store: Store, config: Config, renew: bool = False
) -> Dict[str, Any]:
    """Afterwards exactly one subscription calls the configured address with the event types in
    use, enabled, its secret known. `renew`: with a new secret; calls signed with the old one still
    count."""
    url, wanted = _address(config), _filter(pagerduty, config)
    found = _find(pagerduty, store, url)
    fit = [
        row
        for row in found.rows
        if not renew and _url(row) == url and row.get("id") in found.known
    ]
    for row in found.rows:
        if row not in fit[:1]:
            _delete(pagerduty, str(row.get("id")))
    if fit:
        id = str(fit[0]["id"])
        done, events = _mend(pagerduty, fit[0], wanted)
    else:
        id, events = _create(pagerduty, store, url, wanted)
        done = "recreated" if found.rows else "created"
    message = f"The subscription {id} of {url} is {done}."
    if not set(ALL_EVENTS) <= set(events):
        message += " PagerDuty refused the event types of roles and tasks: these are not posted."
    try:
        pagerduty.post(fill(ONE + "/ping", id=id))
        message += (
            " PagerDuty was asked for a ping: pagerduty.webhook.status says whether it arrived."
        )
    except RetryLater as error:
        message += f" It could not be tried with a ping: {error}"
    return {
        "message": message,
        "done": done,
        "subscription_id": id,
        "url": url,
        "filter": wanted,
        "events": events,
    }


def status(pagerduty: PagerDuty, store: Store, config: Config) -> Dict[str, Any]:
    """How the subscription stands at PagerDuty, and what the sensor noted of its calls last."""
    url = _address(config)
    found = _find(pagerduty, store, url)
    rows = [row for row in found.rows if _url(row) == url]
    noted = webhook_health.read(store)
    health = noted or WebhookHealth()
    result: Dict[str, Any] = {
        "url": url,
        "subscribed": bool(rows),
        "secrets_configured": len(config.webhook.secrets),
        "works": health.works,
        "last_call": health.last_call,
        "calls": dict(health.calls),
        "listening_on": health.address,
        "as_of": health.at,
    }
    problems = [*([health.problem] if health.problem else []), *config.webhook.problems]
    if not rows:
        return {
            "message": _listed(
                [f"Nothing calls {url}: run `{run_line('webhook.setup')}`", *problems]
            ),
            **result,
        }
    row = rows[0]
    events = [str(event) for event in row.get("events") or ()]
    result.update(
        subscription_id=row.get("id"),
        active=row.get("active") is True,
        temporarily_disabled=_method(row).get("temporarily_disabled") is True,
        events=events,
        events_missing=sorted(set(SUBSCRIBED_EVENTS) - set(events)),
        filter=row.get("filter") or {},
        secret_known=row.get("id") in found.known,
    )
    mend = f"run `{run_line('webhook.setup')}`"
    if not result["active"]:
        problems.append(f"The subscription is switched off: {mend}")
    if result["temporarily_disabled"]:
        problems.append(
            f"PagerDuty disabled the subscription, since its calls were refused: {mend}"
        )
    if result["events_missing"]:
        problems.append(
            f"{len(result['events_missing'])} event types are not subscribed to: {mend}"
        )
    if not result["secret_known"] and not config.webhook.secrets:
        problems.append(f"Its secret is not known: {mend}")
    if len(rows) > 1:
        problems.append(f"{len(rows)} subscriptions call this address: {mend}")
    if noted is None:
        problems.append(
            "The sensor has said nothing of the webhook yet: is webhook.port set, and the "
            "sensor restarted?"
        )
    elif not result["works"] and not problems:
        problems.append(
            f"No genuine call reaches the sensor, last one: {result['last_call'] or 'never'}. Does"
            f" {url} lead to {result['listening_on']}?"
        )
        unfit = health.calls.get(UNFIT, 0)
        if unfit:
            problems.append(unfit_advice(unfit))
    return {
        "message": _listed(problems or [f"The webhook works, last call {result['last_call']}"]),
        **result,
    }


def subscriptions(pagerduty: PagerDuty, store: Store, config: Config) -> List[str]:
    """Ids of the pack's own, as `teardown` would delete them."""
    return [str(row.get("id")) for row in _find(pagerduty, store, config.webhook.public_url).rows]


def teardown(pagerduty: PagerDuty, store: Store, config: Config) -> Dict[str, Any]:
    """Afterwards nothing of the pack is subscribed, and no secret is kept. Works also when the
    configuration says nothing of a webhook any more."""
    deleted = []
    for id in subscriptions(pagerduty, store, config):
        deleted.append(id)
        _delete(pagerduty, id)
    forgotten = kept_secrets.forget(store, WEBHOOK_SECRETS)
    webhook_health.forget(store)
    message = f"Subscriptions deleted: {', '.join(deleted) or 'none'}." + (
        " The secret is forgotten." if forgotten else ""
    )
    return {"message": message, "deleted": deleted, "secret_forgotten": forgotten}


def _address(config: Config) -> str:
    missing = [name for name in ("public_url", "port") if not getattr(config.webhook, name)]
    if missing:
        names = " and ".join(f"webhook.{name}" for name in missing)
        raise ConfigError(
            f"The configuration of the pack pagerduty: {names} must be set for the webhook"
        )
    return config.webhook.public_url


def _filter(pagerduty: PagerDuty, config: Config) -> Dict[str, Any]:
    """A subscription filters by one thing: what is watched where that is one thing, else the
    account."""
    watch = config.watch
    for kind, names, others in (
        ("service", watch.services, watch.teams),
        ("team", watch.teams, watch.services),
    ):
        if len(names) == 1 and not others:
            return {"type": f"{kind}_reference", "id": resolve(pagerduty, kind, names[0]).id}
    return {"type": "account_reference"}


def _find(pagerduty: PagerDuty, store: Store, url: str) -> _FoundSubscriptions:
    known = {one.id for one in kept_secrets.read_or_none(store, WEBHOOK_SECRETS)}
    rows = [
        row
        for row in pagerduty.list_all(PATH, KEY).items
        if row.get("id") in known or (url and _url(row) == url)
    ]
    return _FoundSubscriptions(
        sorted(rows, key=lambda row: (_url(row) != url, row.get("id") not in known)), known
    )


def _method(row: Dict[str, Any]) -> Dict[str, Any]:
    method = row.get("delivery_method")
    return method if isinstance(method, dict) else {}


def _url(row: Dict[str, Any]) -> str:
    return str(_method(row).get("url") or "").rstrip("/")


def _with_events(send: Callable[[List[str]], Any]) -> Tuple[Any, List[str]]:
    """The answer to what is sent with the event types, and which these were: an account that has
    no roles and tasks may refuse theirs. Raises what `send` raises."""
    try:
        return send([*ALL_EVENTS]), [*ALL_EVENTS]
    except RejectedInput:
        return send([*SUBSCRIBED_EVENTS]), [*SUBSCRIBED_EVENTS]


def _mend(
    pagerduty: PagerDuty, row: Dict[str, Any], wanted: Dict[str, Any]
) -> Tuple[str, List[str]]:
    """What was done to it, and its event types then."""
    path, done = fill(ONE, id=row["id"]), "as it should be"
    there = row.get("filter") or {}
    same = there.get("type") == wanted["type"] and there.get("id") == wanted.get("id")
    events = [str(event) for event in row.get("events") or ()]
    if set(events) != set(ALL_EVENTS) or row.get("active") is not True or not same:
        before = events
        change = {"active": True, "filter": wanted}
        _, events = _with_events(
            lambda types: pagerduty.put(
                path, {"webhook_subscription": {"events": types, **change}}
            )
        )
        if set(before) != set(events) or row.get("active") is not True or not same:
            done = "changed"
    if _method(row).get("temporarily_disabled") is True:
        pagerduty.post(path + "/enable")
        done = "enabled again"
    return done, events


def _create(
    pagerduty: PagerDuty, store: Store, url: str, wanted: Dict[str, Any]
) -> Tuple[str, List[str]]:
    body = {
        "type": "webhook_subscription",
        "delivery_method": {"type": "http_delivery_method", "url": url},
        "description": DESCRIPTION,
        "filter": wanted,
    }
    answer, events = _with_events(
        lambda types: pagerduty.post(PATH, {"webhook_subscription": {**body, "events": types}})
    )
    made = answer.get("webhook_subscription")
    row = made if isinstance(made, dict) else {}
    id, secret = str(row.get("id") or ""), _method(row).get("secret")
    if not id or not isinstance(secret, str) or not secret:
        raise RetryLater(
            "PagerDuty POST /webhook_subscriptions: the answer holds no secret; run it again",
            maybe_done=True,
        )
    try:
        new = kept_secrets.KeptSecret(id, Secret(secret))
        kept_secrets.add(store, WEBHOOK_SECRETS, new, kept_secrets.MAX_WEBHOOK_SECRETS)
    except PackError as error:
        # Its secret is lost: whatever it sent would be unfit.
        _delete(pagerduty, id)
        raise reworded(
            error, f"Nothing is subscribed, since the secret can't be kept encrypted: {error}"
        ) from None
    return id, events


def _delete(pagerduty: PagerDuty, id: str) -> None:
    try:
        pagerduty.delete(fill(ONE, id=id))
    except NotFound:
        return


def _listed(lines: List[str]) -> str:
    return ". ".join(line.rstrip(".") for line in lines) + "."
