"""Virtual packages: what is promised, what is assumed, what a machine lacks."""

from __future__ import annotations

import pytest

from conda_multiplat.vocabulary.names import SUBDIRS, VirtualPackage
from conda_multiplat.vocabulary.virtual_packages import (
    Need,
    Promises,
    Unmet,
    needs_of,
    promise_problem,
    promised,
    unmet,
)

_LINUX = {"__glibc 2.28", "__linux 4.18", "__unix 0"}
_OSX = {"__osx 13.0", "__unix 0"}
_WIN = {"__win 10.0"}

#: What is assumed of each platform where nothing is promised.
ASSUMED: dict[str, set[str]] = {
    "emscripten-wasm32": {"__archspec 1 wasm32", "__unix 0"},
    "freebsd-64": {"__archspec 1 x86_64", "__unix 0"},
    "linux-32": {"__archspec 1 x86", *_LINUX},
    "linux-64": {"__archspec 1 x86_64", *_LINUX},
    "linux-aarch64": {"__archspec 1 aarch64", *_LINUX},
    "linux-armv6l": {"__archspec 1 armv6l", *_LINUX},
    "linux-armv7l": {"__archspec 1 armv7l", *_LINUX},
    "linux-ppc64": {"__archspec 1 ppc64", *_LINUX},
    "linux-ppc64le": {"__archspec 1 ppc64le", *_LINUX},
    "linux-riscv64": {"__archspec 1 riscv64", *_LINUX},
    "linux-s390x": {"__archspec 1 s390x", *_LINUX},
    "osx-64": {"__archspec 1 x86_64", *_OSX},
    "osx-arm64": {"__archspec 1 aarch64", *_OSX},
    "wasi-wasm32": {"__archspec 1 wasm32"},
    "win-32": {"__archspec 1 x86", *_WIN},
    "win-64": {"__archspec 1 x86_64", *_WIN},
    "win-arm64": {"__archspec 1 aarch64", *_WIN},
    "zos-z": {"__archspec 1 z"},
}


def shown(subdir: str, *chain: Promises) -> set[str]:
    """What a platform is solved with, as text, without what is assumed of every such platform."""
    packages, _ = promised(subdir, chain)
    return {str(package) for package in packages} - ASSUMED[subdir]


@pytest.mark.parametrize("subdir", SUBDIRS)
def test_defaults(subdir: str) -> None:
    """What is not stated is assumed by the documented table and reported, except archspec."""
    packages, assumed = promised(subdir, [])
    assert {str(package) for package in packages} == ASSUMED[subdir]
    assert list(packages) == sorted(packages)
    documented = {
        name[2:]
        for name in ASSUMED[subdir]
        if name[2:].split()[0] in {"glibc", "linux", "osx", "win"}
    }
    assert assumed == documented


