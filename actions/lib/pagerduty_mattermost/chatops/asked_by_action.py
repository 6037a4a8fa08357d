"""A question that an action of this pack asks in Mattermost and waits for: `mattermost.ask`,
`mattermost.confirm`.

    kept = ask(context, id, "~ops", schema, title=title_of(context, ""), seconds=300.0)
    kept.by, kept.answer       # empty where nobody answered in time

The chat sensor takes the answer into the datastore, where this looks for it. An action that was
killed and runs again finds its question, and waits on.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional, Sequence

from pagerduty_mattermost.chatops import inquiry_posts
from pagerduty_mattermost.chatops.inquiry import MAX_BUTTONS
from pagerduty_mattermost.chatops.inquiry_answers import InquiryAnswers
from pagerduty_mattermost.chatops.inquiry_places import channel_of, inquiry_buttons
from pagerduty_mattermost.chatops.inquiry_records import DONE, InquiryRecords, KeptInquiry
from pagerduty_mattermost.core.errors import NotFound, PackError, RejectedInput, WrongParameter
from pagerduty_mattermost.core.text import escape, markdown_link, one_line

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

LOOK_SECONDS = 2.0
LAST_SECONDS = 4.0
"""After its time, in which an answer that was given in time arrives."""
MAX_TITLE_CHARACTERS = 120


def ask(
    context: Context,
    id: str,
    place: str,
    schema: Mapping[str, Any],
    *,
    title: str,
    who: Sequence[str] = (),
    needs: int = 1,
    seconds: float,
) -> KeptInquiry:
    """The question and what came of it. `id`: the same for the same question; `title`: the head of
    its post, as Markdown. Raises a PackError."""
    chat = context.settings.chat
    if not chat.has_buttons:
        raise RejectedInput("chat.public_url and chat.signing_keys must be set to ask by buttons")
    records = InquiryRecords(context.store, context.log)
    kept = records.read(id)
    if kept is None:
        try:
            channel = channel_of(context, place)
        except (NotFound, RejectedInput) as error:
            raise WrongParameter("channel", str(error)) from None
        kept = _posted(context, records, id, channel, schema, title, who, needs, seconds)
    return _answered(context, records, kept)


def _posted(
    context: Context,
    records: InquiryRecords,
    id: str,
    channel: str,
    schema: Mapping[str, Any],
    title: str,
    who: Sequence[str],
    needs: int,
    seconds: float,
) -> KeptInquiry:
    now = context.clock()
    text = json.dumps(schema)
    kept = KeptInquiry(id, channel, "", now, now + seconds, needs, title, text, own=True)
    kept = kept._replace(who=tuple(who))
    buttons = inquiry_buttons(context.settings)
    sent = context.post_once(
        channel,
        inquiry_posts.open_text(kept, buttons.zone),
        key=f"asked {id}",
        props=inquiry_posts.props(kept, buttons, now),
    )
    kept = kept._replace(post_id=sent.post_id)
    records.write(kept)
    return kept


def _answered(context: Context, records: InquiryRecords, kept: KeptInquiry) -> KeptInquiry:
    """Once it is answered, or its time is over."""
    while kept.state != DONE:
        left = kept.until + LAST_SECONDS - context.clock()
        if left <= 0:
            _end(context, records, kept)
            return kept
        context.sleep(min(LOOK_SECONDS, left))
        try:
            kept = records.read(kept.id) or kept
        except PackError as error:
            context.log.warning("The answer could not be read: %s", error)
    return kept


def _end(context: Context, records: InquiryRecords, kept: KeptInquiry) -> None:
    """What Mattermost does not take now the chat sensor does a minute later."""
    ended = InquiryAnswers(
        context.settings.chatops,
        None,
        None,
        records,
        lambda: context.mattermost,
        inquiry_buttons(context.settings),
        lambda user, text: None,
        lambda user, channel, entry: False,
        context.log,
        context.clock,
    )
    try:
        ended.end_unanswered(kept)
    except PackError as error:
        context.log.warning("Its post is brought up to date later: %s", error)


def schema_of(
    question: str, options: Sequence[str], schema: Optional[Mapping[str, Any]]
) -> Dict[str, Any]:
    """The schema of what `mattermost.ask` asks. Raises WrongParameter."""
    if schema:
        if options:
            raise WrongParameter("options", "say either which answers there are, or their schema")
        return {**schema, "description": question}
    if len(options) > MAX_BUTTONS:
        raise WrongParameter("options", f"at most {MAX_BUTTONS} answers fit")
    spec: Dict[str, Any] = {"type": "string", "description": question, "required": True}
    if options:
        spec["enum"] = list(options)
    return {"type": "object", "properties": {"answer": spec}}


def title_of(context: Context, incident_id: str) -> str:
    """The head of a question about an incident; without one a plain one."""
    if not incident_id:
        return ":grey_question: **A question**"
    from pagerduty_mattermost.gateways.pagerduty.find_incident import get_incident

    row = get_incident(context.pagerduty, incident_id)
    name = one_line(f"#{row.get('incident_number')} {row.get('title')}", MAX_TITLE_CHARACTERS)
    link = markdown_link(name, str(row.get("html_url") or ""))
    return f":grey_question: **{link or escape(name)}**"
