"""What every part of the pack stands on: errors, text, times, keys of posts. It imports nothing of
the pack.
"""
