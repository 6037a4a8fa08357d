"""An incident's room: its own Mattermost channel, opened once, furnished, followed, put away. It
may use oncall, cards, playbooks and what stands below them.
"""
