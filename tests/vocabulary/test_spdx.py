"""SPDX expressions from the various ways in which packages state a licence."""

from __future__ import annotations

import random

import pytest

from conda_multiplat.vocabulary.package_facts import PackageFacts
from conda_multiplat.vocabulary.spdx import (
    License,
    complies,
    entry_problem,
    read_expression,
    read_license,
    single_licenses,
)

READ = {
    "MIT": "MIT",
    "mit": "MIT",
    "MIT License": "MIT",
    "The MIT License": "MIT",
    "BSD 3-Clause": "BSD-3-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD-3-Clause License": "BSD-3-Clause",
    "Modified BSD": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache  2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License 2.0": "Apache-2.0",
    "MPL v2.0": "MPL-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "GPL-3.0": "GPL-3.0-only",
    "GPL-3.0+": "GPL-3.0-or-later",
    "GPLv3+": "GPL-3.0-or-later",
    "GPL v2+": "GPL-2.0-or-later",
    "GPL (>= 3)": "GPL-3.0-or-later",
    "LGPL 2.1 or later": "LGPL-2.1-or-later",
    "LGPL3": "LGPL-3.0-only",
    "AGPL-3": "AGPL-3.0-only",
    "GPL-3.0-with-GCC-exception": "GPL-3.0-only WITH GCC-exception-3.1",
    "GPL-3.0-only WITH GCC-exception-3.1": "GPL-3.0-only WITH GCC-exception-3.1",
    "Apache 2.0 or BSD 2-Clause": "Apache-2.0 OR BSD-2-Clause",
    "MIT AND (LGPL-2.1 OR GPL 2)": "MIT AND (LGPL-2.1-only OR GPL-2.0-only)",
    "Public-Domain": "LicenseRef-Public-Domain",
    "MIT AND LicenseRef-NVIDIA-SOFTWARE-LICENSE": "MIT AND LicenseRef-NVIDIA-SOFTWARE-LICENSE",
    "LicenseRef-MIT-TC": "LicenseRef-MIT-TC",
    "DocumentRef-x:LicenseRef-y": "DocumentRef-x:LicenseRef-y",
}
UNREAD = [
    *("", "BSD", "LGPL", "Proprietary", "custom", "None", "Other", "MIT, BSD", "MIT BSD-3-Clause"),
    *("GPL-2.1-only", "GPL-9.0+", "LicenseRef-", "MIT OR", "(MIT", "MIT)", "AND", "WITH MIT"),
    *("MIT WITH ISC", "GCC-exception-3.1", "MIT WITH no-such-exception", "MIT/X derivate"),
    *("https://example.com/LICENSE", "MIT License or UnknownOne", "MIT " * 500),
]


@pytest.mark.parametrize(("stated", "expression"), READ.items())
def test_read(stated: str, expression: str) -> None:
    """Unambiguous statements are read, and reading the result again does not change it."""
    assert read_expression(stated) == expression
    assert read_expression(expression) == expression


@pytest.mark.parametrize("stated", UNREAD)
def test_unread(stated: str) -> None:
    """Ambiguous text, or text that is not a licence, is not guessed."""
    assert read_expression(stated) == ""


def test_any_text_is_read_or_not() -> None:
    """No text breaks the parser, and reading a result again does not change it."""
    chosen = random.Random(19)
    pieces = [*READ, *UNREAD, *" ()+-/:,\t\x00é", " AND ", " OR ", " WITH ", "(", ")"]
    for _ in range(3000):
        text = "".join(chosen.choices(pieces, k=chosen.randint(1, 6)))
        expression = read_expression(text)
        assert expression == "" or read_expression(expression) == expression
    deep = "(" * 499 + "MIT" + ")" * 498
    assert read_expression(deep) == ""


