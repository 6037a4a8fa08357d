"""The pack's configuration as typed values: a file for each section, `settings` the whole."""
