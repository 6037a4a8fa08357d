"""The result of any execution, posted where its `notify:` route leads: once for each route."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Mapping

from pagerduty_mattermost.chatops import rendering
from pagerduty_mattermost.chatops.alias_host import checked
from pagerduty_mattermost.chatops.alias_telling import FILE_NAME
from pagerduty_mattermost.chatops.inquiry_places import api_of, channel_of
from pagerduty_mattermost.core.errors import NotFound, RejectedInput, RetryLater, WrongParameter
from pagerduty_mattermost.core.text import clean

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

MAX_WORDS_CHARACTERS = 2000


def post_result(context: Context, execution: str, place: str, words: str) -> Dict[str, Any]:
    """The action's result. `words`: what its author has said to it. Raises a PackError."""
    row = api_of(context).call("GET", f"/executions/{checked(execution)}")
    if not isinstance(row, Mapping):
        raise RetryLater("StackStorm's answer is no execution")
    try:
        channel = channel_of(context, place)
    except (NotFound, RejectedInput) as error:
        raise WrongParameter("channel", str(error)) from None
    link = str(row.get("web_url") or "")
    shown = rendering.rendered(None, row, _no_format, link)
    said = rendering.without_mentions(clean(words, MAX_WORDS_CHARACTERS).strip())
    text = "\n".join(part for part in (said, shown.text) if part)
    sent = context.post_once(channel, text, key=f"result {execution}")
    if shown.file and not sent.already and sent.post_id:
        content = shown.file.encode("utf-8", "replace")
        file_id = context.mattermost.upload_file(channel, FILE_NAME, content)
        context.post_once(
            channel, "", key=f"file {execution}", root_id=sent.post_id, file_ids=[file_id]
        )
    ids = {"post_id": sent.post_id, "channel_id": channel, "already": sent.already}
    return {**ids, "message": f"{'Posted before' if sent.already else 'Posted'}."}


def _no_format() -> Any:
    raise RejectedInput("without an alias there is no format")
