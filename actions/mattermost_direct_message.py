"""mattermost.direct_message: tell users in private, by name or by what an incident says of them."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from pagerduty_mattermost.action_base import PackAction, listed
from pagerduty_mattermost.errors import NotFound, PackError, RejectedInput


class Told(NamedTuple):
    """What to send to whom; one key makes it one message a user."""

    text: str
    key: str
    users: List[Any]
    missed: List[str]


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
        told = (
            self._of_incident(change, to or "assignees", message or "", key or "")
            if change
            else Told(message or "", key or "", self._users(names), [])
        )
        if not told.text.strip():
            raise RejectedInput("Nothing to send: give a message")
        sent, failed = self._send(told)
        if failed:
            # Whoever has it already keeps it: with a key a repeated run sends to the others only.
            error = failed[0][1]
            error.args = (f"Sent to {len(sent)}, not to {', '.join(name for name, _ in failed)}: {error}",)
            raise error
        return {
            "sent": sent,
            "missed": told.missed,
            "message": f"Sent to {len(sent)}"
            + (f"; {len(told.missed)} not found in Mattermost" if told.missed else "")
            + ".",
        }

    def _send(self, told: Told) -> Tuple[List[Dict[str, Any]], List[Tuple[str, PackError]]]:
        from pagerduty_mattermost.messages import post_once

        sent: List[Dict[str, Any]] = []
        failed: List[Tuple[str, PackError]] = []
        for user in told.users:
            try:
                channel = self.mattermost.direct_channel(user.id)
                post = post_once(
                    self.mattermost,
                    lambda: self.store,
                    channel.id,
                    told.text,
                    key=told.key,
                    clock=self.clock,
                    monotonic=self.monotonic,
                )
            except PackError as error:
                failed.append((user.username, error))
                continue
            sent.append({"user_id": user.id, "username": user.username, **post._asdict()})
        return sent, failed

    def _users(self, names: List[str]) -> List[Any]:
        """Each once; all of them are found before anything is sent."""
        return list({user.id: user for user in map(self._user, names)}.values())

    def _user(self, name: str) -> Any:
        """A Mattermost user by @name, e-mail or id."""
        from pagerduty_mattermost.mattermost import is_id

        if is_id(name):
            user = self.mattermost.user(name)
        elif "@" in name.lstrip("@"):
            user = self.mattermost.user_by_email(name)
        else:
            user = self.mattermost.user_by_username(name)
        if not user.active:
            raise NotFound(f"The Mattermost user @{user.username} is deactivated")
        return user

    def _of_incident(self, change: Mapping[str, Any], to: str, message: str, key: str) -> Told:
        from pagerduty_mattermost import cards
        from pagerduty_mattermost.incident import from_payload
        from pagerduty_mattermost.text import escape

        try:
            found = from_payload(change)
        except (KeyError, TypeError, ValueError):
            raise RejectedInput(
                'change must be the payload of the trigger pagerduty.incident: "{{ trigger }}"'
            ) from None
        agents = {event.agent.id for event in found.events}
        told = Told(
            "\n".join(part for part in (message.strip(), cards.plain_line(found.incident)) if part),
            key or f"incident:{found.incident.id}:{found.events[-1].event_id if found.events else found.version}",
            [],
            [],
        )
        for person in self._concerned(found.incident, to):
            if agents == {person.id}:
                continue  # whoever did it knows
            try:
                user = self._user(person.email) if person.email else None
            except (NotFound, RejectedInput):
                user = None
            if user is not None:
                told.users.append(user)
                continue
            told.missed.append(person.name)
            self.complain(
                f"user:{person.id}",
                f"{escape(person.name)} could not be told of an incident: no active Mattermost user has the e-mail "
                f"address of this PagerDuty user ({escape(person.email) or 'none'}).",
            )
        return told

    def _concerned(self, incident: Any, to: str) -> List[Any]:
        """PagerDuty users (lookup.Reference), each once."""
        from pagerduty_mattermost import oncall

        if to == "assignees":
            return [self._pagerduty_user(person) for person in incident.assignees]
        if to != "oncall":
            raise RejectedInput("'to' is either assignees or oncall")
        if not incident.escalation_policy_id:
            return []
        rows, _ = oncall.who(self.pagerduty, escalation_policy=incident.escalation_policy_id)
        first = [row.user for row in rows if row.level == rows[0].level]
        return list({user.id: user for user in first}.values())

    def _pagerduty_user(self, person: Any) -> Any:
        """With the e-mail address, which stays empty for a user whom PagerDuty no longer knows."""
        from pagerduty_mattermost.lookup import Reference, resolve

        try:
            return resolve(self.pagerduty, "user", person.id)
        except NotFound:
            return Reference("user", person.id, person.name)
