"""The library of the pack: shared by its actions and its sensors, and imported nowhere else.

Nothing is imported here: each action is a fresh process and pays only for what it uses.
"""
