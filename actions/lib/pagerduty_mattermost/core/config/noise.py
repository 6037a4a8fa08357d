"""Section noise: which incidents get one card together (docs/storms.md)."""

from __future__ import annotations

from typing import NamedTuple, Tuple

from pagerduty_mattermost.core.config.reader import Reader


class NoiseConfig(NamedTuple):
    """When a service has a storm of incidents, and when an alert flaps. Times are seconds."""

    storm_incidents: int = 10
    """More new ones of a service within `storm_window` are a storm; 0: never."""
    storm_window: int = 120
    storm_quiet: int = 300
    """It is over when no more than half of `storm_incidents` were new within so many seconds."""
    storm_priorities: Tuple[str, ...] = ("P1", "P2")
    """These get their own cards in any case."""
    flapping_rounds: int = 3
    """After so many rounds of one title or alert key within `flapping_window` further ones are
    counted; 0: never."""
    flapping_window: int = 1800
    """After so many seconds without a new round it no longer flaps."""


def read_noise(whole: Reader) -> NoiseConfig:
    """The section `noise`; what is wrong in it is noted by the reader."""
    read = whole.section("noise", NoiseConfig())
    return NoiseConfig(
        storm_incidents=read.integer("storm_incidents", 0, 10000),
        storm_window=read.integer("storm_window", 10, 3600),
        storm_quiet=read.integer("storm_quiet", 30, 86400),
        storm_priorities=read.texts("storm_priorities"),
        flapping_rounds=read.integer("flapping_rounds", 0, 1000),
        flapping_window=read.integer("flapping_window", 60, 86400),
    )
