"""StackStorm's own chat in Mattermost: aliases of every pack by a slash command, inquiries,
results of executions. It may use chat and below, not action_bases: chat hands it what it hears and
knows nothing of it.
"""
