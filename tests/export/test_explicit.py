"""CEP 23 explicit files: exact texts, the CEP's own regular expression, and refusals."""

from __future__ import annotations

import re

import pytest

from conda_multiplat.export import explicit, requirements
from conda_multiplat.lockfile.model import LockChannel, LockFile, PlatformLock
from conda_multiplat.vocabulary.errors import LockFileError, UsageError
from conda_multiplat.vocabulary.file_names import rendered_name
from conda_multiplat.vocabulary.names import VirtualPackage
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord

FORGE = "https://conda.example.com/conda-forge"

#: CEP 23, "Explicit input files".
CEP_23 = re.compile(
    r"(?:(?P<url_p>.+)(?:[/\\]))?(?P<fn>[^/\\#]+(?:\.tar\.bz2|\.conda))"
    r"(?:#((?P<md5>[0-9a-f]{32})|((sha256:)?(?P<sha256>[0-9a-f]{64}))))?$"
)

PYTHON = CondaRecord(
    name="python",
    version="3.12.3",
    build="hab00c5b_0_cpython",
    url=f"{FORGE}/linux-64/python-3.12.3-hab00c5b_0_cpython.conda",
    md5="1" * 32,
    sha256="a" * 64,
    depends=("__glibc >=2.17,<3.0.a0", "libzlib >=1.2.13,<2.0a0", "tzdata"),
)
LIBZLIB = CondaRecord(
    name="libzlib",
    version="1.2.13",
    build="hd590300_5",
    url=f"{FORGE}/linux-64/libzlib-1.2.13-hd590300_5.conda",
    md5="2" * 32,
    sha256="b" * 64,
    depends=("__glibc >=2.17,<3.0.a0",),
)
TZDATA = CondaRecord(
    name="tzdata",
    version="2024a",
    build="h0c530f3_0",
    url=f"{FORGE}/noarch/tzdata-2024a-h0c530f3_0.conda",
    md5="3" * 32,
    sha256="c" * 64,
)
CUDA_VERSION = CondaRecord(
    name="cuda-version",
    version="12.9",
    build="h4f385c5_3",
    url=f"{FORGE}/noarch/cuda-version-12.9-h4f385c5_3.conda",
    md5="4" * 32,
    sha256="d" * 64,
    depends=("__unix",),
    constrains=("__cuda >=12", "cudatoolkit 12.9|12.9.*"),
)
GLIBC = VirtualPackage("__glibc", "2.28")
CUDA = VirtualPackage("__cuda", "12.4")


def locked(
    *records: CondaRecord,
    environment: str = "default",
    subdir: str = "linux-64",
    promised: tuple[VirtualPackage, ...] = (GLIBC,),
) -> LockFile:
    """A lock of one platform."""
    return LockFile(
        environment=environment,
        sources=("environment.yml",),
        channels=(LockChannel("conda-forge"),),
        platforms={subdir: PlatformLock.of("0" * 64, records, promised, ["python"])},
    )


def test_whole_file():
    """The exact text: what needs another package comes after it, whatever its name."""
    text = explicit.render(locked(LIBZLIB, PYTHON, TZDATA), "linux-64")
    assert (
        text
        == f"""\
# This file may be used to create an environment using:
# $ conda create --name NAME --file conda-linux-64.lock
# platform: linux-64
# conda does not check that the machine has what these packages need:
#   __glibc >=2.17,<3.0.a0 (libzlib and 1 more)
# They were locked for __glibc 2.28.
@EXPLICIT
{FORGE}/linux-64/libzlib-1.2.13-hd590300_5.conda#{"2" * 32}
{FORGE}/noarch/tzdata-2024a-h0c530f3_0.conda#{"3" * 32}
{FORGE}/linux-64/python-3.12.3-hab00c5b_0_cpython.conda#{"1" * 32}
"""
    )


def test_named_environment_with_sha256():
    """The exact text with the environment's name, SHA-256, and a need of ``constrains``."""
    lock = locked(CUDA_VERSION, environment="cuda12", promised=(GLIBC, CUDA))
    assert (
        explicit.render(lock, "linux-64", "sha256")
        == f"""\
# This file may be used to create an environment using:
# $ conda create --name NAME --file cuda12.conda-linux-64.lock
# platform: linux-64
# environment: cuda12
# conda does not check that the machine has what these packages need:
#   __cuda >=12 (cuda-version)
# They were locked for __cuda 12.4, __glibc 2.28.
# conda 24.9 or newer is needed: older ones can't read SHA-256 hashes.
@EXPLICIT
{FORGE}/noarch/cuda-version-12.9-h4f385c5_3.conda#sha256:{"d" * 64}
"""
    )


def test_nothing_locked():
    """A platform without packages gives a file that is explicit, and empty."""
    assert explicit.render(locked(promised=()), "linux-64") == (
        "# This file may be used to create an environment using:\n"
        "# $ conda create --name NAME --file conda-linux-64.lock\n"
        "# platform: linux-64\n"
        "@EXPLICIT\n"
    )


def test_constrains_that_nobody_promised():
    """A need of ``constrains`` does not bind where its virtual package was not promised."""
    assert "__cuda" not in explicit.render(locked(CUDA_VERSION), "linux-64")


