"""Servers that ask who their client is: ``client_ssl_cert`` is for indexes and services."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from support.advisories import OsvRules, advisory, below, osv_service
from support.hosts import ONCE, Host
from support.manifests import write
from support.packages import Package, write_repodata
from support.pypi_index import Index
from support.server import Authority, Rules, make_authority, needs_openssl, serve

pytestmark = needs_openssl
WARNING = (
    "warning: channels are read without conda's client_ssl_cert: rattler has no such setting\n"
)


class Company(NamedTuple):
    """An authority of servers and clients, and servers that demand a certificate of it."""

    authority: Authority
    index: Rules
    osv: OsvRules

    def env(self, **certificate: Path | str) -> dict[str, str]:
        """The settings of a command, with the client's certificate as ``cert`` and ``cert_key``."""
        named = {f"CONDA_CLIENT_SSL_{name.upper()}": str(f) for name, f in certificate.items()}
        return {
            **ONCE,
            **named,
            "CONDA_SSL_VERIFY": str(self.authority.file),
            "CONDA_MULTIPLAT_OSV_URL": self.osv.url,
        }


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """An index with a wheel whose metadata is in it, and a service that knows of it."""
    root = tmp_path_factory.mktemp("company")
    index = Index(root / "index")
    index.wheel("inside", stated=["License-Expression: ISC"])
    authority = make_authority(root / "authority")
    known = [advisory("GHSA-1", "inside", *below("2.0"))]
    with (
        serve(index.root, authority.server, clients=authority.file) as pypi,
        osv_service(known, authority.server, clients=authority.file) as osv,
    ):
        yield Company(authority, pypi, osv)


@pytest.fixture
def own(project: Path, tmp_path: Path, company: Company) -> Path:
    """A project with that wheel."""
    python = Package("python", "3.12.4", "0_cpython", "linux-64")
    channel = write_repodata(tmp_path / "chan", [python])
    pip = f"pip: [--index-url {company.index.url}/simple, inside]"
    write(project, channel, "python", pip, platforms="[linux-64]")
    return project


@pytest.mark.parametrize("files", ["one", "two"])
def test_certificate(door: Host, own: Path, company: Company, tmp_path: Path, files: str) -> None:
    """In one file with its key or in two, uv and what we ask ourselves present it."""
    certificate, key = company.authority.server
    both = tmp_path / "both.pem"
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    env = company.env(cert=both) if files == "one" else company.env(cert=certificate, cert_key=key)
    stderr = door.multiplat("lock", cwd=own, env=env).stderr
    assert stderr.count(WARNING) == 1
    licenses = door.json("licenses", cwd=own, env=env)["packages"]
    assert [package["license"] for package in licenses if package["manager"] == "pypi"] == ["ISC"]
    findings = door.json("audit", cwd=own, env=env, code=1)["vulnerabilities"]
    assert [finding["id"] for finding in findings] == ["GHSA-1"]


def test_no_certificate(alone: Host, own: Path, company: Company) -> None:
    """Without one, these servers refuse: they are what they are taken for in the other tests."""
    certificate, key = company.authority.server
    stderr = alone.multiplat("lock", cwd=own, env=company.env(), code=3).stderr
    assert WARNING not in stderr
    alone.multiplat("lock", cwd=own, env=company.env(cert=certificate, cert_key=key))
    company.osv.seen.clear()
    alone.multiplat("audit", cwd=own, env=company.env(), code=3)
    assert company.osv.seen == []


def test_unusable(alone: Host, own: Path, company: Company, tmp_path: Path) -> None:
    """A file that is not there, without a key, or with a password: told by the setting's name."""
    certificate, key = company.authority.server
    alone.multiplat("lock", cwd=own, env=company.env(cert=certificate, cert_key=key))
    protected = tmp_path / "protected.key"
    command = ["openssl", "pkey", "-in", key, "-aes256", "-passout", "pass:x", "-out", protected]
    subprocess.run(command, check=True)
    for files in ({"cert": tmp_path / "none.pem"}, {"cert": certificate}):
        done = alone.multiplat("audit", cwd=own, env=company.env(**files), code=3)
        assert done.stderr.startswith(f"error: client_ssl_cert: {files['cert']} can't be read: ")
    env = company.env(cert=certificate, cert_key=protected)
    done = alone.multiplat("audit", cwd=own, env=env, code=3)
    both = f"{certificate}, {protected}"
    assert done.stderr.startswith(f"error: client_ssl_cert: {both} can't be read: ")
    done = alone.multiplat("audit", cwd=own, env=company.env(cert_key=key), code=2)
    assert done.stderr == "error: client_ssl_cert_key is set without client_ssl_cert\n"


def test_proxies_of_single_hosts(alone: Host, project: Path, channel: Path) -> None:
    """There are none in rattler: said once, however many channels are read."""
    write(project, channel, "zlib")
    proxies = "{'https://a.example': 'http://p.example', 'all://b.example': null}"
    (alone.home / ".condarc").write_text(f"proxy_servers: {proxies}\n", encoding="utf-8")
    stderr = alone.multiplat("lock", cwd=project).stderr
    assert stderr.count("warning: ") == 1
    assert stderr.startswith(
        "warning: channels are read without conda's proxy_servers for https://a.example, "
        "all://b.example: rattler has no such setting\n"
    )
