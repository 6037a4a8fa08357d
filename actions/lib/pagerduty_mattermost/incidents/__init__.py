"""Incidents and what happens to them, as values; how the log and snapshots become changes. It may
use core and gateways, and posts nothing.
"""
