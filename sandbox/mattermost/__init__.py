"""A local, stateful Mattermost that answers API v4 as a real one does, as measured on 5.37 and on
11.6 (`MattermostServer(journal, clock, version="11.6")`, see `versions`).

    with MattermostServer(journal, clock) as server:  # seeded: team, channels, people, bot, token
        server.url, BOT_TOKEN            # GET / is a page that shows a channel
        mm = server.account              # the account's Python side
    card, = mm.posts("incidents")        # threads' first posts, oldest first
    mm.thread(card); mm.history(card)    # replies; how the card stood over time
    mm.archive("incidents"); mm.remove_member("incidents", "pagerduty")
    mm.revoke(world.bot_token); mm.database_down = True; mm.rate_limit(5, burst=10)
    mm.save_seconds = 0.2; mm.props_limit = 800000
    mm.forget_pending()                  # or clock.advance(31)
    ada = ChatPerson(server, "ada"); ada.click(card, "acknowledge")
    ada.command("incidents", "/pd list"); ada.seen()

Facts in the journal (server `mattermost`; subject: the id of what changed): post_created,
post_edited, post_deleted, reaction_added, reaction_removed, member_added, member_removed,
channel_created, channel_changed, channel_archived, channel_restored, file_uploaded,
ephemeral_sent, token_revoked, user_disabled, user_enabled, command_saved, command_deleted,
webhook_saved, webhook_deleted, dialog_opened (subject: the user), integration_called (what,
status), integration_failed (reason).

`model`, `integrations` and `state` keep, `account` is the Python side, `server` all that handlers
are given. One module a resource registers its handlers in `call.ROUTES`; `service` is the
dispatcher above them, `control` the Python side by HTTP.
"""

from .model import Channel, Post, PostVersion, Reaction, Team, User
from .person import ChatPerson
from .seed import ADMIN_TOKEN, BOT_TOKEN, MattermostServer, World, seed
from .service import MattermostService

__all__ = [
    "ADMIN_TOKEN",
    "BOT_TOKEN",
    "Channel",
    "MattermostService",
    "MattermostServer",
    "ChatPerson",
    "Post",
    "Reaction",
    "Team",
    "User",
    "PostVersion",
    "World",
    "seed",
]
