"""Test incidents and drills, on the test service alone: so that a team can try its playbooks, and
lists and reports have something in them. It may use runs, rooms, cards, playbooks and what stands
below them.
"""
