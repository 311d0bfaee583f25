"""The engine reads MatchSpecs as conda does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import rattler
from support.dialect import BUILDS, VERSIONS
from support.hosts import TESTS

from conda_multiplat.config import Settings
from conda_multiplat.engines.access import Channels
from conda_multiplat.engines.specs import check_spec, is_newer, spec_matches
from conda_multiplat.names import VirtualPackage

SPECS = """\
foo
Foo
foo *
foo=*
foo 1.2
foo=1.2
foo =1.2
foo==1.2
foo ==1.2
foo 1.2.*
foo=1.2.*
foo ==1.2.*
foo=1.2*
foo 1.2*
foo >=1.2,<1.3
foo>=1.2, <1.3
foo >= 1.2
foo>1
foo <=1.2
foo >1.2a1
foo >1.2.*
foo >=1.2.*
foo <1.2.*
foo >=1.2.0a0
foo ~=1.2
foo ~=1.2.1
foo !=1.2
foo !=1.2.*
foo 1.2.*,!=1.2.3
foo >1.2|<1
foo 1.2|1.3
foo<2|>=3
foo=*=py_0
foo * py_0
foo=*=*_0
foo 1.2 py_0
foo=1.2=py_0
foo =1.2.3=py_0
foo ==1.2.3=py_0
foo 1.2.3=py_0
foo 1.2.3[build=py_0]
foo  1.2.*   py*
foo[version='>=1.2']
foo[version=">=1.2",build=py*]
foo[version='1.2|1.3']
foo[build_number=1]
foo 1!2.0
conda-forge::foo
conda-forge::foo=1.2
foo >>1
foo >=
foo[foo=1]
""".splitlines()


def _by_conda() -> dict[str, list[list[str]] | None]:
    environ = {**os.environ, "PYTHONPATH": str(TESTS), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-m", "support.dialect"],
        input=json.dumps(SPECS),
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(zip(SPECS, json.loads(done.stdout), strict=True))


def _by_us(spec: str, channels: Channels) -> list[list[str]] | None:
    if check_spec(spec) is not None:
        return None
    parsed = channels.spec(spec.removeprefix("conda-forge::"))
    return [
        [version, build]
        for version, build in product(VERSIONS, BUILDS)
        if parsed.matches(
            rattler.PackageRecord(
                "foo", version, rattler.BuildString(build), int(build[-1]), "linux-64"
            )
        )
    ]


def test_specs_are_read_as_conda_reads_them() -> None:
    """Every form that conda takes means the same here; what conda refuses is refused."""
    channels = Channels(Settings("linux-64"), Path())
    expected = _by_conda()
    assert {spec: _by_us(spec, channels) for spec in SPECS} == expected
    assert [spec for spec in SPECS if expected[spec] is None] == SPECS[-3:]


def test_virtual_packages_are_matched_by_version_and_build() -> None:
    """What a need says of a virtual package."""
    cuda = VirtualPackage("__cuda", "11.8")
    assert spec_matches("__cuda >=11", cuda)
    assert not spec_matches("__cuda >=12", cuda)
    assert spec_matches("__archspec * x86_64_v3", VirtualPackage("__archspec", "1", "x86_64_v3"))
    assert not spec_matches("__archspec * x86_64_v3", VirtualPackage("__archspec", "1", "x86_64"))


def test_versions_are_compared_as_conda_compares() -> None:
    """Epochs, release candidates and numbers of several digits."""
    assert is_newer("1.10", "1.9")
    assert is_newer("1.0", "1.0rc1")
    assert is_newer("1!0.1", "9.0")
    assert not is_newer("1.0", "1.0")