def test_operators() -> None:
    """`OR` is a choice, `AND` is not, and an exception makes a licence of its own."""
    allowed = {"MIT", "ISC", "GPL-3.0-only WITH GCC-exception-3.1"}
    answers = {
        "MIT": True,
        "GPL-3.0-only": False,
        "MIT OR GPL-3.0-only": True,
        "MIT AND GPL-3.0-only": False,
        "MIT AND ISC": True,
        "MIT AND (Zlib OR ISC)": True,
        "MIT OR Zlib AND GPL-3.0-only": True,
        "(MIT OR Zlib) AND GPL-3.0-only": False,
        "GPL-3.0-only WITH GCC-exception-3.1": True,
        "GPL-3.0-only WITH GCC-exception-3.1 AND MIT": True,
        "MIT WITH GCC-exception-3.1": False,
    }
    for expression, answer in answers.items():
        assert complies(expression, allowed.__contains__) is answer, expression
    names = single_licenses("MIT AND (Zlib OR MIT) OR GPL-3.0-only WITH GCC-exception-3.1")
    assert names == ["MIT", "Zlib", "GPL-3.0-only WITH GCC-exception-3.1"]


_BSD = "License :: OSI Approved :: BSD License"
_MIT = "License :: OSI Approved :: MIT License"
_MPL = "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)"


@pytest.mark.parametrize(
    ("license", "classifiers", "expected"),
    [
        ("MIT", (_MPL,), License("MIT", "MIT")),
        ("", (_MIT,), License("MIT", "MIT License")),
        ("", ("License :: OSI Approved", _MIT), License("MIT", "MIT License")),
        ("see LICENSE", (_MIT,), License("MIT", "see LICENSE")),
        ("", (_MIT, _MPL), License("MIT AND MPL-2.0", f"MIT License; {_MPL[27:]}")),
        ("", (_MIT, _BSD), License("", "MIT License; BSD License")),
        ("BSD", (_BSD,), License("", "BSD")),
        ("Permission is granted\n" * 40, (_BSD,), License("", "BSD License")),
        ("Permission is granted\n" * 40, (), License("", ("Permission is granted " * 40)[:120])),
        ("", (), License("", "")),
    ],
)
def test_classifiers(license: str, classifiers: tuple[str, ...], expected: License) -> None:  # noqa: A002
    """PyPI's classifiers count after the licence, if each means one; several bind together."""
    assert read_license(PackageFacts(license, classifiers=classifiers)) == expected


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("MIT", None),
        ("LicenseRef-Ours", None),
        ("GPL-3.0-only WITH GCC-exception-3.1", None),
        ("MITT", ("'MITT' is not in SPDX's licence list", "did you mean 'MIT'?")),
        ("Apache-2", ("'Apache-2' is not SPDX's spelling", "write Apache-2.0")),
        ("GPL-3.0", ("'GPL-3.0' is not SPDX's spelling", "write GPL-3.0-only")),
        (
            "MIT OR ISC",
            ("'MIT OR ISC' names several licences", "write each as an entry of its own"),
        ),
        (
            "MPL",
            ("'MPL' is not in SPDX's licence list", "write one of: MPL-1.0, MPL-1.1, MPL-2.0, "),
        ),
        (
            "GPL-3.0-only WITH GCC-exeption-3.1",
            (
                "'GCC-exeption-3.1' is not in SPDX's licence list",
                "did you mean 'GCC-exception-3.1'?",
            ),
        ),
        (
            "LLVM-exception",
            (
                "'LLVM-exception' is not a licence",
                "an exception needs a licence: LICENCE WITH LLVM-exception",
            ),
        ),
        (
            "zzzzzzzz",
            (
                "'zzzzzzzz' is not in SPDX's licence list",
                "write an identifier of SPDX's list, or LicenseRef-NAME",
            ),
        ),
    ],
)
def test_entries(entry: str, problem: tuple[str, str] | None) -> None:
    """An entry of a list is one licence, as SPDX writes it today."""
    outcome = entry_problem(entry)
    if problem is None or outcome is None:
        assert outcome == problem
    else:
        assert outcome[0] == problem[0]
        assert outcome[1].startswith(problem[1])
