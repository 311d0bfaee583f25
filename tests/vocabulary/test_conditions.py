"""Conditions of MatchSpecs (CEP 43): random ones, judged by Python's own ``and`` and ``or``."""

from __future__ import annotations

import random

import pytest

from conda_multiplat.vocabulary.conditions import condition_holds
from conda_multiplat.vocabulary.errors import WordingError

SPECS = ("python>=3.10", "__unix", 'x[version=">=1 and (2)"]', "orange", "android <2", "z-and")


def _random(chance: random.Random, depth: int) -> str:
    if depth == 0 or chance.random() < 0.3:
        return chance.choice(SPECS)
    parts = [_random(chance, depth - 1) for _ in range(chance.randint(1, 3))]
    words = [chance.choice([" and ", " or ", "  and\n"]) for _ in parts]
    text = "".join(part + word for part, word in zip(parts, words, strict=True))
    text = text[: len(text) - len(words[-1])]
    return f"({text})" if chance.random() < 0.6 else text


@pytest.mark.parametrize("seed", range(50))
def test_as_python_reads_it(seed: int) -> None:
    """The result is Python's, whichever MatchSpecs hold."""
    chance = random.Random(seed)
    text = _random(chance, 3)
    true = {spec for spec in SPECS if chance.random() < 0.5}
    python = " ".join(text.split())
    for spec in sorted(SPECS, key=len, reverse=True):
        python = python.replace(spec, f" {spec in true} ")
    assert condition_holds(text, true.__contains__) == eval(python.strip())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a MatchSpec is missing in the condition ''"),
        ("a and", "a MatchSpec is missing in the condition 'a and'"),
        ("or a", "a MatchSpec is missing in the condition 'or a'"),
        ("(a or b", "a parenthesis is not closed in the condition '(a or b'"),
        ("a) or b", "unexpected ')' in the condition 'a) or b'"),
        ("x[version", "'[version' in the condition 'x[version' is not a MatchSpec"),
    ],
)
def test_no_condition(text: str, message: str) -> None:
    """The error says what is wrong with the condition."""
    with pytest.raises(WordingError) as caught:
        condition_holds(text, lambda spec: True)
    assert str(caught.value) == message
