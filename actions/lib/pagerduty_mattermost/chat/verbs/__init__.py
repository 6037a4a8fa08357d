"""What people can do from chat, one module for each group of verbs; `registry` joins them.

A module imports at its top only what costs little: `/pd help` and the chat sensor read the records
of all verbs.
"""
