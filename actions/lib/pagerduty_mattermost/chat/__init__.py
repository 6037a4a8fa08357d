"""From what Mattermost sends to a command carried out and answered. It may use simulation and
below, not action_bases.
"""
