"""Selectors: which lines apply to which platform."""

from __future__ import annotations

import pytest

from conda_multiplat.vocabulary.errors import Location, Problem
from conda_multiplat.vocabulary.names import SUBDIRS
from conda_multiplat.vocabulary.selectors import (
    SelectorError,
    comment_selector,
    dict_selector,
    evaluate,
    filter_lines,
    selector_lines,
    variables,
)

#: The platforms that each of conda-lock's variables holds for, as in conda-lock's own table.
TRUTH: dict[str, set[str]] = {
    "unix": {"linux-64", "linux-aarch64", "linux-ppc64le", "osx-64", "osx-arm64"},
    "linux": {"linux-64", "linux-aarch64", "linux-ppc64le"},
    "linux64": {"linux-64"},
    "aarch64": {"linux-aarch64"},
    "ppc64le": {"linux-ppc64le"},
    "osx": {"osx-64", "osx-arm64"},
    "osx64": {"osx-64"},
    "arm64": {"osx-arm64"},
    "win": {"win-64"},
    "win64": {"win-64"},
}
PLATFORMS = ("linux-64", "linux-aarch64", "linux-ppc64le", "osx-64", "osx-arm64", "win-64")

#: conda-build's further variables, over all platforms.
FURTHER: dict[str, set[str]] = {
    "arm": {"linux-armv6l", "linux-armv7l"},
    "arm64": {"osx-arm64", "win-arm64"},
    "armv6l": {"linux-armv6l"},
    "armv7l": {"linux-armv7l"},
    "emscripten": {"emscripten-wasm32"},
    "freebsd": {"freebsd-64"},
    "linux32": {"linux-32"},
    "ppc64": {"linux-ppc64"},
    "riscv64": {"linux-riscv64"},
    "s390x": {"linux-s390x"},
    "wasi": {"wasi-wasm32"},
    "wasm32": {"emscripten-wasm32", "wasi-wasm32"},
    "win": {"win-32", "win-64", "win-arm64"},
    "win32": {"win-32"},
    "x86": {"freebsd-64", "linux-32", "linux-64", "osx-64", "win-32", "win-64"},
    "x86_64": {"freebsd-64", "linux-64", "osx-64", "win-64"},
    "zos": {"zos-z"},
}

_NO_EXPRESSION = "write variables joined by `and`, `or`, `not`, for example # [linux and x86_64]"
_TOO_MUCH = "for example # [linux and not aarch64]"
_DICT_HINT = "write one of sel(unix), sel(linux), sel(osx), sel(win)"


@pytest.mark.parametrize("subdir", PLATFORMS)
@pytest.mark.parametrize("variable", TRUTH)
def test_conda_locks_variables(variable: str, subdir: str) -> None:
    """Each variable of conda-lock holds for the platforms that conda-lock has it for."""
    assert evaluate(variable, subdir) is (subdir in TRUTH[variable])


@pytest.mark.parametrize("variable", FURTHER)
def test_further_variables(variable: str) -> None:
    """Each of conda-build's other platform variables holds for its platforms and no others."""
    assert {subdir for subdir in SUBDIRS if evaluate(variable, subdir)} == FURTHER[variable]


def test_every_platform_has_every_variable() -> None:
    """A variable is known on all platforms, so that a selector is right or wrong everywhere."""
    assert len({frozenset(variables(subdir)) for subdir in SUBDIRS}) == 1


@pytest.mark.parametrize(
    ("expression", "where"),
    [
        ("linux or win", {"linux-64", "linux-aarch64", "linux-ppc64le", "win-64"}),
        ("linux and x86_64", {"linux-64"}),
        ("osx and x86_64", {"osx-64"}),
        ("not win", {"linux-64", "linux-aarch64", "linux-ppc64le", "osx-64", "osx-arm64"}),
        ("unix and not osx", {"linux-64", "linux-aarch64", "linux-ppc64le"}),
        ("win or linux and aarch64", {"win-64", "linux-aarch64"}),
        ("(win or linux) and x86_64", {"win-64", "linux-64"}),
        ("not (linux or osx)", {"win-64"}),
        ("not linux or aarch64", {"osx-64", "osx-arm64", "win-64", "linux-aarch64"}),
        ("not not arm64", {"osx-arm64"}),
        ("linux64 or osx64 or win64", {"linux-64", "osx-64", "win-64"}),
        ("linux and osx", set()),
        ("  ( osx64 )  ", {"osx-64"}),
    ],
)
def test_expressions(expression: str, where: set[str]) -> None:
    """`not` binds closest, then `and`, then `or`; parentheses change that."""
    assert {subdir for subdir in PLATFORMS if evaluate(expression, subdir)} == where


@pytest.mark.parametrize(
    ("expression", "message", "hint"),
    [
        ("linux_64", "unknown variable 'linux_64'", "did you mean 'linux64'?"),
        ("Win", "unknown variable 'Win'", "did you mean 'win'?"),
        ("linux and macosx", "unknown variable 'macosx'", "did you mean 'osx'?"),
        ("win and linux_64", "unknown variable 'linux_64'", "did you mean 'linux64'?"),
        (
            "build_platform",
            "unknown variable 'build_platform'",
            "the variables are " + ", ".join(sorted(variables("linux-64"))),
        ),
    ],
)
def test_unknown_variables(expression: str, message: str, hint: str) -> None:
    """An unknown variable is an error on every platform, with the nearest known one."""
    for subdir in PLATFORMS:
        with pytest.raises(SelectorError) as raised:
            evaluate(expression, subdir)
        assert str(raised.value) == f"{message} in selector [{expression}]"
        assert raised.value.hint == hint


