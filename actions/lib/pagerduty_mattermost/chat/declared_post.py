"""A Mattermost post that becomes an incident: quoted in a dialog or taken as it is, and the reply
in its thread that says so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping, Sequence

from pagerduty_mattermost.chat.dialogs import MAX_TEXT_CHARACTERS
from pagerduty_mattermost.core.errors import NotFound, PackError, RejectedInput, Unauthorized
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.core.text import clean, cut, cut_at_word, one_line

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

TITLE_CHARACTERS = 1024
DETAILS_CHARACTERS = 20_000
QUOTED_TITLE_CHARACTERS = 150
"""As many as the dialog's field takes."""


def declare(context: Context, asked: Mapping[str, Any]) -> Dict[str, Any]:
    """The incident of a post: made, or the one that was made of it before. `asked`: post_id,
    service_id and from_email; urgency and priority_id where they are wanted. Raises RejectedInput
    for a post without text, and what the gateways raise."""
    incident = incident_of(context.mattermost.get_post(asked["post_id"]), asked)
    before = {
        "incident_key": incident["incident_key"],
        "date_range": "all",
        "service_ids": [asked["service_id"]],
    }
    stands = context.pagerduty.list_all("/incidents", "incidents", before, 1).items
    if stands:
        return _ids(stands[0], "exists")
    made = context.pagerduty.create_incident(incident, from_email=asked["from_email"])
    return _ids(made, "created")


def incident_of(post: Mapping[str, Any], asked: Mapping[str, Any]) -> Dict[str, Any]:
    """PagerDuty's incident: the post's first line is the title, the rest are the details. Its key
    is the post's, so that a post makes one incident. Pure."""
    text = clean(post.get("message") or "").strip()
    if post.get("type") or not text:
        raise RejectedInput(
            "post_id: is a post without text; expected one whose first line is the title"
        )
    first, _, details = text.partition("\n")
    title = cut_at_word(one_line(first), TITLE_CHARACTERS)
    if title != one_line(first):
        details = text
    incident: Dict[str, Any] = {
        "type": "incident",
        "title": title,
        "service": {"id": asked["service_id"], "type": "service_reference"},
        "incident_key": f"mattermost-post-{asked['post_id']}",
    }
    if asked.get("urgency"):
        incident["urgency"] = asked["urgency"]
    if asked.get("priority_id"):
        incident["priority"] = {"id": asked["priority_id"], "type": "priority_reference"}
    if details.strip():
        body = {"type": "incident_body", "details": cut(details.strip(), DETAILS_CHARACTERS)}
        incident["body"] = body
    return incident


def quoted(
    mattermost: Callable[[], Any], server_url: str, user_id: str, text: str, log: Any
) -> Dict[str, str]:
    """What stands in the fields of a declaration's dialog, by what was typed: a title, or a link
    to a post, which becomes title and details, with its id as `post_id`. Only a member of the
    post's channel may quote it, since the bot reads more than people do. Never raises;
    `mattermost` is called only for a link."""
    post_id = permalink(text, server_url)
    if not post_id:
        return {"title": text}
    try:
        post = mattermost().get_post(post_id)
        if not may_read(mattermost(), str(post.get("channel_id")), user_id):
            raise NotFound("whoever asks is no member of its channel")
    except PackError as error:
        log.info("A linked post is not quoted: %s", error)
        return {"details": text}
    message = clean(post.get("message"), MAX_TEXT_CHARACTERS).strip()
    title = one_line(message.split("\n", 1)[0], QUOTED_TITLE_CHARACTERS) if message else ""
    room = MAX_TEXT_CHARACTERS - len(text) - 2
    details = f"{message[:room]}\n\n{text}".strip()
    return {"title": title, "details": details, "post_id": post_id}


def may_read(mattermost: Any, channel_id: str, user_id: str) -> bool:
    """Whether the user is a member of the channel. Members alone are told who is in one: the bot
    goes into a public one for it."""
    try:
        found: bool = mattermost.is_member(channel_id, user_id)
    except Unauthorized as error:
        if error.status != 403:
            raise
        mattermost.join(channel_id)
        found = mattermost.is_member(channel_id, user_id)
    return found


def permalink(text: str, server_url: str) -> str:
    """Id of the post that a link leads to, on this Mattermost server; empty for anything else."""
    found = re.fullmatch(
        re.escape(server_url) + r"/[a-z0-9_-]{1,64}/pl/([a-z0-9]{26})", text.strip().strip("<>")
    )
    return found.group(1) if server_url and found else ""


def link_back(context: Context, post_id: str, message: str, incident_ids: Sequence[str]) -> None:
    """Reply in the thread of a post that was declared in a dialog. Failing is logged: the incident
    stands."""
    try:
        post = context.mattermost.get_post(post_id)
        key = post_key("declared", post_id, "".join(incident_ids))
        root = str(post.get("root_id") or "") or post_id
        context.channels.using(
            str(post.get("channel_id")),
            lambda channel: context.mattermost.create_post(
                channel.id, message, key=key, root_id=root
            ),
        )
    except PackError as error:
        context.log.warning("The declared post %s is not linked back: %s", post_id, error)


def _ids(incident: Mapping[str, Any], done: str) -> Dict[str, Any]:
    return {"done": done, "incident_id": incident["id"], "number": incident.get("incident_number")}
