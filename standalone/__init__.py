"""The embedded default: runs this pack in one process, without StackStorm. See `python -m
standalone --help`."""
