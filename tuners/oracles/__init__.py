"""Oracles: what to try next, given what came of the trials so far.

Importing this package imports neither Keras Tuner nor a numeric library; `make_oracle` imports what its
algorithm needs.
"""

from tuners.oracles.base import Accepts, Ask, AskStatus, Oracle
from tuners.oracles.factory import make_oracle

__all__ = ["Accepts", "Ask", "AskStatus", "Oracle", "make_oracle"]
