"""PagerDuty's REST and Events API: one client, and what is asked of it in more than one place. It
may use http, stackstorm (the datastore) and core, nothing of mattermost.
"""
