"""What stands in Mattermost for an incident: the card, its thread, its route, its records. It may
use core, gateways, incidents and people.
"""
