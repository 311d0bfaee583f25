"""The selectors that are written for some platforms of a manifest, as conda-lock reads them too."""

from __future__ import annotations

import random

import pytest
from support.conda_lock_says import conda_lock_says

from conda_multiplat.vocabulary.names import SUBDIRS
from conda_multiplat.vocabulary.selector_writer import Selection, selectors
from conda_multiplat.vocabulary.selectors import evaluate

FIVE = ("linux-64", "linux-aarch64", "osx-64", "osx-arm64", "win-64")
#: Those that conda-lock has words for.
CONDA_LOCK = (*FIVE, "linux-ppc64le")


@pytest.mark.parametrize(
    ("subdirs", "among", "expected"),
    [
        (["linux-64"], ["linux-64"], ()),
        (["linux-64"], ["linux-64", "osx-arm64"], ("linux",)),
        (["osx-arm64"], ["linux-64", "osx-arm64"], ("osx",)),
        (["linux-64"], FIVE, ("linux64",)),
        (["linux-aarch64"], FIVE, ("aarch64",)),
        (["osx-arm64"], FIVE, ("arm64",)),
        (["osx-arm64"], [*FIVE, "win-arm64"], ("osx and arm64",)),
        (["osx-arm64", "win-arm64"], [*FIVE, "win-arm64"], ("arm64",)),
        (["linux-64", "linux-aarch64"], FIVE, ("linux",)),
        (["linux-64", "linux-aarch64", "osx-64", "osx-arm64"], FIVE, ("unix",)),
        (["linux-64", "linux-aarch64", "win-64"], FIVE, ("linux", "win")),
        (["linux-64", "osx-arm64"], FIVE, ("linux64", "arm64")),
        (["zos-z", "linux-64"], [*FIVE, "zos-z"], ("linux64", "zos")),
    ],
)
def test_selectors(subdirs: list[str], among: list[str], expected: tuple[str, ...]) -> None:
    """Families are preferred to platforms, and the lines are as few as possible."""
    assert selectors(subdirs, among) == expected


@pytest.mark.parametrize(
    ("subdir", "among", "word"),
    [
        ("linux-64", ("linux-64", "osx-arm64"), "linux64"),
        ("osx-arm64", FIVE, "arm64"),
        ("osx-arm64", ("linux-64", "osx-arm64"), "arm64"),
        ("linux-aarch64", FIVE, "aarch64"),
        ("win-64", FIVE, "win64"),
        ("linux-riscv64", (*FIVE, "linux-riscv64"), "riscv64"),
        ("win-arm64", (*FIVE, "win-arm64"), "win and arm64"),
    ],
)
def test_platform_that_is_named(subdir: str, among: tuple[str, ...], word: str) -> None:
    """A single platform gets its own selector, so that others of its family can be added."""
    assert Selection(frozenset([subdir]), frozenset(among)).words == (word,)


def _chosen(seed: int, known: tuple[str, ...]) -> tuple[list[str], list[str]]:
    chance = random.Random(seed)
    among = chance.sample(known, chance.randint(1, len(known)))
    return chance.sample(among, chance.randint(1, len(among))), among


@pytest.mark.slow
def test_one_line_holds_where_it_should() -> None:
    """Exactly one line applies to each selected platform, and none to any other."""
    for seed in range(1500):
        chosen, among = _chosen(seed, SUBDIRS)
        words = selectors(chosen, among) or ("unix or not unix",)
        holds = [platform for platform in among for word in words if evaluate(word, platform)]
        assert sorted(holds) == sorted(chosen), (seed, words)


@pytest.mark.slow
def test_conda_lock_reads_the_same() -> None:
    """conda-lock's own parser keeps one line on each selected platform, and none elsewhere."""
    cases = [(seed, *_chosen(seed, CONDA_LOCK)) for seed in range(300)]
    questions, expected = [], []
    for _, chosen, among in cases:
        named = [Selection(frozenset(chosen), frozenset(among)).words, selectors(chosen, among)]
        for words in named:
            text = "\n".join(f"- x  # why [{word}]" for word in words) if words else "- x"
            questions += [[text, subdir] for subdir in among]
            expected += [int(subdir in chosen) for subdir in among]
    assert list(map(len, conda_lock_says("lines", questions))) == expected
