"""Ratios within one run against a floor and a peer: `make bench`. Nothing here is asserted in a
test."""