@pytest.mark.parametrize(
    "expression", ["", " ", "linux and", "or win", "linux osx", "(linux", "linux & ", "not"]
)
def test_no_expressions(expression: str) -> None:
    """For text that is not an expression, the error shows an example of one."""
    with pytest.raises(SelectorError) as raised:
        evaluate(expression, "linux-64")
    assert str(raised.value) == f"selector [{expression}] is not an expression"
    assert raised.value.hint == _NO_EXPRESSION


@pytest.mark.parametrize(
    "expression",
    [
        "1",
        "True",
        "py == 312",
        "linux & x86_64",
        "-linux",
        "linux if win else osx",
        "linux, osx",
        "linux.x",
        "exit()",
        "'linux'",
        "linux and 1",
    ],
)
def test_expressions_of_more_than_logic(expression: str) -> None:
    """Nothing but variables and logic is evaluated, whatever else Python would take."""
    with pytest.raises(SelectorError) as raised:
        evaluate(expression, "linux-64")
    rule = "may contain only variables, `and`, `or`, `not` and parentheses"
    assert str(raised.value) == f"selector [{expression}] {rule}"
    assert raised.value.hint == _TOO_MUCH


@pytest.mark.parametrize(
    ("line", "selector"),
    [
        ("  - numpy  # [linux]", ("linux", 14)),
        ("  - numpy  #[linux]", ("linux", 13)),
        ("- numpy # only there [win] thanks", ("win", 22)),
        ("channels: [a, b]  # [osx]", ("osx", 21)),
        ("- jax[version='1']  # [(linux or osx) and x86_64]", ("(linux or osx) and x86_64", 23)),
        ("- numpy  # [linux_46]", ("linux_46", 12)),
        ("- numpy  # [1]", ("1", 12)),
        ("- numpy  # []", ("", 12)),
        ("- numpy # [win] # [linux]", ("linux", 19)),
    ],
)
def test_comment_selectors(line: str, selector: tuple[str, int]) -> None:
    """A bracket in a line's comment is its selector, found with the bracket's column."""
    assert comment_selector(line) == selector


@pytest.mark.parametrize(
    "line",
    [
        "",
        "- numpy",
        "# [linux]",
        "   # - numpy  # [linux]",
        "- numpy  # see [1]",
        "- numpy  # like foo[bar]",
        "- numpy  # linux",
        "- numpy[version='1']",
        "channels: [linux]",
        "- url#[linux]",
        "- numpy  # not closed [linux",
    ],
)
def test_comments_that_are_no_selectors(line: str) -> None:
    """Other comments, whole lines of comment and brackets outside of comments select nothing."""
    assert comment_selector(line) is None


TEXT = """\
# [win]
a  # [linux]
b
c  # [osx or win]

d  # see [1]
"""


@pytest.mark.parametrize(
    ("subdir", "kept"),
    [
        ("linux-64", ["# [win]", "a  # [linux]", "b", "", "", "d  # see [1]"]),
        ("win-64", ["# [win]", "", "b", "c  # [osx or win]", "", "d  # see [1]"]),
        ("zos-z", ["# [win]", "", "b", "", "", "d  # see [1]"]),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_lines_keep_their_numbers(subdir: str, kept: list[str], newline: str) -> None:
    """A line whose selector is false becomes an empty one, so that all others stay in place."""
    text, problems = filter_lines(TEXT.replace("\n", newline), subdir, "e.yml")
    assert text.split("\n") == [*kept, ""]
    assert problems == []


def test_lines_with_wrong_selectors_are_kept() -> None:
    """A wrong selector is a problem with its place, and its line stays."""
    text, problems = filter_lines("- a  # [linus]\n- b  # [win]\n- c  # [or]\n", "osx-64", "e.yml")
    assert text == "- a  # [linus]\n\n- c  # [or]\n"
    assert problems == [
        Problem(
            Location("e.yml", 1, 8),
            "unknown variable 'linus' in selector [linus]",
            "did you mean 'linux'?",
        ),
        Problem(Location("e.yml", 3, 8), "selector [or] is not an expression", _NO_EXPRESSION),
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [("", 0), ("a\n# [win]\n", 0), ("a  # see [1]\n", 0), (TEXT, 2), ("a\r\nb # [win]\r\n", 2)],
)
def test_first_selector_line(text: str, line: int) -> None:
    """The first line with a comment selector is found, and 0 where there is none."""
    assert min(selector_lines(text), default=0) == line


@pytest.mark.parametrize(
    ("variable", "where"),
    [
        ("unix", TRUTH["unix"]),
        ("linux", TRUTH["linux"]),
        ("osx", TRUTH["osx"]),
        ("win", TRUTH["win"]),
    ],
)
@pytest.mark.parametrize("written", ["sel({})", "sel( {} )", " sel({}) "])
def test_dict_selectors(variable: str, where: set[str], written: str) -> None:
    """The four variables of micromamba hold for their families."""
    key = written.format(variable)
    assert {subdir for subdir in PLATFORMS if dict_selector(key, subdir)} == where


@pytest.mark.parametrize("key", ["pip", "sel", "sel(linux", "python", "SEL(linux)", "sel[linux]"])
def test_keys_that_are_no_selectors(key: str) -> None:
    """A key that is not written as `sel(...)` is not a selector."""
    assert dict_selector(key, "linux-64") is None


@pytest.mark.parametrize("key", ["sel()", "sel(linux64)", "sel(linux or win)", "sel(not win)"])
def test_unknown_dict_selectors(key: str) -> None:
    """A dictionary selector has one of the four variables and nothing else (CEP 24)."""
    with pytest.raises(SelectorError) as raised:
        dict_selector(key, "linux-64")
    assert str(raised.value) == f"unknown selector {key!r}"
    assert raised.value.hint == _DICT_HINT
