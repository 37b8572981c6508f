"""Texts as numbers, by the rules of Keras' TextVectorization layer; the vocabulary comes from the training rows.

Needs numpy alone, and no other module of ours: its text becomes part of programs that people take home.

Source: keras/src/layers/preprocessing/text_vectorization.py and index_lookup.py (Keras 3). We differ beyond ASCII:
there capitals are lowered and spaces split too.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

PUNCTUATION = re.compile(r"""[!"#$%&()*+,\-./:;<=>?@\[\\\]^_`{|}~']""")


def words(text: str, *, lowercase: bool, ngrams: int) -> list[str]:
    """The words of a text, then all pairs of neighbours, then all triples, as far as `ngrams` says."""
    plain = PUNCTUATION.sub("", text.lower() if lowercase else text).split()
    found = list(plain)
    for size in range(2, ngrams + 1):
        found += [" ".join(plain[start : start + size]) for start in range(len(plain) - size + 1)]
    return found


def fit_texts(options: Mapping[str, Any], texts: Iterable[str]) -> dict[str, Any]:
    """The options with `vocabulary`, the words that occur most (of equally many the later in the alphabet first).

    Under "int" the numbers 0 and 1 stand for padding and unknown words, under the other outputs 0 for unknown words;
    they are not listed. Under "tf_idf" there is also `weights`, one for each number, the unknown first:
    `log(1 + texts / (1 + texts that have the word))`, and for unknown words the mean of all.
    """
    counts: Counter[str] = Counter()
    having: Counter[str] = Counter()
    total = 0
    for text in texts:
        found = words(text, lowercase=options["lowercase"], ngrams=options["ngrams"])
        counts.update(found)
        having.update(set(found))
        total += 1
    kept = options["max_tokens"] - (2 if options["output"] == "int" else 1)
    order = sorted(counts, key=lambda word: (counts[word], word.encode()), reverse=True)
    vocabulary = order[:kept]
    fitted = {**options, "vocabulary": vocabulary}
    if options["output"] == "tf_idf":
        weights = [math.log(1 + total / (1 + having[word])) for word in vocabulary]
        fitted["weights"] = [sum(weights) / len(weights) if weights else 0.0, *weights]
    return fitted


def apply_texts(fitted: Mapping[str, Any], texts: Sequence[str]) -> NDArray[Any]:
    """int32 of shape (texts, sequence_length) under "int", else float32 of shape (texts, max_tokens)."""
    first = 2 if fitted["output"] == "int" else 1
    numbers = {word: number for number, word in enumerate(fitted["vocabulary"], start=first)}
    unknown = first - 1
    if fitted["output"] == "int":
        sequences = np.zeros((len(texts), fitted["sequence_length"]), dtype=np.int32)
        for row, text in enumerate(texts):
            found = words(text, lowercase=fitted["lowercase"], ngrams=fitted["ngrams"])[: fitted["sequence_length"]]
            sequences[row, : len(found)] = [numbers.get(word, unknown) for word in found]
        return sequences
    table = np.zeros((len(texts), fitted["max_tokens"]), dtype=np.float32)
    for row, text in enumerate(texts):
        found = words(text, lowercase=fitted["lowercase"], ngrams=fitted["ngrams"])
        for number, count in Counter(numbers.get(word, unknown) for word in found).items():
            table[row, number] = 1 if fitted["output"] == "multi_hot" else count
            if fitted["output"] == "tf_idf":
                table[row, number] = count * fitted["weights"][number]
    return table
