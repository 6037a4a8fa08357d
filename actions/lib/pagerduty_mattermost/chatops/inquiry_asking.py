"""An inquiry posted where its route leads: once, whoever begins it: the rule's action at once, or
the chat sensor's round where that did not.

    asking = InquiryAsking(api, places, mattermost, store, buttons, clock, log)
    asking.ask(id)        # {"done": "posted", "post_id": ...}
"""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional, Tuple

from pagerduty_mattermost.chatops import inquiry, inquiry_posts
from pagerduty_mattermost.chatops.inquiry import Inquiry, InquiryRoute, inquiry_of, route_of
from pagerduty_mattermost.chatops.inquiry_posts import InquiryButtons
from pagerduty_mattermost.chatops.inquiry_records import (
    KEPT_SECONDS,
    LATE,
    InquiryRecords,
    KeptInquiry,
)
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound, RejectedInput, WrongParameter
from pagerduty_mattermost.gateways.mattermost.client import Mattermost, PostDeleted
from pagerduty_mattermost.gateways.mattermost.post_once import CLOCK_MARGIN_SECONDS

POSTED, OVER, ELSEWHERE = "posted", "over", "elsewhere"
SETTLED_SECONDS = 60.0
"""After which what has not been done by who was to do it is done by another."""


class AskedInquiry(NamedTuple):
    """What StackStorm says of it."""

    inquiry: Inquiry
    execution: Mapping[str, Any]
    asker: str
    """Reference of what waits: the workflow that asked, or the action itself."""
    link: str


