"""Which PagerDuty user is which Mattermost user, in both directions. It may use core, gateways and
incidents.
"""
