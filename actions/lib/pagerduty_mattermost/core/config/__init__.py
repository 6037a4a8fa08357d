"""The pack's configuration as typed values: a module for each section, `reader` for all of them,
`settings` the whole. It may use nothing of the pack but the modules of `core`.
"""