class InquiryAsking:
    """`places`: the id of the channel that a route leads to; raises PackError. `mattermost`: gives
    a gateway for this thread."""

    def __init__(
        self,
        api: Any,
        places: Callable[[str], str],
        mattermost: Callable[[], Mattermost],
        records: InquiryRecords,
        buttons: InquiryButtons,
        clock: Callable[[], float],
        log: Any,
    ) -> None:
        self._api, self._places, self._mattermost = api, places, mattermost
        self._records, self._buttons = records, buttons
        self._clock, self._log = clock, log

    def ask(self, id: str) -> Dict[str, Any]:
        """Raises a PackError; WrongParameter for a route that leads nowhere."""
        found = self.read(id)
        if found is None:
            return _over("It is answered, or its time is over.")
        return self._asked(found)

    def _asked(self, found: AskedInquiry) -> Dict[str, Any]:
        id = found.inquiry.id
        route = route_of(found.inquiry.route)
        if route is None:
            return {"done": ELSEWHERE, "message": "Its route is none of Mattermost's."}
        known = self._records.read(id)
        if known is not None:
            return _posted(known)
        kept = self._kept(found, route)
        now = self._clock()
        is_late = bool(kept.until) and now > kept.until
        if is_late and now - kept.at > KEPT_SECONDS:
            return _over("Its time was over long ago.")  # what is remembered of it is, too
        post = self._found(kept)
        if post is None:
            kept = kept._replace(state=LATE) if is_late else kept
            post = self._create(kept)
        kept = kept._replace(post_id=str(post["id"]))
        if self._records.read(id) is None:  # else somebody has clicked already
            self._records.write(kept)
        if kept.state == LATE:
            return {**_posted(kept), **_over("Its time was over before it could be asked.")}
        return _posted(kept)

    def ask_late(self, id: str) -> bool:
        """What the rule's action has not asked within SETTLED_SECONDS. False where there is
        nothing to be asked any more. Raises as `ask`."""
        if self._records.read(id) is not None:
            return False
        found = self.read(id)
        if found is None:
            return False
        begun = times.seconds(str(found.execution.get("start_timestamp") or ""))
        if begun is None or self._clock() - begun <= SETTLED_SECONDS:
            return True
        return self._asked(found)["done"] == POSTED

    def read(self, id: str) -> Optional[AskedInquiry]:
        """None where it waits no more. Raises a PackError."""
        path = f"/inquiries/{_checked(id)}"
        try:
            found = inquiry_of(self._api.call("GET", path))
        except (RejectedInput, NotFound):
            return None
        if found is None:
            return None
        row = self._execution(id)
        parent = str(row.get("parent") or "")
        root = self._execution(parent) if parent else row
        action = root.get("action")
        ref = str(action.get("ref") or "") if isinstance(action, Mapping) else ""
        return AskedInquiry(found, row, ref or "core.ask", str(root.get("web_url") or ""))

    def answer_of(self, id: str) -> Tuple[str, Optional[Dict[str, Any]]]:
        """Status of its execution, and what was answered. Raises a PackError."""
        params = {"include_attributes": "status,result"}
        try:
            row = self._api.call("GET", f"/executions/{_checked(id)}", params=params)
        except NotFound:
            return "gone", None
        result = row.get("result") if isinstance(row, dict) else None
        response = result.get("response") if isinstance(result, dict) else None
        status = str(row.get("status") or "") if isinstance(row, dict) else ""
        return status, response if isinstance(response, dict) else None

    def kept_of(self, found: AskedInquiry, channel_id: str, post_id: str) -> Optional[KeptInquiry]:
        """As it would be remembered, for one whose key is gone."""
        route = route_of(found.inquiry.route)
        if route is None:
            return None
        return self._of(found, route, channel_id)._replace(post_id=post_id)

    def _execution(self, id: str) -> Mapping[str, Any]:
        params = {"include_attributes": "parent,action,web_url,start_timestamp"}
        row = self._api.call("GET", f"/executions/{_checked(id)}", params=params)
        return row if isinstance(row, Mapping) else {}

    def _kept(self, found: AskedInquiry, route: InquiryRoute) -> KeptInquiry:
        try:
            channel_id = self._places(route.place)
        except (NotFound, RejectedInput) as error:
            raise WrongParameter("route", str(error)) from None
        return self._of(found, route, channel_id)

    def _of(self, found: AskedInquiry, route: InquiryRoute, channel_id: str) -> KeptInquiry:
        begun = times.parse(str(found.execution.get("start_timestamp") or ""))
        began = begun.timestamp() if begun is not None else self._clock()
        ttl = found.inquiry.ttl
        return KeptInquiry(
            found.inquiry.id,
            channel_id,
            "",
            began,
            began + ttl * 60.0 if ttl > 0 else 0.0,
            route.needs,
            inquiry_posts.title(found.asker, found.inquiry.id, found.link),
            json.dumps(found.inquiry.schema),
            found.inquiry.is_for_some,
            parent=str(found.execution.get("parent") or ""),
        )

    def _create(self, kept: KeptInquiry) -> Dict[str, Any]:
        if kept.state == LATE:
            text = inquiry_posts.ended_text(kept, inquiry_posts.never_asked_line(kept))
        else:
            text = inquiry_posts.open_text(kept, self._buttons.zone)
        props = inquiry_posts.props(kept, self._buttons, self._clock())
        key = inquiry_posts.key_of(kept.id)
        try:
            return self._mattermost().create_post(kept.channel_id, text, key=key, props=props)
        except PostDeleted:
            raise NotFound("somebody has deleted the post") from None

    def _found(self, kept: KeptInquiry) -> Optional[Dict[str, Any]]:
        since = kept.at - CLOCK_MARGIN_SECONDS
        return self._mattermost().find_post(kept.channel_id, inquiry_posts.key_of(kept.id), since)


def _posted(kept: KeptInquiry) -> Dict[str, Any]:
    message = f"Posted: {inquiry.question(kept.schema)[:100]}"
    ids = {"post_id": kept.post_id, "channel_id": kept.channel_id}
    return {"done": POSTED, **ids, "message": message}


def _over(message: str) -> Dict[str, Any]:
    return {"done": OVER, "message": message}


def _checked(id: str) -> str:
    from pagerduty_mattermost.chatops.alias_host import checked

    return checked(id)
