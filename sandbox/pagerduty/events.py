"""The Events API: v2 (`/v2/enqueue`, `/v2/change/enqueue`) and v1
(`/generic/2010-04-15/create_event.json`)."""

# flake8: noqa: W503

from __future__ import annotations

import json
from typing import Any, Dict, List, Optional

from dateutil import parser

from ..server import HttpAnswer, HttpRequest
from .account import PagerDutyAccount
from .model import Agent, Incident, Thing

V2 = "/v2/enqueue"
V2_CHANGE = "/v2/change/enqueue"
V1 = "/generic/2010-04-15/create_event.json"
MAX_BODY_BYTES = 512 * 1024
_SEVERITIES = ("critical", "error", "warning", "info")


class EventsEndpoint:
    """Takes events for an account. The key in the body is the only authorization."""

    def __init__(self, account: PagerDutyAccount, monotonic: Any) -> None:
        self._account = account
        self._monotonic = monotonic
        self._taken: Dict[str, List[float]] = {}

    def handles(self, request: HttpRequest) -> bool:
        return request.method == "POST" and request.path in (V2, V2_CHANGE, V1)

    def handle(self, request: HttpRequest) -> HttpAnswer:
        v1 = request.path == V1
        if len(request.body) > MAX_BODY_BYTES:
            return HttpAnswer(
                413, {"status": "invalid event", "message": "Event too large", "errors": []}
            )
        try:
            event = json.loads(request.body.decode("utf-8"))
        except ValueError:
            event = None
        if not isinstance(event, dict):
            return _refused("Event object is invalid", "JSON parse error")
        key = event.get("service_key" if v1 else "routing_key")
        integration = self._integration(key)
        if integration is None:
            return _refused("Event object is invalid", "Invalid routing key")
        if self._too_many(str(key)):
            return _throttled(403 if v1 else 429)
        if v1:
            return self._v1(event, integration)
        if request.path == V2_CHANGE:
            return self._change(event, integration)
        return self._v2(event, integration)

    def _integration(self, key: Any) -> Optional[Thing]:
        for integration in self._account.catalog["integrations"].values():
            if (
                integration.get("key") == key
                and integration["service_id"] in self._account.catalog["services"]
            ):
                return integration
        return None

    def _too_many(self, key: str) -> bool:
        limit, now = self._account.options.events_limit, self._monotonic()
        if limit is None:
            return False
        recent = [t for t in self._taken.get(key, ()) if t > now - 60]
        if len(recent) < limit:
            recent.append(now)
            self._taken[key] = recent
            return False
        return True

    def _change(self, event: Thing, integration: Thing) -> HttpAnswer:
        payload: Thing = event.get("payload") or {}
        summary = str(payload.get("summary") or "")
        if not summary.strip():
            return _refused("Event object is invalid", "'payload.summary' is missing or blank")
        if len(summary) > 1024:
            return _refused(
                "Event object is invalid",
                "'payload.summary' is too long (maximum is 1024 characters)",
            )
        at = self._account.now()
        if payload.get("timestamp"):
            try:
                at = int(parser.isoparse(str(payload["timestamp"])).timestamp())
            except ValueError:
                return _refused("Event object is invalid", "'payload.timestamp' is invalid")
        shown = {name: event.get(name) or [] for name in ("links", "images")}
        own = {
            "name": summary,
            "source": payload.get("source"),
            "custom_details": payload.get("custom_details"),
        }
        made = self._account.create(
            "change_events",
            {
                **own,
                **shown,
                "at": at,
                "service_id": integration["service_id"],
                "integration_id": integration["id"],
            },
        )
        return HttpAnswer(
            202, {"status": "success", "message": "Change event processed"}, effect=made["id"]
        )

    def _v2(self, event: Thing, integration: Thing) -> HttpAnswer:
        action, dedup_key = event.get("event_action"), event.get("dedup_key") or ""
        payload: Thing = event.get("payload") or {}
        errors = []
        if action not in ("trigger", "acknowledge", "resolve"):
            errors.append("'event_action' must be trigger, acknowledge or resolve")
        if len(str(dedup_key)) > 255:
            errors.append("'dedup_key' is too long (maximum is 255 characters)")
        if action != "trigger" and not dedup_key:
            errors.append("'dedup_key' is missing or blank")
        if action == "trigger":
            errors += [
                f"'payload.{n}' is missing or blank"
                for n in ("summary", "source")
                if not payload.get(n)
            ]
            if payload.get("severity") not in _SEVERITIES:
                errors.append(
                    "'payload.severity' is invalid (must be one of: critical, warning, "
                    "error, info)"
                )
            if len(str(payload.get("summary", ""))) > 1024:
                errors.append("'payload.summary' is too long (maximum is 1024 characters)")
        if errors:
            return _refused("Event object is invalid", *errors)
        links = [
            {k: v for k, v in link.items() if k in ("href", "text")}
            for link in event.get("links") or ()
        ]
        images = [
            {k: v for k, v in i.items() if k in ("src", "href", "alt")}
            for i in event.get("images") or ()
        ]
        for image in images:
            image["text"] = image.pop("alt", "")
        key = self._act(
            integration,
            str(action),
            str(dedup_key),
            str(payload.get("summary", "")),
            payload.get("severity", "critical"),
            payload.get("custom_details") or {},
            links,
            images,
        )
        return HttpAnswer(
            202, {"status": "success", "message": "Event processed", "dedup_key": key}, effect=key
        )

    def _v1(self, event: Thing, integration: Thing) -> HttpAnswer:
        action, key = event.get("event_type"), event.get("incident_key") or ""
        errors = []
        if action not in ("trigger", "acknowledge", "resolve"):
            errors.append("Event type is invalid")
        if action == "trigger" and not event.get("description"):
            errors.append("Description can't be blank")
        if action != "trigger" and not key:
            errors.append("Incident key can't be blank")
        if errors:
            return _refused("Event object is invalid", *errors)
        contexts: Dict[str, List[Thing]] = {"link": [], "image": []}
        for context in event.get("contexts") or ():
            shown = {k: v for k, v in context.items() if k != "type"}
            contexts.setdefault(str(context.get("type")), []).append(shown)
        details = event.get("details") or {}
        title = str(event.get("description", ""))
        used = self._act(
            integration,
            str(action),
            str(key),
            title,
            "critical",
            details,
            contexts["link"],
            contexts["image"],
        )
        return HttpAnswer(
            200,
            {"status": "success", "message": "Event processed", "incident_key": used},
            effect=used,
        )

    def _act(self, integration: Thing, action: str, key: str, *what: Any) -> str:
        """Carry the event out, late by its switch; returns the key that names its alert."""
        account, lag = self._account, self._account.switches.events_lag_seconds
        if not lag:
            return self._do(integration, action, key, *what)
        key = key or account.new_id("Q", 14).lower()
        account.later(account.now() + lag, lambda: self._late(integration, action, key, *what))
        return key

    def _late(self, integration: Thing, *event: Any) -> None:
        if integration["service_id"] in self._account.catalog["services"]:
            self._do(integration, *event)

    def _do(
        self,
        integration: Thing,
        action: str,
        key: str,
        title: str,
        severity: str,
        details: Any,
        links: List[Thing],
        images: List[Thing],
    ) -> str:
        """One for an alert that is not there is taken and does nothing, as in reality."""
        account, service = self._account, integration["service_id"]
        incident = self._incident(service, key)
        if action == "trigger" and incident is None and account.is_silent(service):
            return key or account.new_id("Q", 14).lower()
        if action == "trigger" and incident is None:
            urgency = account.known("services", service).get("urgency", "high")
            incident = account.trigger(
                service,
                title,
                urgency=urgency,
                details=details,
                links=links,
                images=images,
                severity=severity,
                key=key,
            )
            incident.alerts[0].integration_id = integration["id"]
            return incident.key
        if incident is not None and action == "acknowledge" and incident.status == "triggered":
            account.acknowledge_by(incident, Agent("service", service), {"type": "api"})
        if incident is not None and action == "resolve":
            for alert in list(incident.alerts):
                if alert.key == key and alert.status == "triggered":
                    account.resolve_alert(incident, alert.id)
        return key

    def _incident(self, service: str, key: str) -> Optional[Incident]:
        """The open incident with a triggered alert of that key."""
        found = self._account.open_keys.get((service, key))
        if found is not None:
            return found
        for number in self._account.open_numbers:
            incident = self._account.by_number[number]
            if incident.service_id == service and any(
                a.key == key and a.status == "triggered" for a in incident.alerts
            ):
                return incident
        return None


def _refused(message: str, *errors: str) -> HttpAnswer:
    return HttpAnswer(400, {"status": "invalid event", "message": message, "errors": list(errors)})


def _throttled(status: int) -> HttpAnswer:
    message = "Requests for this service are arriving too quickly. Please retry later."
    return HttpAnswer(
        status,
        {"status": "throttle exceeded", "message": message, "errors": ["Enhance Your Calm."]},
    )
