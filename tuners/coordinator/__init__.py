"""The process that drives the oracles: it asks for trials, tells results, returns lost trials, ends searches."""

from tuners.coordinator.coordinator import Coordinator

__all__ = ["Coordinator"]
