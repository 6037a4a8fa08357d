"""A post as an incident, without I/O."""

from __future__ import annotations

from typing import Any, Dict

import pytest

from pagerduty_mattermost.chat.declared_post import incident_of
from pagerduty_mattermost.core.errors import RejectedInput

ASKED = {"post_id": "p" * 26, "service_id": "PSVC", "from_email": "ada@example.com"}


def test_the_first_line_is_the_title_and_the_rest_are_the_details() -> None:
    post = {"message": "\n Disk full\non db-1\n  since noon ", "type": ""}
    made = incident_of(post, {**ASKED, "urgency": "low", "priority_id": "PPRIO"})
    assert made == {
        "type": "incident",
        "title": "Disk full",
        "service": {"id": "PSVC", "type": "service_reference"},
        "incident_key": "mattermost-post-" + "p" * 26,
        "urgency": "low",
        "priority": {"id": "PPRIO", "type": "priority_reference"},
        "body": {"type": "incident_body", "details": "on db-1\n  since noon"},
    }
    assert not {"urgency", "priority", "body"} & set(incident_of({"message": "Disk full"}, ASKED))


@pytest.mark.parametrize("post", [{"message": " \n"}, {}, {"message": "x", "type": "system_join"}])
def test_a_post_without_text_is_none(post: Dict[str, Any]) -> None:
    with pytest.raises(RejectedInput, match="is a post without text"):
        incident_of(post, ASKED)
