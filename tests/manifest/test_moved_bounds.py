"""Bounds that move: each in its notation, never to older versions, in an unchanged line."""

from __future__ import annotations

import random

import pytest
from packaging.requirements import Requirement
from packaging.version import Version
from support.edits import generated

from conda_multiplat.actions.edit.upgrade import bound_lines
from conda_multiplat.engines.conda.specs import check_spec, is_newer, spec_allows
from conda_multiplat.manifest.edit.draft import Draft
from conda_multiplat.manifest.edit.moved_bounds import loosened, moved
from conda_multiplat.manifest.edit.rewrite import rewritten
from conda_multiplat.manifest.read import Source

#: What is written, what is solved with, and where it moves to with 2.4.6 and 2.5.1 solved.
CONDA = [
    ("numpy 1.26.*", "numpy >=1.26", "numpy 2.4.*"),
    ("numpy=1.26", "numpy >=1.26", "numpy=2.4"),
    ("numpy =1", "numpy >=1", "numpy =2"),
    ("numpy==1.26.4", "numpy >=1.26.4", "numpy==2.4.6"),
    ("numpy 1.26", "numpy >=1.26", "numpy 2.4.6"),
    ("numpy >=1.26", "numpy >=1.26", "numpy >=2.4.6"),
    ("numpy>=1.26, <2", "numpy >=1.26", "numpy>=2.4.6, <3"),
    ("numpy <2.0.0", "numpy", "numpy <3.0.0"),
    ("numpy <1.27.0a0", "numpy", "numpy <2.6.0a0"),
    ("numpy <9", "numpy", "numpy <9"),
    ("numpy <=1.26.4", "numpy", "numpy <=2.5.1"),
    ("numpy ~=1.26", "numpy >=1.26", "numpy ~=2.4"),
    ("numpy >1,!=1.27.0", "numpy >1,!=1.27.0", "numpy >1,!=1.27.0"),
    (
        "conda-forge::numpy 1.26.* *mkl",
        "conda-forge::numpy >=1.26 *mkl",
        "conda-forge::numpy 2.4.* *mkl",
    ),
    ("numpy=1.26.*=*mkl", "numpy >=1.26 *mkl", "numpy=2.4.*=*mkl"),
    ("numpy <2 *mkl", "numpy * *mkl", "numpy <3 *mkl"),
    (
        "numpy[build='*mkl', version='>=1,<2']",
        "numpy >=1 *mkl",
        "numpy[build='*mkl', version='>=2.4.6,<3']",
    ),
]
PYPI = [
    ("tool==1.0", "tool>=1.0", "tool==2.4.6"),
    ("tool>=1,<2", "tool>=1", "tool>=2.4.6,<3"),
    (
        "tool[a,b] ~=1.4 ; sys_platform == 'linux'",
        "tool[a,b]>=1.4 ; sys_platform == 'linux'",
        "tool[a,b] ~=2.4 ; sys_platform == 'linux'",
    ),
    ("tool (>=1.0,<2)", "tool (>=1.0)", "tool (>=2.4.6,<3)"),
    ("tool==1.*", "tool>=1", "tool==2.*"),
    ("tool~=1.4.2", "tool>=1.4.2", "tool~=2.4.6"),
]
#: They name what can't move, or nothing that could.
FIXED = [
    *((text, False) for text in ("numpy", "numpy *", "numpy 1.26|1.27", "numpy=1.26=py311_0")),
    *((text, False) for text in ("numpy[version='1.26',build_number=2]", "numpy 1!2.0")),
    *((text, True) for text in ("tool", "tool @ https://x.example.com/a", "-e .", "tool===1.0")),
    *((text, True) for text in ("tool==1.0+cu124", "./tool", "tool ; python_version > '3'")),
    (f"tool==1.0 --hash=sha256:{'0' * 64}", True),
]


def _newer_pypi(version: str, other: str) -> bool:
    return Version(version) > Version(other)


