"""What the handlers of the sandbox's Mattermost are given: what the server keeps, what its people
and administrators do, its settings. The dispatcher (`service`) stands above the handlers.
"""

from __future__ import annotations

from typing import FrozenSet, Optional

from ..clock import Clock
from ..journal import SandboxJournal
from ..server import Service
from .account import MattermostAccount
from .limiter import Limiter
from .model import Channel, User
from .state import MattermostState
from .versions import DEFAULT_VERSION, VERSIONS


class MattermostCore(MattermostAccount, Service):
    """A Mattermost server of one of the `versions.VERSIONS`, as measured.

    Switches, to be set at any time:

    `props_limit` (8000; 800000 on 11.6), `message_limit`, `file_limit` (bytes),
    `show_email` (whether profiles tell e-mails), `save_seconds` (real seconds that saving a new
    post takes, so that requests overlap), `database_down` (answers as a server that lost its
    database), `rate_limit(per_second, burst)`; for integrations `enable_commands`,
    `enable_outgoing_webhooks`, `enable_post_username_override`,
    `allowed_untrusted_internal_connections` (hosts and CIDR blocks that may be called, apart by
    spaces or commas), `trigger_seconds` (3; 30 on 11.6), `integration_seconds` (real ones
    that who is called has); to be read only `enable_open_server`, `license` (short name of the
    edition, `professional`; empty: none) and `enable_custom_groups` for user groups, as servers
    from 6.3 on have them; `unknown_emojis` (names that 11.6 has no emoji for);
    `enable_user_creation`, `require_email_verification`, `enable_gitlab`,
    `enable_saml`, `enable_ldap`; for channels `max_channels_per_team` (2000; archived ones count),
    `channel_seconds` (of the sandbox's clock, in which a channel that was made is not found by its
    name yet, though its name is taken: its first member is saved after it) and `anonymous_urls`
    (names of new channels are replaced by ids).
    """

    name = "mattermost"

    def __init__(
        self,
        clock: Optional[Clock] = None,
        journal: Optional[SandboxJournal] = None,
        *,
        version: str = DEFAULT_VERSION,
        props_limit: Optional[int] = None,
        message_limit: int = 16383,
        file_limit: int = 50 * 1024 * 1024,
        seed: Optional[int] = None,
    ) -> None:
        Service.__init__(self)
        clock = clock or Clock()
        self.version = VERSIONS[version]
        self.state = MattermostState(
            clock, journal or SandboxJournal(clock), seed, is_new=self.version.is_new
        )
        self.props_limit = props_limit or self.version.props_limit
        self.message_limit = message_limit
        self.file_limit = file_limit
        self.show_email = True
        self.save_seconds = 0.0
        self.database_down = False
        self.enable_commands = True
        self.enable_outgoing_webhooks = True
        self.enable_post_username_override = False
        self.allowed_untrusted_internal_connections = "127.0.0.1 localhost"
        self.trigger_seconds = self.version.trigger_seconds
        self.integration_seconds = 30.0
        self.enable_open_server = False
        self.enable_user_creation = True
        self.require_email_verification = False
        self.enable_gitlab = False
        self.enable_saml = False
        self.enable_ldap = False
        self.license = ""
        self.enable_custom_groups = True
        self.unknown_emojis: FrozenSet[str] = frozenset()
        self.max_channels_per_team = 2000
        self.channel_seconds = 0.0
        self.anonymous_urls = False
        self._refusals = 0
        """How often a post was refused while the database is down."""
        self._limiter: Optional[Limiter] = None

    def may_read_posts(self, user: User, channel: Channel) -> bool:
        """What stands in a channel. On new servers everybody of the team reads that of a public
        one; on 5.37 a member alone, though a single post and its thread are open to the team."""
        if self.version.is_new:
            return self.state.may_read(user, channel)
        return self.state.may_write(user, channel)

    def rate_limit(self, per_second: Optional[float], burst: int = 100) -> None:
        """Limit requests by address as the server's own rate limiter does; None: no limit."""
        self._limiter = Limiter(self.state.clock, per_second, burst) if per_second else None
