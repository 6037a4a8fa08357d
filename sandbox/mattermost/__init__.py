"""A local, stateful Mattermost that answers API v4 as a real one does (facts/mattermost.md, measured on 5.37).

    mm = Mattermost(clock, journal)
    world = seed(mm)                                   # team ops, channels, people, the bot and its token
    with Server(mm, journal, clock) as server:         # sandbox.server; GET / is a page that shows a channel
        ...
    card, = mm.posts("incidents")                      # threads' first posts, oldest first
    mm.thread(card); mm.history(card)                  # replies; how the card stood over time
    mm.archive("incidents"); mm.remove_member("incidents", "pagerduty"); mm.revoke(world.bot_token)
    mm.database_down = True; mm.rate_limit(5, burst=10); mm.save_seconds = 0.2; mm.props_limit = 800000
    mm.forget_pending()                                # or clock.advance(31)

Facts in the journal (server `mattermost`; subject: the id of what changed): post_created, post_edited, post_deleted,
reaction_added, reaction_removed, member_added, member_removed, channel_created, channel_changed, channel_archived,
channel_restored, file_uploaded, ephemeral_sent, token_revoked, user_disabled, user_enabled.

One module a resource registers its handlers in `call.ROUTES`; `state` keeps, `account` is the Python side, `control`
the same by HTTP.
"""

from .model import Channel, Post, Reaction, Team, User, Version
from .seed import World, seed
from .service import Mattermost

__all__ = ["Channel", "Mattermost", "Post", "Reaction", "Team", "User", "Version", "World", "seed"]
