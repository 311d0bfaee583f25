"""PyTorch's builds by what is promised, from a stand-in of its index and from the real one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml
from support.hosts import Host
from support.manifests import write
from support.pypi_index import Index
from support.server import Rules, make_certificate, needs_openssl, serve
from support.states import assert_nothing_to_lock

TAGS = {"linux-64": "cp312-cp312-manylinux_2_28_x86_64", "win-64": "cp312-cp312-win_amd64"}
MAC = "cp312-none-macosx_11_0_arm64"
CASES = [
    ("", "", "cpu"),
    ('cuda: "12.9"', "", "cu129"),
    ('cuda: "12.7"', "", "cu126"),
    ('cuda: "12.9"', "torch-backend: cu126", "cu126"),
    ("", "torch-backend: cu129", "cu129"),
    ('cuda: "12.9"', "torch-backend: cpu", "cpu"),
    ('cuda: "12.9"', "torch-backend: none", ""),
]


@pytest.fixture
def hosts(tmp_path: Path) -> Path:
    """The files of all hosts: PyPI's, with a newer torch, and PyTorch's builds."""
    root = tmp_path / "hosts"
    pypi = Index(root)
    pypi.wheel("lamp")
    pypi.wheel("robot", requires=["torch"])
    for tag in (*TAGS.values(), MAC):
        pypi.wheel("torch", "2.9.1", tag, requires=["lamp"])
    for backend in ("cpu", "cu126", "cu129"):
        projects = Index(tmp_path / backend)
        for tag in TAGS.values():
            projects.wheel("torch", f"2.9.0+{backend}", tag, requires=["lamp"])
        projects.wheel("lamp", "9.0")
        place = root / "whl" / backend
        place.mkdir(parents=True)
        for file in (tmp_path / backend / "files").iterdir():
            file.rename(place / file.name)
        for page in (tmp_path / backend / "simple").glob("*/index.html"):
            text = page.read_text(encoding="utf-8").replace("../../files/", f"/whl/{backend}/")
            (place / page.parent.name).mkdir()
            (place / page.parent.name / "index.html").write_text(text, encoding="utf-8")
    return root


@contextmanager
def _as_any_host(root: Path, folder: Path, *names: str) -> Iterator[tuple[Rules, dict[str, str]]]:
    """A server that is every host of these names, and the variables that lead there."""
    folder.mkdir()
    certificate = make_certificate(folder, *names)
    with serve(root, certificate, proxy=True) as rules:
        environ = {"HTTPS_PROXY": rules.url, "SSL_CERT_FILE": str(certificate[0])}
        yield rules, {**environ, "UV_HTTP_RETRIES": "0"}


def _locked(project: Path) -> dict[tuple[str, str], dict[str, Any]]:
    data = yaml.safe_load((project / "conda-lock.yml").read_text(encoding="utf-8"))
    return {(package["platform"], package["name"]): package for package in data["package"]}


def _manifest(
    project: Path, channel: Path, promise: str, keys: str, entry: str, *platforms: str
) -> None:
    promises = ", ".join(f"{platform}: {{{promise}}}" for platform in platforms if platform in TAGS)
    extra = (
        f"multiplat: {{virtual-packages: {{{promises if promise else ''}}}, pypi: {{{keys}}}}}\n"
    )
    named = f"[{', '.join(platforms)}]"
    write(project, channel, "python 3.12.*", f"pip: [{entry}]", platforms=named, extra=extra)


@pytest.mark.slow
@needs_openssl
@pytest.mark.parametrize(("promise", "keys", "backend"), CASES)
@pytest.mark.parametrize("entry", ["torch", "robot"])
def test_build_for_what_is_promised(
    alone: Host,
    project: Path,
    channel: Path,
    tmp_path: Path,
    hosts: Path,
    promise: str,
    keys: str,
    backend: str,
    entry: str,
) -> None:
    """Torch is the backend's build, whoever asks for it; all else, and the Mac's, is PyPI's."""
    _manifest(project, channel, promise, keys, entry, *TAGS, "osx-arm64")
    with _as_any_host(hosts, tmp_path / "unknown") as (rules, environ):
        alone.multiplat("lock", cwd=project, env=environ, code=None)
        names = set(rules.hosts)
    while True:  # a host is asked for only when another has answered
        with _as_any_host(hosts, tmp_path / f"known-{len(names)}", *sorted(names)) as (
            rules,
            environ,
        ):
            done = alone.multiplat("lock", cwd=project, env=environ, code=None)
            if rules.hosts <= names:
                assert done.returncode == 0, done.stderr
                assert_nothing_to_lock(alone, project)
                break
            names |= rules.hosts
    locked = _locked(project)
    for platform in (*TAGS, "osx-arm64"):
        version = "2.9.1" if platform == "osx-arm64" or not backend else f"2.9.0+{backend}"
        torch = locked[platform, "torch"]
        assert torch["version"] == version
        assert (f"/whl/{backend}/torch-" in unquote(torch["url"])) == ("+" in version)
        assert len(torch["hash"]["sha256"]) == 64
        assert locked[platform, "lamp"]["version"] == "1.0"
    text = (project / "conda-lock.yml").read_text(encoding="utf-8")
    for platform in TAGS:
        assert (f"multiplat.torch-backend.{platform}: {backend}\n" in text) == bool(backend)
    assert "multiplat.torch-backend.osx-arm64" not in text
    alone.multiplat("check", "--strict", cwd=project)


@pytest.mark.slow
@pytest.mark.pypi
@pytest.mark.parametrize(("promise", "local"), [("", "+cpu"), ('cuda: "12.9"', "+cu129")])
def test_real_index(alone: Host, project: Path, channel: Path, promise: str, local: str) -> None:
    """The real thing, with CUDA promised and without."""
    _manifest(project, channel, promise, "", "torch", "linux-64")
    kept = ("SSL_", "HTTP", "UV_", "CONDA_MULTIPLAT_PYPI_")
    env = {name: value for name, value in os.environ.items() if name.startswith(kept)}
    done = alone.multiplat("lock", cwd=project, env=env, code=None)
    if done.returncode == 3 and f"/whl/{local[1:]}/torch/" in done.stderr.replace("\n", ""):
        pytest.skip("PyTorch's index can't be reached from here")
    assert done.returncode == 0, done.stderr
    torch = _locked(project)["linux-64", "torch"]
    assert torch["version"].endswith(local)
    assert f"/whl/{local[1:]}/torch-" in torch["url"]
