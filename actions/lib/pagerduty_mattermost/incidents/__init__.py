"""Incidents and what happens to them, as values; how PagerDuty's log and snapshots become changes;
what the sensor remembers of them. It may use core and gateways, and posts nothing.
"""