@pytest.mark.parametrize(("text", "loose", "after"), CONDA)
def test_conda(text: str, loose: str, after: str) -> None:
    """Lines of conda's, in all notations."""
    assert loosened(text, pypi=False) == loose
    assert moved(text, ["2.4.6", "2.5.1"], is_newer, pypi=False) == after
    assert check_spec(loose) is check_spec(after) is None


@pytest.mark.parametrize(("text", "loose", "after"), PYPI)
def test_pypi(text: str, loose: str, after: str) -> None:
    """Lines of pip's: extras and markers stay."""
    assert loosened(text, pypi=True) == loose
    assert moved(text, ["2.4.6", "2.5.1"], _newer_pypi, pypi=True) == after


@pytest.mark.parametrize("pypi", [False, True])
@pytest.mark.parametrize("written", ["2", "2.0", "2.0.0", "2.0.0.0"])
@pytest.mark.parametrize("solved", ["2", "2.0", "2.0.0"])
def test_the_same_version_in_other_words(written: str, solved: str, pypi: bool) -> None:
    """A bound that is already at the solved version stays as written, including zeros."""
    newer = _newer_pypi if pypi else is_newer
    for text in (f"tool >={written}", f"tool=={written}", f"tool>={written},<3"):
        assert moved(text, [solved], newer, pypi=pypi) == text


@pytest.mark.parametrize(("text", "pypi"), FIXED)
def test_what_can_not_move(text: str, pypi: bool) -> None:
    """A line without a bound, or with an exact one, stays as it is."""
    assert loosened(text, pypi=pypi) == ""
    newer = _newer_pypi if pypi else is_newer
    assert moved(text, ["2.4.6"], newer, pypi=pypi) == text


@pytest.mark.parametrize("seed", range(200))
def test_random_bounds(seed: int) -> None:
    """What is solved without a bound meets it where it moves; what was locked does no longer."""
    chance = random.Random(seed)

    def version(first: int) -> str:
        parts = [first, *(chance.randint(0, 30) for _ in range(chance.randint(0, 2)))]
        return ".".join(map(str, parts))

    old, new = version(chance.randint(0, 3)), version(chance.randint(4, 12))
    for pypi in (False, True):
        equal = "==" if pypi else chance.choice(["", "="])
        kinds = [
            f">={old}",
            f">={old},<{version(4)}",
            f"=={old}",
            f"{equal}{old}.*",
            f"<{version(4)}",
        ]
        text = f"numpy {chance.choice(kinds)}"
        newer = _newer_pypi if pypi else is_newer
        after = moved(text, [new], newer, pypi=pypi)
        if pypi:
            loose, bound = (
                Requirement(spec).specifier for spec in (loosened(text, pypi=True), after)
            )
            assert loose.contains(new), text
            assert bound.contains(new), (text, after)
        else:
            assert spec_allows(loosened(text, pypi=False), new), text
            assert spec_allows(after, new), (text, after)
            assert "<" in text or not spec_allows(after, old), (text, after)
        assert moved(after, [new], newer, pypi=pypi) == after


@pytest.mark.parametrize("seed", range(60))
def test_in_any_handwriting(seed: int) -> None:
    """All lines of a manifest at once: they say what they are to say, and all else is as it was."""
    text = generated(random.Random(seed))
    draft = Draft((Source("environment.yml", text),), ("linux-64",))
    lines = bound_lines(draft, list(draft.manifest.environments))
    texts = {
        bound.at: moved(
            bound.line.text,
            ["12.3.4", "13.1"],
            _newer_pypi if bound.change.pypi else is_newer,
            pypi=bound.change.pypi,
        )
        for bound in lines
    }
    after = rewritten(draft, texts)
    texts_of_lines = [
        bound.line.text for bound in bound_lines(after, list(after.manifest.environments))
    ]
    assert texts_of_lines == [texts[bound.at] for bound in lines]
    old, new = text.splitlines(True), after.sources[0].text.splitlines(True)
    changed = {at.line for at, words in texts.items() if words not in old[at.line - 1]}
    pairs = enumerate(zip(old, new, strict=True), 1)
    assert {number for number, (before, now) in pairs if before != now} <= changed
