"""mattermost.direct_message: tell users in private, by name or by what an incident says of them."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Tuple

from pagerduty_mattermost.action_base import PackAction, listed
from pagerduty_mattermost.errors import PackError, RejectedInput


class DirectMessage(PackAction):
    def act(
        self,
        users: Optional[List[str]] = None,
        message: Optional[str] = "",
        key: Optional[str] = "",
        change: Optional[Mapping[str, Any]] = None,
        to: Optional[str] = "assignees",
    ) -> Dict[str, Any]:
        names = listed(users)
        if bool(names) == bool(change):
            raise RejectedInput("Give either users, or change (and to)")
        text, key, missed = (message or "").strip(), key or "", []
        if change:
            text, key, found, missed = self._of_incident(change, to or "assignees", text, key)
        else:
            found = self._named(names)
        if not text:
            raise RejectedInput("Nothing to send: give a message")
        sent, failed = self._send(found, text, key)
        if failed:
            # Whoever has it keeps it: with a key, a repeated run sends to the others only.
            error = failed[0][1]
            error.args = (f"Sent to {len(sent)}, not to {', '.join(name for name, _ in failed)}: {error}",)
            raise error
        told = f"Sent to {len(sent)}" + (f"; {len(missed)} not found in Mattermost" if missed else "")
        return {"sent": sent, "missed": missed, "message": told + "."}

    def _send(self, users: List[Any], text: str, key: str) -> Tuple[List[Dict[str, Any]], List[Tuple[str, PackError]]]:
        sent: List[Dict[str, Any]] = []
        failed: List[Tuple[str, PackError]] = []
        for user in users:
            try:
                channel = self.mattermost.direct_channel(user.id)
                post = self.post_once(channel.id, text, key=key)
            except PackError as error:
                failed.append((user.username, error))
                continue
            sent.append({"user_id": user.id, "username": user.username, **post._asdict()})
        return sent, failed

    def _named(self, names: List[str]) -> List[Any]:
        """Each once; all of them are found before anything is sent."""
        from pagerduty_mattermost.people import chat_user

        found = [chat_user(self.mattermost, name) for name in names]
        return list({user.id: user for user in found}.values())

    def _of_incident(
        self, change: Mapping[str, Any], to: str, text: str, key: str
    ) -> Tuple[str, str, List[Any], List[str]]:
        """Text, key, Mattermost users, and names of those whom Mattermost does not know."""
        from pagerduty_mattermost import cards
        from pagerduty_mattermost.incident import from_payload
        from pagerduty_mattermost.people import recipients
        from pagerduty_mattermost.text import escape

        try:
            found = from_payload(change)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise RejectedInput(
                'change must be the payload of the trigger pagerduty.incident: "{{ trigger }}"'
            ) from None
        agents = {event.agent.id for event in found.events}
        alone = agents if len(agents) == 1 else set()  # whoever did it all knows
        told = recipients(self.pagerduty, self.mattermost, found.incident, to, alone)
        for person in told.missed:
            self.complain(
                f"user:{person.id}",
                f"{escape(person.name)} could not be told of an incident: no active Mattermost user has the e-mail "
                f"address of this PagerDuty user ({escape(person.email) or 'none'}).",
            )
        event = found.events[-1].event_id if found.events else ":".join(map(str, found.version))
        return (
            "\n".join(part for part in (text, cards.plain_line(found.incident)) if part),
            key or f"incident:{found.incident.id}:{event}",
            told.users,
            [person.name for person in told.missed],
        )