@pytest.mark.parametrize(
    ("subdir", "chain", "packages"),
    [
        ("linux-64", [{"linux-64": {"cuda": "12.4"}}], {"__cuda 12.4"}),
        ("linux-64", [{"linux": {"cuda": "12.4"}}], {"__cuda 12.4"}),
        ("linux-64", [{"unix": {"cuda": "12.4"}}], {"__cuda 12.4"}),
        ("linux-64", [{"linux-aarch64": {"cuda": "12.4"}}], set()),
        ("linux-64", [{"win": {"cuda": "12.4"}}], set()),
        ("win-64", [{"win": {"cuda": "12.4"}}], {"__cuda 12.4"}),
        ("win-64", [{"unix": {"archspec": "m1"}}], set()),
        ("osx-64", [{"unix": {"cuda": "12.4", "glibc": "2.34"}}], set()),
        ("osx-64", [{"unix": {"osx": "14.0"}}], {"__osx 14.0"}),
        (
            "linux-64",
            [{"linux-64": {"glibc": "3"}, "linux": {"glibc": "2"}, "unix": {"glibc": "1"}}],
            {"__glibc 3"},
        ),
        ("linux-64", [{"linux": {"glibc": "2"}, "unix": {"glibc": "1"}}], {"__glibc 2"}),
        ("linux-64", [{"linux": {"glibc": "2"}}, {"linux": {"glibc": "3"}}], {"__glibc 3"}),
        ("linux-64", [{"linux-64": {"glibc": "2"}}, {"unix": {"glibc": "3"}}], {"__glibc 3"}),
        ("linux-64", [{"linux": {"cuda": "12.4"}}, {"linux": {"cuda": None}}], set()),
        ("linux-64", [{"linux": {"cuda": "12.4"}, "linux-64": {"cuda": None}}], set()),
        (
            "linux-64",
            [{"linux": {"cuda": None}}, {"linux-64": {"cuda": "12.4"}}],
            {"__cuda 12.4"},
        ),
        ("linux-64", [{"linux": {"archspec": "x86_64_v3"}}], {"__archspec 1 x86_64_v3"}),
        ("linux-64", [{"linux": {"archspec": "m1"}}, {"linux": {"archspec": None}}], set()),
        ("linux-64", [{"linux": {"cuda_arch": "8.9"}}], set()),
        (
            "linux-64",
            [{"linux": {"cuda_arch": "8.9"}}, {"linux": {"cuda": "12.4"}}],
            {"__cuda 12.4", "__cuda_arch 8.9"},
        ),
        (
            "linux-64",
            [{"linux": {"cuda": "12.4", "cuda_arch": "8.9"}}, {"linux": {"cuda": None}}],
            set(),
        ),
    ],
)
def test_promises(subdir: str, chain: list[Promises], packages: set[str]) -> None:
    """An exact platform wins over its family, and an environment over what it extends."""
    assert shown(subdir, *chain) == packages


def test_null_takes_back_an_assumption() -> None:
    """A null also removes an assumption, which is then not reported."""
    packages, assumed = promised("linux-64", [{"linux": {"glibc": None}}])
    assert [str(package) for package in packages] == [
        "__archspec 1 x86_64",
        "__linux 4.18",
        "__unix 0",
    ]
    assert assumed == {"linux 4.18"}


def test_what_is_stated_is_not_assumed() -> None:
    """A promise of the assumed value counts as a promise."""
    chain: list[Promises] = [{"linux": {"glibc": "2.28"}}, {"linux-64": {"linux": "6.1"}}]
    assert promised("linux-64", chain)[1] == set()


@pytest.mark.parametrize(
    ("platform", "name", "value"),
    [
        ("linux-64", "cuda", "12.4"),
        ("linux-64", "cuda", None),
        ("linux-64", "glibc", "2.28"),
        ("linux", "cuda_arch", "8.9"),
        ("unix", "glibc", "2.28"),
        ("unix", "osx", "14"),
        ("win", "cuda", "13.0"),
        ("win-arm64", "win", "10.0.26100"),
        ("osx-arm64", "archspec", "m1"),
        ("zos-z", "archspec", "z14"),
        ("linux-64", "archspec", None),
        ("linux-64", "amdgpu", "6.1"),
        ("osx", "my_plugin2", "1"),
        ("linux-64", "linux", "6.1.0_rc1+x"),
    ],
)
def test_right_promises(platform: str, name: str, value: str | None) -> None:
    """Names can be promised where they exist, and so can null."""
    assert promise_problem(platform, name, value) is None


