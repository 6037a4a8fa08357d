"""StackStorm's side: the datastore, the strict dispatch of triggers, rules and their criteria. It
may use http and core.
"""
