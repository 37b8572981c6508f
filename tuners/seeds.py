"""Seeds derived from a search's seed, so that every piece of randomness can be repeated on its own.

A hash stands between the user's number and each use: neighbouring seeds give unrelated streams, and no seed is ever 0
(which Keras Tuner and others read as "none given").
"""

from __future__ import annotations

import hashlib

_LARGEST = 2**31 - 1


def derived_seed(search_seed: int, *parts: int | str) -> int:
    """A seed in 1 .. 2**31 - 1 that depends on the search's seed and on what it is for."""
    text = "/".join(str(part) for part in (search_seed, *parts))
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    return int(number % _LARGEST) + 1


def training_seed(search_seed: int, trial_number: int, execution: int = 0) -> int:
    """Seed of one execution's training: weights, shuffling, dropout."""
    return derived_seed(search_seed, "training", trial_number, execution)


def seed_of_test_part(fingerprint: str) -> int:
    """Seed of the test part set aside from a data set: the data's own, so that all searches leave out the same rows."""
    return derived_seed(0, "test", fingerprint)


def split_seed(search_seed: int) -> int:
    """Seed of the validation split: one for the whole search, so that its trials are compared on the same rows."""
    return derived_seed(search_seed, "split")