@pytest.mark.parametrize(
    ("platform", "name", "value", "message", "hint"),
    [
        (
            "linux-64",
            "Cuda",
            "12",
            "'Cuda' is not the name of a virtual package",
            "did you mean 'cuda'?",
        ),
        (
            "win",
            "__cuda",
            "12",
            "'__cuda' is not the name of a virtual package",
            "write 'cuda', without the underscores",
        ),
        (
            "win",
            "__amdgpu",
            None,
            "'__amdgpu' is not the name of a virtual package",
            "write 'amdgpu', without the underscores",
        ),
        ("win", "unix", "0", "'unix' follows from the platform (win)", "leave it out"),
        ("osx", "amdgpu", ">1", "amdgpu: '>1' is not a version", 'for example amdgpu: "12.4"'),
        ("osx", "cuda", "12", "osx never has 'cuda'", "it exists on linux and win"),
        ("osx-64", "glibc", "2.28", "osx-64 never has 'glibc'", "it exists on linux"),
        ("osx-64", "glibc", None, "osx-64 never has 'glibc'", "it exists on linux"),
        ("linux", "win", "10", "linux never has 'win'", "it exists on win"),
        ("zos-z", "linux", "5", "zos-z never has 'linux'", "it exists on linux"),
        ("linux", "cuda", ">=12", "cuda: '>=12' is not a version", 'for example cuda: "12.4"'),
        ("linux", "cuda", "", "cuda: '' is not a version", 'for example cuda: "12.4"'),
        ("linux", "cuda", "12.*", "cuda: '12.*' is not a version", 'for example cuda: "12.4"'),
        ("linux", "cuda", "12..4", "cuda: '12..4' is not a version", 'for example cuda: "12.4"'),
        ("linux", "cuda", "12.4+", "cuda: '12.4+' is not a version", 'for example cuda: "12.4"'),
        ("osx", "osx", "true", "osx: 'true' is not a version", 'for example osx: "12.4"'),
        (
            "linux-64",
            "archspec",
            "x86 64",
            "'x86 64' is not a microarchitecture",
            "for example x86_64_v3",
        ),
    ],
)
def test_wrong_promises(
    platform: str, name: str, value: str | None, message: str, hint: str
) -> None:
    """For a promise that can't be true, the error says what to write instead."""
    assert promise_problem(platform, name, value) == (message, hint)


def test_needs_of_records() -> None:
    """The virtual packages of records' depends bind; those of their constrains do not."""
    records = [
        ("python", ["openssl >=3", "__unix"], []),
        ("pytorch", ["__glibc >=2.28,<3.0a0", "python"], ["__cuda >=12", "numpy <3"]),
    ]
    assert needs_of(records) == [
        Need("__unix", "python"),
        Need("__glibc >=2.28,<3.0a0", "pytorch"),
        Need("__cuda >=12", "pytorch", binding=False),
    ]


def at_least(spec: str, package: VirtualPackage) -> bool:
    """A matcher for specs as ``__cuda 12``: at least that major version."""
    return int(package.version.split(".")[0]) >= int(spec.split()[1])


_CUDA_11 = VirtualPackage("__cuda", "11.8")
_CUDA_12 = VirtualPackage("__cuda", "12.4")


@pytest.mark.parametrize(
    ("binding", "detected", "lacking"),
    [
        (True, [_CUDA_12], []),
        (True, [_CUDA_11], [_CUDA_11]),
        (True, [], [None]),
        (False, [_CUDA_12], []),
        (False, [_CUDA_11], [_CUDA_11]),
        (False, [], []),
    ],
)
def test_unmet_needs(
    binding: bool, detected: list[VirtualPackage], lacking: list[VirtualPackage | None]
) -> None:
    """A need is unmet by a wrong version, and by nothing at all only where it binds."""
    need = Need("__cuda 12", "pytorch", binding)
    machine = [VirtualPackage("__linux", "6.1"), *detected]
    assert unmet([need], machine, at_least) == [Unmet(need, has) for has in lacking]


def test_unmet_needs_keep_their_order() -> None:
    """Each need that is not met is told, in the order of the records."""
    needs = [Need("__glibc 3", "b"), Need("__cuda 12", "a"), Need("__linux 4", "c")]
    machine = [VirtualPackage("__linux", "6.1"), VirtualPackage("__glibc", "2.28")]
    assert unmet(needs, machine, at_least) == [Unmet(needs[0], machine[1]), Unmet(needs[1], None)]
