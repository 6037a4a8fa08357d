"""mattermost.post_digest: what quiet hours held back and is still open, in one post a channel when
they are over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.core.errors import NotFound, PackError

if TYPE_CHECKING:
    from pagerduty_mattermost.cards.held_cards import Held
    from pagerduty_mattermost.gateways.mattermost.channels import ChannelRef
    from pagerduty_mattermost.incidents.incident import Incident

SETTLE = 60.0
"""Seconds after the end, in which runs that began before it write what they hold."""
MOST = 400
"""Incidents of one post: their ids stand in its props, of which the oldest servers take 8,000
characters."""
PARTS = 20


class PostDigest(PackAction):
    def act(self) -> Dict[str, Any]:
        idle = self.not_configured()
        if idle:
            return idle
        from pagerduty_mattermost.cards import held_cards as held
        from pagerduty_mattermost.cards.quiet_hours import Hours
        from pagerduty_mattermost.noise import quiet_digest as digest

        groups: Dict[str, List[Held]] = {}
        hours = Hours(
            self.context.settings.quiet_hours, self.context.settings.time_zone, self.context.clock
        )
        for one in held.every(self.context.store, self.context.log):
            waits = one.why != held.QUIET or self.context.clock() < one.until + SETTLE
            if not waits and hours.until(one.route.quiet) is None:
                groups.setdefault(one.channel_id, []).append(one)
        posted: List[str] = []
        told, failed = 0, None
        if groups:
            states = digest.present(
                self.context.pagerduty, [one for group in groups.values() for one in group]
            )
            for group in groups.values():
                try:
                    posted += self._digest(group, states)
                    told += len(group)
                except PackError as error:  # the other channels get theirs
                    failed = failed or error
        if failed is not None:
            raise failed
        words = (
            f"Digests posted: {len(posted)}; incidents that were held: {told}."
            if groups
            else "No digest is due."
        )
        return {"post_ids": posted, "incidents": told, "message": words}

    def _digest(self, group: List[Held], states: Mapping[str, Optional[Incident]]) -> List[str]:
        """Posts of one channel; ids of those that are new. A record goes once a post tells of
        it."""
        from pagerduty_mattermost.cards import held_cards as held

        over = [one for one in group if not _is_open(states.get(one.incident_id))]
        still = [one for one in group if one not in over and not self._has_card(one)]
        for one in group:
            if one not in over and one not in still:
                held.drop(self.context.store, one)
        posted: List[str] = []
        end = max(one.until for one in group)
        for part in range(PARTS):
            if not still:
                break
            told = self._post(
                f"digest:{end:.0f}:{part}", still[:MOST], 0 if part else len(over), states, posted
            )
            for one in still:
                if one.incident_id in told:
                    held.save(
                        self.context.store, one._replace(why=held.DIGEST), self.context.clock()
                    )
            still = [one for one in still if one.incident_id not in told]
        for one in over:
            self._forget(one)
        return posted

    def _post(
        self,
        key: str,
        still: List[Held],
        over: int,
        states: Mapping[str, Optional[Incident]],
        posted: List[str],
    ) -> List[str]:
        """The incidents that the post tells of, which may be an earlier run's: the post itself is
        the record of it. What came too late for it is told in the next part."""
        from pagerduty_mattermost.core import times
        from pagerduty_mattermost.core.post_keys import PROPS_KEY
        from pagerduty_mattermost.noise import quiet_digest as digest

        zone = times.zone(self.context.settings.time_zone)
        shown = [
            state for state in (states.get(one.incident_id) for one in still) if state is not None
        ]
        ids = [one.id for one in shown]
        text = digest.message(shown, over, zone)
        first = still[0]

        def send(channel: ChannelRef) -> List[str]:
            sent = self.context.post_once(
                channel.id, text, key=key, props={PROPS_KEY: {"incidents": " ".join(ids)}}
            )
            if not sent.already:
                posted.append(sent.post_id)
            try:
                props = self.context.mattermost.get_post(sent.post_id).get("props")
            except NotFound:  # a person has deleted it
                return ids
            ours = props.get(PROPS_KEY) if isinstance(props, dict) else None
            return digest.named(ours if isinstance(ours, dict) else {})

        return self.context.channels.using(first.channel_id, send, known_as=first.label)

    def _has_card(self, one: Held) -> bool:
        return (
            self.context.store.read(f"incident.{one.incident_id}.card.{one.channel_id}")
            is not None
        )

    def _forget(self, one: Held) -> None:
        """It is over and was counted: only that is kept."""
        from pagerduty_mattermost.cards import held_cards as held
        from pagerduty_mattermost.cards.records import Records

        books = Records(self.context.store, one.incident_id, self.context.log)
        snapshot = books.load()
        if not snapshot.cards:
            for version in snapshot.versions:
                books.forget_state(version)
        held.save(self.context.store, one._replace(why=held.OVER), self.context.clock())


def _is_open(state: Optional[Incident]) -> bool:
    return state is not None and state.is_open
