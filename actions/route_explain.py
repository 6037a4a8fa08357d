"""route.explain: which filter or rule posted an incident, or kept it back."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from pagerduty_mattermost.card_action import CardAction
from pagerduty_mattermost.errors import PackError, RejectedInput, RetryLater

DEADLINE = 20.0
PAGE = 100
MAX_PAGES = 50


class RouteExplain(CardAction):
    def act(self, incident_id: str = "") -> Dict[str, Any]:
        from pagerduty_mattermost import explain
        from pagerduty_mattermost.card_records import Records
        from pagerduty_mattermost.incident import IncidentEvent, to_payload

        if not (incident_id or "").strip():
            raise RejectedInput("Give the incident's id, such as PT4KHLK")
        change = self.change_of(None, incident_id)
        remembered = Records(self.store, change.incident.id, self.log).load()
        # The events decide as well (start_on, criteria on event_types); unknown ones are taken for the first of all.
        assumed = not remembered.events
        events = tuple(remembered.events) or (IncidentEvent("explain", "incident.triggered"),)
        change = change._replace(events=events)
        filters = explain.filters(self.settings.watch, change.incident)
        rules = explain.verdicts(self._rules(), change, to_payload(change))
        cards, by_channel = self._cards(remembered.cards)
        told = []
        for verdict in rules:
            channel_id, problem = self._channel(verdict.channel, change) if verdict.posts else ("", "")
            told.append({**verdict._asdict(), "card": by_channel.get(channel_id, ""), "problem": problem})
        return {
            "incident_id": change.incident.id,
            "reported": bool(remembered.states),
            "filters": explain.as_results(filters),
            "rules": told,
            "cards": cards,
            "message": self._sentences(change.incident, filters, told, cards, assumed),
        }

    def _rules(self) -> List[Any]:
        """All rules of this StackStorm (or embedded default), of any pack. The API client knows no timeouts."""
        import threading

        found: Dict[str, Any] = {}
        errors: List[str] = []

        def read() -> None:
            try:
                manager = self.action_service.datastore_service.get_api_client().rules
                for page in range(MAX_PAGES):
                    rules = manager.get_all(limit=PAGE, offset=page * PAGE)
                    fresh = [rule for rule in rules if rule.ref not in found]
                    found.update((rule.ref, rule) for rule in fresh)
                    if len(rules) < PAGE or not fresh:
                        return
            except Exception as error:  # noqa: BLE001 - st2client raises whatever its HTTP library does
                errors.append(type(error).__name__)

        thread = threading.Thread(target=read, name="pagerduty-rules", daemon=True)
        thread.start()
        thread.join(DEADLINE)
        if thread.is_alive() or errors:
            why = errors[0] if errors else f"no answer within {DEADLINE:g} s"
            raise RetryLater(
                f"StackStorm's API did not list its rules ({why}): is st2api up, and may this user read rules?"
            )
        return list(found.values())

    def _cards(self, records: Any) -> Tuple[List[Dict[str, str]], Dict[str, str]]:
        from pagerduty_mattermost.messages import link

        cards, by_channel = [], {}
        for record in records.values():
            address = link(self.mattermost.settings, record.post_id) if record.post_id else ""
            state = "deleted by a person" if record.gone else address or "about to be posted"
            by_channel[record.channel_id] = state
            cards.append({"channel": record.label or record.channel_id, "card": state, "route": record.route.name})
        return cards, by_channel

    def _channel(self, text: str, change: Any) -> Tuple[str, str]:
        """Id of a rule's channel, or what is wrong with it."""
        try:
            service = (change.incident.service_id, change.incident.service)
            return self.channels.look_up(text, service).id, ""
        except PackError as error:
            return "", str(error)

    def _sentences(
        self, incident: Any, filters: List[Any], rules: List[Dict[str, Any]], cards: List[Dict[str, str]], assumed: bool
    ) -> str:
        failed = [one for one in filters if not one.passed]
        lines = [f"Incident {incident.id}, {incident.status}:"]
        for one in failed:
            lines.append(f"- kept back by {one.setting}: {one.reason}")
        if not failed:
            lines.append("- passes the filters of the configuration")
        for rule in rules:
            if not rule["posts"]:
                continue
            where = f" → {rule['channel']}" if rule["enabled"] and rule["matched"] else ""
            lines.append(f"- rule {rule['rule']}{where}: " + (rule["problem"] or rule["card"] or rule["reason"]))
        if not any(rule["posts"] and rule["enabled"] and rule["matched"] for rule in rules):
            lines.append("- no enabled rule posts it")
        for card in cards:
            lines.append(f"- card in {card['channel']} (route {card['route'] or 'unnamed'}): {card['card']}")
        if assumed:
            lines.append("- nothing of it is remembered here: rules were judged as if it had just been triggered")
        return "\n".join(lines)
