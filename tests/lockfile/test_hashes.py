"""The hash or commit that a locked package needs to be verified."""

from __future__ import annotations

import pytest

from conda_multiplat.lockfile.hashes import unverifiable
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord, Record

MD5, SHA256, COMMIT = "0" * 32, "a" * 64, "b" * 40


def _conda(url: str, md5: str | None = None, sha256: str | None = None) -> CondaRecord:
    return CondaRecord("a", "1", "0", url, md5, sha256)


@pytest.mark.parametrize(
    "record",
    [
        _conda("https://x.example.com/noarch/a-1-0.conda", sha256=SHA256),
        _conda("https://x.example.com/noarch/a-1-0.conda", md5=MD5),
        _conda("file:///x/noarch/a-1-0.conda", MD5, SHA256.upper()),
        PypiRecord("a", "1", "https://x.example.com/a-1.whl", SHA256),
        PypiRecord("a", "1", f"git+https://x.example.com/a@{COMMIT}"),
        PypiRecord("a", "1", f"git+https://x.example.com/a@{COMMIT}#subdirectory=b"),
        PypiRecord("a", "1", "./a", SHA256),
        PypiRecord("a", "1", "./a#editable"),
        PypiRecord("a", "1", "./a-1.whl", SHA256),
    ],
)
def test_verified(record: Record) -> None:
    """A package is verified by either hash or by a commit; a local folder needs none."""
    assert unverifiable([record]) == []


@pytest.mark.parametrize("scheme", ["http", "https", "HTTPS", "file", "FILE", "ftp", "s3", "oci"])
def test_no_hash(scheme: str) -> None:
    """Every URL scheme needs a hash."""
    url = f"{scheme}://x/noarch/a-1-0.conda"
    assert unverifiable([_conda(url)]) == [f"a 1: the lock has no hash for it: {url}"]
    wheel = f"{scheme}://x/a-1-py3-none-any.whl"
    assert unverifiable([PypiRecord("a", "1", wheel)]) == [
        f"a 1: the lock has no hash for it: {wheel}"
    ]


@pytest.mark.parametrize("url", ["git+https://x/a@main", "git+https://x/a", "./a-1.tar.gz"])
def test_no_commit(url: str) -> None:
    """A branch or a local file can change, so it can't be verified."""
    assert unverifiable([PypiRecord("a", "1", url)]) != []


@pytest.mark.parametrize("value", ["../x", "a/b", "a\\b", "..", "", "a b", "a\n", "\x1b[2J", "."])
@pytest.mark.parametrize("part", ["name", "version", "build"])
def test_parts_of_a_name(part: str, value: str) -> None:
    """Name, version and build become parts of folder names, so they can't lead elsewhere."""
    record = _conda("https://x/noarch/a-1-0.conda", MD5)._replace(**{part: value})
    assert any(f": its {part} is not valid: {value!r}" in line for line in unverifiable([record]))


@pytest.mark.parametrize("value", ["", "abc", "0" * 63, "0" * 65, "g" * 64, "0" * 64 + "\n"])
def test_what_is_no_hash(value: str) -> None:
    """A text in the place of a hash that is not one is refused."""
    problems = unverifiable([_conda("https://x/noarch/a-1-0.conda", MD5, value)])
    assert problems == ([f"a 1: its sha256 is not valid: {value!r}"])
