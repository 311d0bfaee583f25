"""The requests in conda's history."""

from __future__ import annotations

import pytest

from conda_multiplat.importers.conda_history import requested_specs

_CREATE = "==> 2024-01-01 10:00:00 <==\n# cmd: conda create -n x python=3.11 numpy\n"


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ("", {}),
        (
            f"{_CREATE}# update specs: ['python=3.11', 'conda-forge::numpy']\n",
            {"python": "python=3.11", "numpy": "conda-forge::numpy"},
        ),
        (
            "# update specs: ['a', 'b >=1']\n# update specs: ['b >=2']\n# remove specs: ['a']\n",
            {"b": "b >=2"},
        ),
        (
            '# update specs: ["a", "b[version=\'>=1,<2\']"]\n',
            {"a": "a", "b": "b[version='>=1,<2']"},
        ),
        ("# update specs: ['a 2']\n# neutered specs: ['a 1.*']\n", {"a": "a 1.*"}),
        ("# install specs: a,b >=1,<2,c\n", {"a": "a", "b": "b >=1,<2", "c": "c"}),
        (
            "# update specs: ['conda-forge/linux-64::zlib==1.2=h1_0']\n",
            {"zlib": "conda-forge::zlib==1.2=h1_0"},
        ),
        (
            "# update specs: ['https://c.example.com/x/noarch::a=1']\n",
            {"a": "https://c.example.com/x::a=1"},
        ),
        ("# update specs: [broken\n# unknown specs: ['a']\n", {}),
    ],
)
def test_requested_specs(history: str, expected: dict[str, str]) -> None:
    """Later specs replace earlier ones, removed packages are dropped, old forms are read."""
    assert requested_specs(history) == expected
