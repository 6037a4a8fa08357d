"""Mattermost's API v4: one client, channels, posts made once, groups, administration. It may use
http, stackstorm (the datastore) and core, nothing of pagerduty.
"""
