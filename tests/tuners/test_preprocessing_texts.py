"""Texts become numbers by the rules of Keras' layer."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuners.datasets.preprocessing.options import Text
from tuners.datasets.preprocessing.texts import apply_texts, fit_texts, words

TRAIN = [
    "The cat sat on the mat.", "A dog; a CAT!", "Don't stop -- [now]", "the the the", "", "mat mat dog's",
    "tabs\tand\nlines  and  spaces", "1,000 cats? {yes} ~no~ 'quoted' \"twice\" a_b c|d", "on on and a",
]  # fmt: skip
TEST = ["the cat and the unheard-of dog", "", "zebra zebra", "sat on it " * 5, "a a a cats"]


def options(**fields: Any) -> dict[str, Any]:
    return Text(**fields).model_dump()


@pytest.mark.keras
@pytest.mark.parametrize("output", ["int", "multi_hot", "count", "tf_idf"])
@pytest.mark.parametrize("ngrams", [1, 2, 3])
@pytest.mark.parametrize("lowercase", [True, False])
@pytest.mark.parametrize("max_tokens", [8, 60])
def test_as_keras(output: str, ngrams: int, lowercase: bool, max_tokens: int) -> None:
    pytest.importorskip("tensorflow")
    chosen = options(output=output, ngrams=ngrams, lowercase=lowercase, max_tokens=max_tokens, sequence_length=12)
    fitted = fit_texts(chosen, TRAIN)
    layer = keras.layers.TextVectorization(
        max_tokens=max_tokens,
        standardize="lower_and_strip_punctuation" if lowercase else "strip_punctuation",
        ngrams=ngrams if ngrams > 1 else None,
        output_mode=output,
        output_sequence_length=12 if output == "int" else None,
        pad_to_max_tokens=output != "int",
    )
    layer.adapt(TRAIN)
    known = layer.get_vocabulary(include_special_tokens=False)
    assert fitted["vocabulary"] == [str(word) for word in known]
    for texts in (TRAIN, TEST):
        theirs = np.asarray(layer(np.array(texts)))
        np.testing.assert_allclose(apply_texts(fitted, texts), theirs, rtol=1e-5)


def test_the_vocabulary_comes_from_the_rows_it_is_fitted_on() -> None:
    fitted = fit_texts(options(max_tokens=5, sequence_length=4), ["b a", "a"])
    assert fitted["vocabulary"] == ["a", "b"]
    assert apply_texts(fitted, ["a b zebra", "a a a a a a"]).tolist() == [[2, 3, 1, 0], [2, 2, 2, 2]]


def test_letters_beyond_ascii_are_lowered_and_kept() -> None:
    assert words("ÉTÉ, naïve\u2003Straße", lowercase=True, ngrams=1) == ["été", "naïve", "straße"]


@given(texts=st.lists(st.text(max_size=40), max_size=8), output=st.sampled_from(["int", "multi_hot", "tf_idf"]))
@settings(max_examples=60)
def test_any_texts_have_the_shape_that_was_promised(texts: list[str], output: str) -> None:
    chosen = options(output=output, max_tokens=6, sequence_length=5)
    made = apply_texts(fit_texts(chosen, texts), texts)
    assert made.shape == (len(texts), 5 if output == "int" else 6)
    assert made.dtype == (np.int32 if output == "int" else np.float32)
    assert np.isfinite(made).all()
    assert made.min(initial=0) >= 0
    if output == "int":
        assert made.max(initial=0) < 6
