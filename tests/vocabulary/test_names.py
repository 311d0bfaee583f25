"""Names: families of platforms, names in specs, near misses."""

from __future__ import annotations

import pytest

from conda_multiplat.vocabulary.names import (
    FAMILIES,
    SUBDIRS,
    VirtualPackage,
    did_you_mean,
    families,
    is_prefix_name,
    nearest,
    spec_name,
    split_spec,
    unique,
)


@pytest.mark.parametrize(
    ("subdir", "expected"),
    [
        ("linux-64", ("unix", "linux")),
        ("linux-aarch64", ("unix", "linux")),
        ("osx-arm64", ("unix", "osx")),
        ("freebsd-64", ("unix",)),
        ("emscripten-wasm32", ("unix",)),
        ("win-64", ("win",)),
        ("wasi-wasm32", ()),
        ("zos-z", ()),
        ("noarch", ()),
        ("linux", ()),
    ],
)
def test_families(subdir: str, expected: tuple[str, ...]) -> None:
    """A platform's families come with the broadest first."""
    assert families(subdir) == expected


def test_platforms_are_sorted_and_without_noarch() -> None:
    """The known platforms are in order, each once, and none of them is a family or noarch."""
    assert list(SUBDIRS) == sorted(set(SUBDIRS))
    assert not {"noarch", *FAMILIES} & set(SUBDIRS)


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("python", "python"),
        ("python 3.12.*", "python"),
        ("numpy>=1.26,<2.3", "numpy"),
        ("numpy=1.26", "numpy"),
        ("numpy!=1.26", "numpy"),
        ("numpy~=1.26", "numpy"),
        ("numpy<2", "numpy"),
        ("  PyYAML  >=5", "pyyaml"),
        ("conda-forge::scipy", "scipy"),
        ("conda-forge/linux-64::scipy 1.*", "scipy"),
        ("https://example.com/channel::scipy", "scipy"),
        ("openssl[version='>=3']", "openssl"),
        ("__cuda >=12", "__cuda"),
        ("_libgcc_mutex 0.1 conda_forge", "_libgcc_mutex"),
        ("ruamel.yaml", "ruamel.yaml"),
        ("mesa-libegl-cos7-x86_64", "mesa-libegl-cos7-x86_64"),
        ("7zip", "7zip"),
        ("", ""),
        (">=1", ""),
        ("*", ""),
        ("[name=x]", ""),
    ],
)
def test_spec_name(spec: str, name: str) -> None:
    """The name that a MatchSpec asks for stands after its channel and before its version."""
    assert spec_name(spec) == name


@pytest.mark.parametrize(
    ("spec", "parts"),
    [
        ("python", ("python", "")),
        ("python >=3.12,<3.13.0a0", ("python", ">=3.12,<3.13.0a0")),
        ("python 3.12.* *_cpython", ("python", "3.12.* *_cpython")),
        ("numpy>=1", ("numpy", ">=1")),
        ("a  >=1 a", ("a", ">=1 a")),
        ("openssl[version='>=3']", ("openssl", "[version='>=3']")),
    ],
)
def test_split_spec(spec: str, parts: tuple[str, str]) -> None:
    """A record's dependency is its name and what is asked of it."""
    assert split_spec(spec) == parts


def test_unique() -> None:
    """Values keep their order, the first of equals staying."""
    assert unique(["b", "a", "b", "c", "a"]) == ("b", "a", "c")
    assert unique([]) == ()


@pytest.mark.parametrize(
    ("word", "known", "count", "expected"),
    [
        ("linux64", ("osx-64", "linux-64", "win-64"), 1, ["linux-64"]),
        ("cuda", ("cuda11", "cuda12", "default"), 2, ["cuda12", "cuda11"]),
        ("docs", ("default", "cuda12"), 1, []),
        ("docs", (), 3, []),
    ],
)
def test_nearest(word: str, known: tuple[str, ...], count: int, expected: list[str]) -> None:
    """At most so many known words are near to another, the nearest first."""
    assert nearest(word, known, count) == expected


@pytest.mark.parametrize(
    ("word", "otherwise", "hint"),
    [
        ("chanels", "", "did you mean 'channels'?"),
        ("chanels", "known: channels", "did you mean 'channels'?"),
        ("xyz", "known: channels", "known: channels"),
        ("xyz", "", ""),
    ],
)
def test_did_you_mean(word: str, otherwise: str, hint: str) -> None:
    """The hint names the nearest word, and says something else where none is near."""
    assert did_you_mean(word, ["channels"], otherwise) == hint


@pytest.mark.parametrize(
    ("package", "text"),
    [
        (VirtualPackage("__cuda", "12.4"), "__cuda 12.4"),
        (VirtualPackage("__cuda", "12.4", "0"), "__cuda 12.4"),
        (VirtualPackage("__archspec", "1", "x86_64_v3"), "__archspec 1 x86_64_v3"),
    ],
)
def test_virtual_packages_as_text(package: VirtualPackage, text: str) -> None:
    """A virtual package is shown with its version, and with its build where that says something."""
    assert str(package) == text


@pytest.mark.parametrize(
    "name",
    [
        *("robot", "3.12", ".hidden", "_x", "a-b_c.d", "робот", "機器人", "रोबोट", "cafe\u0301"),
        *("c++", "a@b", "a=b", "a" * 255),
    ],
)
def test_prefix_name(name: str) -> None:
    """Letters and digits of any script, and signs that mean nothing to a shell."""
    assert is_prefix_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "-p", "=ls", "+x", "@x", "$(id)", "a;id", "*", "~root", "a~", "a?", "[a]"),
        *("{a}", "a&b", "a|b", "a<b", "a>b", "`id`", "a'b", 'a"b', "a!b", "%A%", "a^b", "(a)"),
        *("a,b", "a#b", "a b", "a\u00a0b", "a/b", "a\\b", "a:b", "a\nb", "\x1b", "a\u2019b"),
        *("a\u202eb", "\ud800", "a" * 256, "機" * 86),
    ],
)
def test_no_prefix_name(name: str) -> None:
    """No paths, options, words of a shell, control characters; no more bytes than a folder has."""
    assert not is_prefix_name(name)
