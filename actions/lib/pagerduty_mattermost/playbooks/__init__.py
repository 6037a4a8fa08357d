"""Playbooks as texts: what one holds, read from YAML, kept, chosen for an incident. What is made
of one in a room is a run, which others do. It may use people, incidents, gateways and core.
"""
