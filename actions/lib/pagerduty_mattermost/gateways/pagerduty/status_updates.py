"""Status updates of an incident, which go to its subscribers at PagerDuty (API reference, *Status
Updates*)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Union

from pagerduty_mattermost.core.errors import NotFound, PackError
from pagerduty_mattermost.gateways.pagerduty.client import fill
from pagerduty_mattermost.gateways.pagerduty.references import resolve

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty


class UpdateText(NamedTuple):
    """What subscribers get."""

    message: str
    subject: str = ""
    html: str = ""
    """Of an e-mail, with `subject`."""


def publish(
    pagerduty: PagerDuty, incident_id: str, text: Union[str, UpdateText], *, from_email: str
) -> None:
    """Once. Raises NotKnown where its answer was lost and the log does not tell of it."""
    said = UpdateText(text) if isinstance(text, str) else text
    mail = {"subject": said.subject, "html_message": said.html}
    body = {"message": said.message, **(mail if all(mail.values()) else {})}
    pagerduty.post(_path(incident_id), body, from_email=from_email)


def rendered(pagerduty: PagerDuty, template: str, incident_id: str, text: str) -> UpdateText:
    """The update as one of PagerDuty's templates has it. `template`: its name or id. Raises
    NotFound where there is none, or where it makes no message, and what the gateway raises."""
    found = resolve(pagerduty, "template", template)
    body = {"incident_id": incident_id, "status_update": {"message": text}}
    path = fill("/templates/{id}/render", id=found.id)
    answer = pagerduty.request("POST", path, None, body)
    fields = answer.get("templated_fields")
    said = fields if isinstance(fields, dict) else {}
    message, subject, html = (
        str(said.get(name) or "") for name in ("message", "email_subject", "email_body")
    )
    if not message.strip():
        raise NotFound(f"PagerDuty's template {found.name} makes no message of it")
    return UpdateText(message, subject, html)


def was_published(
    pagerduty: PagerDuty, incident_id: str, text: str, *, from_email: str, passed: float
) -> bool:
    """Whether the log tells of one with these words. `passed`: seconds since it was first sent.
    False also where the log does not have it yet, or can't be read."""
    from pagerduty_mattermost.gateways.pagerduty.outcome_checks import check_of
    from pagerduty_mattermost.gateways.pagerduty.write_outcome import Write

    write = Write("POST", _path(incident_id), {"message": text}, from_email)
    try:
        return bool(check_of(write).read(pagerduty, write, lambda: max(0.0, passed)).is_done)
    except PackError:
        return False


def _path(incident_id: str) -> str:
    return fill("/incidents/{incident}/status_updates", incident=incident_id)
