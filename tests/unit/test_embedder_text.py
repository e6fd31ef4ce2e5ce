"""Texts become vectors: as the sentence model's authors have it, and as BM25 has it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from services.embedder.terms import terms_of
from services.embedder.text_encoder import MAX_TOKENS, TEXT_VERSION, TextEncoder, package_folder
from shared.contracts.text import MAX_TERMS, TEXT_DIMENSION

LETTERS = st.characters(codec="utf-8", categories=("Lu", "Ll", "Nd", "Po", "Pd", "Sc", "Zs", "Mn"), max_codepoint=0x24F)
OTHERS = st.sampled_from("жЯ金耳环リングπὰΩשלוםخاتم💍🤍👩‍🎤ﬁ№½\u00ad\u200b\t\n")


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return TextEncoder()


@pytest.fixture(scope="module")
def theirs() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(package_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


@settings(max_examples=300, deadline=None)
@given(text=st.lists(st.one_of(LETTERS, OTHERS), max_size=200).map("".join))
def test_word_pieces_are_those_of_the_models_own_tokenizer(encoder: TextEncoder, theirs: Tokenizer, text: str) -> None:
    assert encoder.tokens(text)[0].tolist() == theirs.encode(text).ids


@pytest.mark.parametrize("word", ["", "aquamarine-set", "ÉMERAUDE", "x" * 101, "[SEP", "Kolczyki ze złota — 585"])
def test_odd_words_are_cut_as_the_models_own_tokenizer_cuts_them(
    encoder: TextEncoder, theirs: Tokenizer, word: str
) -> None:
    assert encoder.tokens(word)[0].tolist() == theirs.encode(word).ids


def test_what_means_the_same_is_nearer_than_what_does_not(encoder: TextEncoder) -> None:
    query = encoder.meaning("green gemstone on a pink band")
    near, far = (encoder.meaning(text) for text in ("Emerald ring in rose gold", "Steel watch with a leather strap"))
    assert float(query @ near) > float(query @ far) + 0.2


def test_a_text_has_a_unit_vector_and_the_same_one_each_time(encoder: TextEncoder) -> None:
    for text in ("", "ring", "💍" * 150, "Ohrring " * 1_500):
        first, second = encoder(text), encoder(text)
        assert first == second
        assert first.model_version == TEXT_VERSION
        assert first.meaning().shape == (TEXT_DIMENSION,)
        assert np.linalg.norm(first.meaning()) == pytest.approx(1, abs=1e-5)


def test_words_are_the_same_term_in_any_form_case_and_accent() -> None:
    assert terms_of("Pavé rings").keys() == terms_of("ring PAVE").keys()
    assert terms_of("ring").keys() != terms_of("earring").keys()


def test_a_term_counts_more_each_time_by_less_and_less_in_a_longer_text() -> None:
    (once,), (twice,), (often,) = (terms_of("pearl " * n).values() for n in (1, 2, 9))
    assert once < twice < often < 2.2
    in_long = terms_of("pearl " + "and more words that say nothing of it " * 10)
    assert in_long[next(iter(terms_of("pearl")))] < once


def test_a_terms_weight_is_that_of_bm25() -> None:
    weights = terms_of("gold gold ring")
    tf, length = 2, 3
    expected = tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * length / 40))
    assert math.isclose(max(weights.values()), expected, abs_tol=1e-6)


def test_a_text_of_very_many_words_keeps_the_heaviest() -> None:
    terms = terms_of("emerald emerald " + " ".join(f"w{n}" for n in range(3_000)))
    assert len(terms) == MAX_TERMS
    assert next(iter(terms_of("emerald"))) in terms
