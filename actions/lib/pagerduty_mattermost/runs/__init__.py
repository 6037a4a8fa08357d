"""A run: one use of a playbook in an incident's room, as what people did in it. It may use
playbooks, rooms and what stands below them.
"""
