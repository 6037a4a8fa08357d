"""PagerDuty and Mattermost as one place to run incidents: the library of the pack's actions and
sensors.

Its packages are floors: each imports only from those below it (docs/architecture.md, Library
modules). From below: core, gateways, incidents, people, cards, noise and oncall, sensor,
operations, chat and action_bases.
"""
