"""What belongs together in the inputs of webhooks and status pages, and wrong ones that send
nothing."""

from __future__ import annotations

from actions_world import ActionsTestCase

URL = "https://example.com/hook"


class HooksInputsTestCase(ActionsTestCase):
    def test_wrong_ones_are_named_and_nothing_is_sent(self) -> None:
        good = {"url": URL, "events": ["incident.triggered"]}
        for given, told in (
            ({"filter_type": "service"}, "filter_id goes with a service or a team"),
            ({"filter_id": "PABC123"}, "filter_id goes with a service or a team"),
            ({"filter_type": "schedule"}, "filter_type: "),
            ({"events": ["incident.triggered", "incident.triggered"]}, "events: "),
            ({"events": ["incident.*"]}, "events[0]: "),
            ({"events": []}, "events: is missing"),
            ({"url": "ftp://x"}, "url: "),
            ({"custom_headers": [{"name": "A\r\nB", "value": "x"}]}, "custom_headers[0].name: "),
            ({"custom_headers": [{"name": "A", "value": "x\ny"}]}, "custom_headers[0].value: "),
            ({"custom_headers": [{"name": "A"}]}, "custom_headers[0].value: is missing"),
        ):
            assert told in self.refused("webhook_subscription.create", **{**good, **given}), given
        post = {
            "entity_id": "PABC123",
            "title": "x",
            "message": "x",
            "status_id": "PABC123",
            "severity_id": "PABC123",
        }
        line = self.refused(
            "status_page.create_post", post_type="maintenance", starts_at="1h", **post
        )
        assert "a maintenance needs starts_at and ends_at" in line
        assert self.sent() == []
