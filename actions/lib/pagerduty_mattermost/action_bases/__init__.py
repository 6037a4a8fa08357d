"""The base classes of StackStorm's actions: input checked, one line for an error. It may use
operations and below, not chat.
"""
