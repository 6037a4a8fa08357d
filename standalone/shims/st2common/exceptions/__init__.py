"""Stand-in (see standalone/shims/README.md)."""
