"""Mattermost's API v4: one client, channels, posts made once, groups, administration."""
