"""From what Mattermost sends to a command carried out and answered. It may use operations and
below, not action_bases.
"""