def test_white_space_of_a_need_stays_in_its_line():
    """A line end in a channel's metadata can't end the comment."""
    broken = TZDATA._replace(depends=("__glibc >=2.17\n@EXPLICIT\nhttps://x/a.conda",))
    text = explicit.render(locked(broken), "linux-64")
    assert "#   __glibc >=2.17 @EXPLICIT https://x/a.conda (tzdata)\n" in text
    assert text.count("\n@EXPLICIT\n") == 1


@pytest.mark.parametrize(
    ("kind", "md5", "sha256", "anchor"),
    [
        ("md5", "A" * 32, "B" * 64, "a" * 32),
        ("md5", None, "B" * 64, "sha256:" + "b" * 64),
        ("sha256", "A" * 32, "B" * 64, "sha256:" + "b" * 64),
        ("sha256", "A" * 32, None, "a" * 32),
    ],
)
def test_hashes(kind: explicit.HashKind, md5: str | None, sha256: str | None, anchor: str):
    """The requested hash, else the other one, in lower case; SHA-256 comes with a note."""
    text = explicit.render(locked(TZDATA._replace(md5=md5, sha256=sha256)), "linux-64", kind)
    assert text.splitlines()[-1] == f"{TZDATA.url}#{anchor}"
    assert ("conda 24.9" in text) == anchor.startswith("sha256")


@pytest.mark.parametrize("kind", ["md5", "sha256"])
def test_lines_match_the_cep(kind: explicit.HashKind):
    """CEP 23's regular expression finds the hash in every line, file URLs and epochs included."""
    odd = TZDATA._replace(name="odd", url="file:///srv/my%20channel/noarch/odd-1!2.0+x-0.tar.bz2")
    text = explicit.render(locked(LIBZLIB, PYTHON, TZDATA, odd), "linux-64", kind)
    lines = text.partition("@EXPLICIT\n")[2].splitlines()
    matches = [CEP_23.fullmatch(line) for line in lines]
    assert len(lines) == 4
    assert all(match and match[kind] for match in matches)


def test_order_of_input_does_not_matter():
    """The same lock gives the same bytes."""
    records = [LIBZLIB, PYTHON, TZDATA]
    lock = locked(*records)
    turned = lock.platforms["linux-64"]._replace(records=tuple(reversed(records)))
    again = lock._replace(platforms={"linux-64": turned})
    assert explicit.render(again, "linux-64") == explicit.render(lock, "linux-64")


def test_packages_without_a_hash():
    """All packages that have no hash are named at once."""
    bare = [package._replace(md5=None, sha256=None) for package in (TZDATA, LIBZLIB)]
    with pytest.raises(LockFileError) as caught:
        explicit.render(locked(*bare, PYTHON), "linux-64")
    assert caught.value.exit_code == 2
    assert caught.value.lines() == [
        "error: conda-linux-64.lock can't be made: locked packages without a hash",
        f"  libzlib 1.2.13 hd590300_5: {LIBZLIB.url}",
        f"  tzdata 2024a h0c530f3_0: {TZDATA.url}",
        "  their channel states neither MD5 nor SHA-256: its repodata needs an update",
    ]


def test_pypi_packages_stand_beside():
    """The explicit file says that there are some; the requirements have them, with hashes."""
    url = "https://files.example.com/robosuite-1.4.0.tar.gz"
    records = (
        PypiRecord("here", "0", "./here#editable"),
        PypiRecord("robosuite", "1.4.0", url, "a" * 64),
    )
    lock = locked(TZDATA)
    both = lock._replace(platforms={"linux-64": lock.platforms["linux-64"]._replace(pypi=records)})
    note = "# PyPI packages are not in this file: 2 are in requirements-linux-64.txt.\n"
    assert note in explicit.render(both, "linux-64")
    assert rendered_name("requirements", "default", "linux-64") == "requirements-linux-64.txt"
    assert rendered_name("requirements", "dev", "win-64") == "dev.requirements-win-64.txt"
    assert requirements.render(both, "linux-64") == (
        "# This file may be used in the environment that the explicit file has made:\n"
        "# $ python -m pip install --no-deps --require-hashes -r requirements-linux-64.txt\n"
        "# platform: linux-64\n"
        f"robosuite @ {url} --hash=sha256:{'a' * 64}\n"
        "# without a hash, to be installed one by one with --no-deps:\n"
        "# -e ./here\n"
    )


def test_unknown_platform():
    """Another platform is refused, with those that there are and the one that was meant."""
    lock = locked(TZDATA)
    two = lock._replace(platforms={**lock.platforms, "osx-arm64": lock.platforms["linux-64"]})
    with pytest.raises(UsageError) as caught:
        explicit.render(two, "linux64")
    assert caught.value.lines() == [
        "error: default is not locked for linux64",
        "  it is locked for linux-64, osx-arm64",
        "  did you mean 'linux-64'?",
    ]


def test_no_platform_at_all():
    """The error for an empty lock says that nothing is locked."""
    with pytest.raises(UsageError) as caught:
        explicit.render(locked()._replace(platforms={}), "win-64")
    assert caught.value.lines()[1:] == ["  it is locked for no platform"]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [("default", "conda-linux-64.lock"), ("cuda12", "cuda12.conda-linux-64.lock")],
)
def test_file_name(environment: str, expected: str):
    """The default environment's file has no name in front."""
    assert rendered_name("explicit", environment, "linux-64") == expected
