"""What every part of the pack stands on: errors, text, Markdown tables, times, weekly hours, keys
of posts, values as JSON; in `core.config` the configuration. It imports nothing of other packages.
"""
