"""PagerDuty and Mattermost as one place to run incidents: the library of the pack's actions and
sensors.

Its packages are floors: each imports only from those below it (docs/architecture.md, Library
modules).
"""
