"""Networks that stall: nothing hangs, conda's limits hold, and the error names the URL."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import locked, write
from support.packages import PYTHON, SUBDIR, build_channel, python_package
from support.pypi_index import Index
from support.stalling import KINDS, stalling
from support.tally import tallied

pytestmark = pytest.mark.faults

#: conda's keys, much shorter than its defaults.
_SHORT = {
    "CONDA_REMOTE_READ_TIMEOUT_SECS": "1.0",
    "CONDA_REMOTE_CONNECT_TIMEOUT_SECS": "1.0",
    "CONDA_REMOTE_MAX_RETRIES": "1",
}
#: Seconds: no client of ours gives a server of these that long.
_LONGEST = 90.0


def _fails(host: Host, *arguments: str, cwd: Path, url: str) -> None:
    begun = time.monotonic()
    done = host.multiplat(*arguments, cwd=cwd, env=_SHORT, code=3)
    assert time.monotonic() - begun < _LONGEST
    assert url in done.stderr, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_lock(
    request: pytest.FixtureRequest, door: Host, project: Path, channel: Path, kind: str
) -> None:
    """Repodata that does not come, or stops coming: the old lock stays."""
    write(project, channel, "zlib", platforms="[linux-64]")
    door.multiplat("lock", "-q", cwd=project)
    before = (project / "conda-lock.yml").read_bytes()
    with (
        tallied(request, f"network, lock, {kind}, {door.label}") as tally,
        stalling(channel, kind) as url,
        tally.attempt(kind),
    ):
        write(project, url, "python", platforms="[linux-64]")
        _fails(door, "lock", cwd=project, url=url)
        assert (project / "conda-lock.yml").read_bytes() == before


@pytest.mark.parametrize("kind", KINDS)
def test_install(
    request: pytest.FixtureRequest, alone: Host, project: Path, real_channel: Path, kind: str
) -> None:
    """A package that does not come, or stops coming."""
    with (
        tallied(request, f"network, install, {kind}") as tally,
        stalling(real_channel, kind, "greeting") as url,
        tally.attempt(kind),
    ):
        write(project, url, "greeting", platforms=f"[{SUBDIR}]")
        alone.multiplat("lock", "-q", cwd=project)
        _fails(alone, "install", cwd=project, url=f"{url}/noarch/greeting")


@pytest.mark.parametrize("kind", KINDS)
def test_pypi(
    request: pytest.FixtureRequest, alone: Host, project: Path, tmp_path: Path, kind: str
) -> None:
    """The same of an index: uv is given conda's limits."""
    channel = build_channel(tmp_path / "channel", [python_package()])
    index = Index(tmp_path / "index")
    index.wheel("robot", "1.0")
    with (
        tallied(request, f"network, PyPI, {kind}") as tally,
        stalling(index.root, kind, "robot") as url,
        tally.attempt(kind),
    ):
        pip = f"pip:\n      - --index-url {url}/simple\n      - robot"
        write(project, channel, f"python {PYTHON}", pip, platforms=f"[{SUBDIR}]")
        _fails(alone, "lock", cwd=project, url=url)


@pytest.mark.parametrize("kind", KINDS)
def test_audit(
    request: pytest.FixtureRequest,
    alone: Host,
    project: Path,
    channel: Path,
    kind: str,
    tmp_path: Path,
) -> None:
    """A service that does not say which advisories there are: nothing is called clean."""
    (tmp_path / "osv" / "v1").mkdir(parents=True)
    (tmp_path / "osv" / "v1" / "querybatch").write_text('{"results": [{}]}', encoding="utf-8")
    write(project, channel, "rich-text", platforms="[linux-64]")
    alone.multiplat("lock", "-q", cwd=project)
    with (
        tallied(request, f"network, audit, {kind}") as tally,
        stalling(tmp_path / "osv", kind, "querybatch") as url,
        tally.attempt(kind),
    ):
        begun = time.monotonic()
        env = {**_SHORT, "CONDA_MULTIPLAT_OSV_URL": url}
        done = alone.multiplat("audit", cwd=project, env=env, code=3)
        assert time.monotonic() - begun < _LONGEST
        assert f"{url}/v1/querybatch can't be fetched: " in done.stderr
        assert done.stdout == ""


def test_slow_is_not_stalled(
    request: pytest.FixtureRequest, alone: Host, project: Path, real_channel: Path
) -> None:
    """What takes longer than a read timeout as a whole, but comes, is waited for."""
    with (
        tallied(request, "network, slow") as tally,
        stalling(real_channel, "trickles", "greeting") as url,
        tally.attempt("install"),
    ):
        write(project, url, "greeting", platforms=f"[{SUBDIR}]")
        alone.multiplat("lock", "-q", cwd=project)
        alone.multiplat("install", "-q", cwd=project, env=_SHORT)
        assert "greeting" in locked(project)[SUBDIR]
