"""What is read without `packaging` is what `packaging` reads."""

from __future__ import annotations

import random

import pytest

from conda_multiplat.vocabulary.pip_entries import PipEntryError, entry_name
from conda_multiplat.vocabulary.plain_requirements import plain_name

_PIECES = [
    *(
        "a",
        "Z",
        "x",
        "b",
        "v",
        "1",
        "2",
        "9",
        "1.0",
        ".",
        "_",
        "-",
        "[",
        "]",
        ",",
        " ",
        "@",
        ";",
        "/",
    ),
    *(
        "==",
        "~=",
        "!=",
        "===",
        "<",
        ">=",
        ".*",
        "rc1",
        ".post2",
        ".dev1",
        "+l",
        "1!",
        ".whl",
        "-e ",
    ),
]


def test_never_another_name() -> None:
    """`packaging` reads the same name from each simple requirement."""
    dice = random.Random(7)
    entries = ["".join(dice.choices(_PIECES, k=dice.randint(1, 7))) for _ in range(20_000)]
    names = {entry: name for entry in entries if (name := plain_name(entry))}
    assert len(names) > 100
    assert {entry: entry_name(entry) for entry in names} == names


@pytest.mark.parametrize(
    "entry",
    ["torch", "A_b.c", "x[a, B-c] >=1.2,<2", "x==1.*", "x ~= 1.4", "x!=1.0rc1", "x >1.0.post1"],
)
def test_plain(entry: str) -> None:
    """The usual forms are read as simple requirements."""
    assert plain_name(entry) == entry_name(entry) != ""


@pytest.mark.parametrize(
    "entry",
    [
        *("x~=1", "x>=1.*", "x==", "x.whl", "x-1.zip", "./x", "x @ https://x.example.com/x.whl"),
        *("x;os_name=='nt'", "x>=1+local", "x===1", "-r x", "x y", "", "x[", "constraint: x"),
    ],
)
def test_not_plain(entry: str) -> None:
    """Invalid entries, paths and complex requirements are left to `packaging`."""
    assert plain_name(entry) == ""


def test_wrong_is_still_refused() -> None:
    """Users see `packaging`'s reasons for invalid requirements."""
    with pytest.raises(PipEntryError, match="not a PyPI requirement"):
        entry_name("x~=1")
