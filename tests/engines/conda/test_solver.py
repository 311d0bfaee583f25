"""The engine reads MatchSpecs as conda does."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from itertools import product

import pytest
import rattler
from support.dialect import BUILDS, VERSIONS
from support.hosts import TESTS

from conda_multiplat.engines.conda.rattler_versions import build_string
from conda_multiplat.engines.conda.specs import (
    check_spec,
    engine_spec,
    is_newer,
    spec_matches,
    spec_subdir,
)
from conda_multiplat.vocabulary.match_spec import parse_spec
from conda_multiplat.vocabulary.names import VirtualPackage

#: What stands after the name, each joined in several ways.
VERSION_FORMS = """\
1.2
1.2.*
1.2*
*
=1.2
=1.2.*
==1.2
==1.2.*
>=1.2,<1.3
>= 1.2 , < 1.3
> 1
<=1.2
>1.2a1
>1.2.*
>=1.2.*
<1.2.*
>=1.2.0a0
~=1.2
~=1.2.1
!=1.2
!=1.2.*
1.2.*,!=1.2.3
>1.2|<1
1.2|1.3
<2|>=3,!=3.0
1!2.0
1_2
1.2.3.post1
*,>1
~=1.2.*
>>1
>=
=
=>1.2
=<1.2
=<1.2.*
==>1.2
==<1.3,>1
=>1.2,<2
=~1.2
==*
<1.2*
>1.2*
<=1.2*
>=1.2*
!=1.2*
==1.2*
<1.2a*
!
>1.2 <2
1.*.1
*2
1.2,
^1.*$
1.2@
1..2
""".splitlines()
BUILD_FORMS = ["", "py_0", "py*", "*_0", "*", "^py.*$", "py_0|h1_1"]
OTHERS = """\
foo
Foo
foo[version='>=1.2']
foo[version=">=1.2",build=py*]
foo[version='>=1.2' build=py*]
foo 1.3[version='1.2']
foo[version='(1.2|1.3),!=1.3']
foo[version='1.2|1.3',]
foo[version='> 1.2']
foo[build_number=1]
foo[build_number='>=1']
foo[foo=1]
conda-forge::foo
conda-forge::foo=1.2
conda-forge/linux-64::foo=1.2
conda-forge/osx-64::foo=1.2
conda-forge/noarch::foo
foo[channel=conda-forge/linux-64]
foo[subdir=linux-64]
foo[subdir=osx-64]
foo!
foo=
foo>
foo<
foo~
foo~=1.2*
foo ~=1.2.3*
foo~=1.2*|2.0
foo~=1
foo ~=1,<3
foo~=1*
foo>=*
foo >*
foo<=*
foo <*
foo=*,<1.3
foo=1.2*,<3
foo =1.2*|1.3
foo=1.2|=1.3*
foo>=1.2,>=*
foo=1.2==py_0
foo=1.2==*_0
foo!=1.2==*_0
foo !=1.2==*_0,>1
foo==
foo>=
foo[channel=conda-forge]
foo if linux
foo@
foo[version]
a:foo
""".splitlines()
SPECS = [
    *OTHERS,
    *(
        f"foo{first}{version}{then}{build}"
        for first, version, build in product((" ", "=", ""), VERSION_FORMS, BUILD_FORMS)
        for then in ((" ", "=", " =") if build else ("",))
    ),
]


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


def _by_us(spec: str) -> list[list[str]] | None:
    if check_spec(spec) is not None:
        return None
    parsed = engine_spec(parse_spec(spec))
    if spec_subdir(spec) not in ("", "linux-64"):
        return []
    return [
        [version, build]
        for version, build in product(VERSIONS, BUILDS)
        if parsed.matches(
            rattler.PackageRecord("foo", version, build_string(build), int(build[-1]), "linux-64")
        )
    ]


@pytest.mark.slow
def test_specs_are_read_as_conda_reads_them() -> None:
    """A spec means the same as in conda, and none that conda refuses is accepted.

    What conda takes and we refuse is a form :mod:`~conda_multiplat.vocabulary.match_spec` names.
    """
    expected = _by_conda()
    ours = {spec: _by_us(spec) for spec in SPECS}
    taken = {spec: matches for spec, matches in ours.items() if matches is not None}
    assert taken == {spec: expected[spec] for spec in taken}
    unusual = re.compile(
        r"\^|[*\da]\*|\*[\d.]|\w\.\*\.|@|[|][a-z]"  # patterns
        r"|[>!]= *[*p]| if |a:|\[version\]|foo\*|foo\d"  # slips
    )
    refused = {spec for spec in SPECS if ours[spec] is None and expected[spec]}
    assert {spec for spec in refused if not unusual.search(spec)} == set()
    assert len(taken) > len(SPECS) / 3


def test_virtual_packages_are_matched_by_version_and_build() -> None:
    """A virtual package is matched by version and build."""
    cuda = VirtualPackage("__cuda", "11.8")
    assert spec_matches("__cuda >=11", cuda)
    assert not spec_matches("__cuda >=12", cuda)
    assert spec_matches("__archspec * x86_64_v3", VirtualPackage("__archspec", "1", "x86_64_v3"))
    assert not spec_matches("__archspec * x86_64_v3", VirtualPackage("__archspec", "1", "x86_64"))


def test_versions_are_compared_as_conda_compares() -> None:
    """Epochs, release candidates and large numbers are compared as in conda."""
    assert is_newer("1.10", "1.9")
    assert is_newer("1.0", "1.0rc1")
    assert is_newer("1!0.1", "9.0")
    assert not is_newer("1.0", "1.0")
