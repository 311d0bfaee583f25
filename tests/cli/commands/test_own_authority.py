"""Servers whose certificates an authority has signed that only conda's configuration knows.

Whatever a command asks of an index or a service, it knows that authority by ``ssl_verify``, and
asks no server that nobody has vouched for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from support.advisories import OsvRules, advisory, below, osv_service
from support.hosts import Host
from support.manifests import write
from support.packages import Package, write_repodata
from support.pypi_index import Index
from support.server import Authority, Rules, make_authority, needs_openssl, serve

pytestmark = needs_openssl
LINUX = "[linux-64]"


class Company(NamedTuple):
    """A company's servers, which an authority of its own vouches for."""

    authority: Authority
    another: Authority
    index: Rules
    osv: OsvRules


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """An index with a wheel, one with metadata beside it, and a source archive; a service."""
    root = tmp_path_factory.mktemp("company")
    index = Index(root / "index", dated=True)
    index.wheel("beside", beside=True, stated=["License-Expression: MIT"])
    index.wheel("inside", stated=["License-Expression: ISC"])
    index.sdist("archive", stated=["License-Expression: Zlib"])
    index.wheel("beside", "2.0", uploaded="2126-01-01T00:00:00Z")
    names = [{"name": name} for name in ("archive", "beside", "inside")]
    listed = json.dumps({"meta": {"api-version": "1.1"}, "projects": names})
    (index.root / "simple" / "index.html").write_text(listed, encoding="utf-8")
    authority = make_authority(root / "authority")
    another = make_authority(root / "another")
    known = [advisory("GHSA-1", "inside", *below("2.0"))]
    with (
        serve(index.root, authority.server) as pypi,
        osv_service(known, authority.server) as osv,
    ):
        yield Company(authority, another, pypi, osv)


@pytest.fixture
def own(project: Path, tmp_path: Path, company: Company) -> Path:
    """A project that asks for all of it."""
    python = Package("python", "3.12.4", "0_cpython", "linux-64")
    channel = write_repodata(tmp_path / "chan", [python])
    pip = f"pip: [--index-url {company.index.url}/simple, beside, inside, archive]"
    extra = "multiplat: {exclude-newer: 2026-01-01}\n"
    write(project, channel, "python", pip, platforms=LINUX, extra=extra)
    return project


def _env(company: Company, verify: object) -> dict[str, str]:
    return {
        "CONDA_SSL_VERIFY": str(verify),
        "CONDA_MULTIPLAT_OSV_URL": company.osv.url,
        "CONDA_REMOTE_MAX_RETRIES": "0",
    }


def _licenses(document: Mapping[str, object]) -> dict[str, str]:
    packages = document["packages"]
    assert isinstance(packages, list)
    return {
        package["name"]: package["license"] for package in packages if package["manager"] == "pypi"
    }


@pytest.mark.slow
@pytest.mark.parametrize("verify", ["file", "folder", "false"])
def test_known_authority(door: Host, own: Path, company: Company, verify: str) -> None:
    """A bundle, a folder of certificates, or none looked at: for all that asks a server."""
    places = {"file": company.authority.file, "folder": company.authority.folder}
    env = _env(company, places.get(verify, "false"))
    door.multiplat("lock", cwd=own, env=env)
    assert "beside-1.0" in (own / "conda-lock.yml").read_text(encoding="utf-8")
    assert _licenses(door.json("licenses", cwd=own, env=env)) == {
        "archive": "Zlib",
        "beside": "MIT",
        "inside": "ISC",
    }
    door.multiplat("render", "--kind", "sbom", cwd=own, env=env)
    (outdated,) = door.json("outdated", cwd=own, env=env)["outdated"]
    assert (outdated["name"], outdated["newest"]) == ("beside", "2.0")
    findings = door.json("audit", cwd=own, env=env, code=1)["vulnerabilities"]
    assert [finding["id"] for finding in findings] == ["GHSA-1"]
    line = f"pip: [--index-url {company.index.url}/simple, besides]"
    write(own, own.parent / "chan", "python", line, platforms=LINUX)
    done = door.multiplat("lock", cwd=own, env=env, code=1)
    assert "no project 'besides' in the index; did you mean 'beside'?" in done.stderr


@pytest.mark.parametrize("verify", ["file", "folder"])
def test_channel(alone: Host, project: Path, tmp_path: Path, company: Company, verify: str) -> None:
    """A channel is known by the same authority."""
    write_repodata(tmp_path / "served" / "chan", [Package("tool", "1.0", subdir="linux-64")])
    known = {"file": company.authority.file, "folder": company.authority.folder}[verify]
    with serve(tmp_path / "served", company.authority.server) as server:
        write(project, f"{server.url}/chan", "tool", platforms=LINUX)
        done = alone.multiplat("lock", cwd=project, env=_env(company, "true"), code=3)
        assert "certificate" in done.stderr.lower()
        alone.multiplat("lock", cwd=project, env=_env(company, known))


@pytest.mark.slow
@pytest.mark.parametrize("verify", ["true", "truststore", "another"])
def test_unknown_authority(alone: Host, own: Path, company: Company, verify: str) -> None:
    """It is refused, once and in words, whoever asks; nothing is taken for not known."""
    env = _env(company, company.authority.file)
    alone.multiplat("lock", cwd=own, env=env)
    lock = own / "conda-lock.yml"
    before = lock.read_bytes()
    env = _env(company, company.another.file if verify == "another" else verify)
    env["UV_CACHE_DIR"] = str(own / "fresh")
    company.index.seen.clear()
    company.osv.seen.clear()
    for command in ("lock --update-all", "outdated", "licenses", "render --kind sbom", "audit"):
        done = alone.multiplat(*command.split(), cwd=own, env=env, code=3)
        assert done.stdout == ""
        assert [line[:7] for line in done.stderr.splitlines()].count("error: ") == 1
        assert "certificate" in done.stderr.lower()
    assert company.index.seen == []
    assert company.osv.seen == []
    assert lock.read_bytes() == before


@pytest.mark.parametrize("command", ["lock", "licenses", "audit"])
@pytest.mark.parametrize("what", ["missing", "no certificate"])
def test_unusable_bundle(
    alone: Host, own: Path, company: Company, tmp_path: Path, command: str, what: str
) -> None:
    """A bundle that is not there, or none: outside trouble, and the server is not asked."""
    alone.multiplat("lock", cwd=own, env=_env(company, company.authority.file))
    bundle = tmp_path / "bundle.pem"
    if what != "missing":
        bundle.write_text("nothing\n", encoding="utf-8")
    env = {**_env(company, bundle), "UV_CACHE_DIR": str(own / "fresh")}
    company.index.seen.clear()
    again = ["--update-all"] if command == "lock" else []
    alone.multiplat(command, *again, cwd=own, env=env, code=3)
    assert company.index.seen == []
