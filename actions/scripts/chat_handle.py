"""chat.handle: what came through the chat sensor, carried out and answered."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Sequence

from pagerduty_mattermost.action_bases.card_action import CardAction
from pagerduty_mattermost.cards import posting
from pagerduty_mattermost.chat.command import Answer, Said
from pagerduty_mattermost.core.errors import PackError, RejectedInput, RetryLater
from pagerduty_mattermost.core.text import escape, one_line

DROPPED = "dropped."
"""Prefix of the datastore keys by which the sensor takes an order back."""


class ChatHandle(CardAction):
    kept_as = "chat_handle"

    def act(self, order: Optional[Mapping[str, Any]] = None) -> Dict[str, Any]:
        if not isinstance(order, Mapping) or not order.get("id"):
            raise RejectedInput(
                "order must be the payload of the trigger pagerduty.chat_command: '{{ trigger }}'"
            )
        if self.context.clock() > float(order.get("valid_until") or 0):
            return {
                "done": "too_late",
                "message": "Not done: it waited too long. It is a dead letter now.",
            }
        if self.context.store.read(DROPPED + str(order["id"])) is not None:
            return {
                "done": "dropped",
                "message": "Dropped: whoever asked was told that it was not taken.",
            }
        try:
            given = self._perform(order)
        except PackError as error:
            self._tell(order, f":warning: {escape(self.context.line_of(error))}")
            raise
        if order.get("kind") == "command" and given.message:
            self._answer(order, given)
        return {"done": "done", "incidents": list(given.incidents), "message": "Done."}

    def to_keep(
        self, params: Dict[str, Any], error: Optional[PackError]
    ) -> Optional[Dict[str, Any]]:
        from pagerduty_mattermost.chat import failed_commands as chat_letters

        return (
            None if chat_letters.is_mistake(error) else chat_letters.of_order(params.get("order"))
        )

    def unfinished(self, result: Any) -> Optional[PackError]:
        return (
            RetryLater("It waited for more than a minute, so it was void")
            if result["done"] == "too_late"
            else None
        )

    def _answer(self, order: Mapping[str, Any], given: Answer) -> None:
        """A list with buttons, where the answer goes back by the command's own way: a post's props
        are limited, an ephemeral one's are not. What was made is the team's to see."""
        chat = self.context.settings.chat
        if not given.shown or not order.get("hook") or not chat.has_buttons or chat.read_only:
            self._tell(order, given.message, public=given.public)
            return
        from pagerduty_mattermost.cards import buttons
        from pagerduty_mattermost.cards import incident_tables as chat_tables
        from pagerduty_mattermost.core import times

        zone, key = times.zone(self.context.settings.time_zone), chat.signing_keys[0].reveal()
        rows = [
            buttons.row(
                one,
                chat_tables.line(one, zone),
                number,
                chat.public_url,
                key,
                self.context.clock(),
            )
            for number, one in enumerate(given.shown)
        ]
        self._tell(order, given.head, rows, plain=given.message)

    def _perform(self, order: Mapping[str, Any]) -> Answer:
        from pagerduty_mattermost.chat import orders as chat_orders
        from pagerduty_mattermost.chat import thread_notes
        from pagerduty_mattermost.chat import which_incident as chat_which
        from pagerduty_mattermost.chat.perform import perform
        from pagerduty_mattermost.gateways.reading_context import ReadingContext

        if order.get("kind") == "note":
            noted = thread_notes.said(self.context, order)
            return perform(self.context, noted) if noted else Answer("")
        said, dry = chat_orders.said(order)
        said = chat_which.complete(
            ReadingContext.of(self.context) if dry else self.context,
            said._replace(key=str(order["id"])),
            str(order.get("root_id") or ""),
        )
        if not dry and order.get("kind") == "command" and self._asks(order, said):
            return Answer("")
        given = perform(self.context, said, dry=dry)
        for incident in given.incidents if said.verb in chat_orders.REPAINTS and not dry else ():
            self._repaint(incident, given)
        asked_for = order.get("kind") == "row" or order.get("verb") in ("confirmed", "declare")
        if order.get("kind") != "command" and (asked_for or chat_orders.is_news(said, given)):
            self._tell(order, given.message)
        if order.get("verb") == "declare" and order.get("post_id") and not dry:
            self._link_back(str(order["post_id"]), given)
        return given

    def _link_back(self, post_id: str, given: Answer) -> None:
        """In the thread of the post that was declared."""
        from pagerduty_mattermost.core.post_keys import post_key

        try:
            post = self.context.mattermost.get_post(post_id)
            key = post_key("declared", post_id, "".join(given.incidents))
            root = str(post.get("root_id") or "") or post_id

            def reply(channel: Any) -> None:
                self.context.mattermost.create_post(
                    channel.id, given.message, key=key, root_id=root
                )

            self.context.channels.using(str(post.get("channel_id")), reply)
        except PackError as error:
            self.context.log.warning("The declared post %s is not linked back: %s", post_id, error)

    def _asks(self, order: Mapping[str, Any], said: Said) -> bool:
        """Whether a confirmation was asked for."""
        from pagerduty_mattermost.cards import buttons
        from pagerduty_mattermost.chat import orders as chat_orders

        chat = self.context.settings.chat
        if not chat.has_buttons or not chat_orders.needs_confirmation(said, chat.confirm):
            return False
        words = said.verb.replace("_", " ")
        what = one_line(
            " ".join(word for word in (said.service, said.incidents, said.text) if word), 200
        )
        question = f"Really {words} {escape(what)}?"
        asked = buttons.confirmation(
            question,
            chat_orders.folded(said),
            str(order.get("user_id")),
            chat.public_url,
            chat.signing_keys[0].reveal(),
            self.context.clock(),
        )
        self._tell(order, "", [asked])
        return True

    def _repaint(self, incident: str, given: Answer) -> None:
        """At once; the sensor would see it in its next look. What PagerDuty answered is not asked
        for again."""
        from pagerduty_mattermost.core import times
        from pagerduty_mattermost.incidents.incident import Change

        known = next((one for one in given.after if one.id == incident), None)
        at = self.context.pagerduty.last_server_time
        try:
            change = (
                Change(known, read_at=times.iso(at))
                if known and at
                else posting.change_of(self.context, None, incident)
            )
            posting.posts(self.context).repaint(change)
        except PackError as error:
            self.context.log.warning("The card of %s will follow: %s", incident, error)

    def _tell(
        self,
        order: Mapping[str, Any],
        text: str,
        attachments: Sequence[Mapping[str, Any]] = (),
        *,
        plain: str = "",
        public: bool = False,
    ) -> None:
        """By the command's own answer, else in a direct message: to who asked alone. `plain`: the
        whole of it as text, for a direct message."""
        try:
            if order.get("hook"):
                try:
                    self.context.mattermost.answer_command(
                        str(order["hook"]), text, attachments, public=public
                    )
                    return
                except PackError as error:
                    self.context.log.info("Answered in a direct message: %s", error)
            channel = self.context.mattermost.direct_channel(str(order.get("user_id")))
            props = {"attachments": list(attachments)} if attachments and not plain else None
            self.context.mattermost.create_post(channel.id, plain or text, props=props)
        except PackError as error:
            self.context.log.warning("%s could not be answered: %s", order.get("user_name"), error)
