"""``defaults`` where no configuration says what it is: what conda means by it, in both doors."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from support.hosts import TESTS, Host
from support.manifests import write
from support.packages import Package, write_repodata
from support.server import Rules, make_certificate, needs_openssl, serve

from conda_multiplat.vocabulary.channels import base_url

_PLATFORMS = ("linux-64", "osx-arm64", "win-64")
_CONSTANTS = """\
import json
from support.embedded_conda import install_alias
install_alias()
from conda.base.constants import DEFAULT_CHANNELS_UNIX, DEFAULT_CHANNELS_WIN
print(json.dumps([DEFAULT_CHANNELS_UNIX, DEFAULT_CHANNELS_WIN]))
"""


@pytest.fixture(scope="module")
def own() -> tuple[list[str], list[str]]:
    """What conda says of itself: its channels, and those on Windows."""
    command = [sys.executable, "-c", _CONSTANTS]
    done = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, check=True)
    unix, windows = json.loads(done.stdout)
    return unix, windows


@pytest.fixture
def stand_in(tmp_path: Path, own: tuple[list[str], list[str]]) -> Iterator[Rules]:
    """A proxy that is the host of conda's channels, each of which has one package of its name."""
    root = tmp_path / "served"
    for url in own[1]:
        path = url.split("/", 3)[3]
        name = f"of-{path.rpartition('/')[2]}"
        write_repodata(root / path, [Package(name, subdir=platform) for platform in _PLATFORMS])
    with serve(root, make_certificate(tmp_path), proxy=True) as rules:
        yield rules


def _configure(host: Host, proxy: Rules, more: str = "") -> None:
    text = f"ssl_verify: false\nproxy_servers: {{https: '{proxy.url}'}}\n{more}"
    (host.home / ".condarc").write_text(text, encoding="utf-8")


def _sources(project: Path) -> dict[str, set[str]]:
    """Platform -> the channels of what is locked for it."""
    lock = yaml.safe_load((project / "conda-lock.yml").read_text(encoding="utf-8"))
    return {
        platform: {
            base_url(package["url"])
            for package in lock["package"]
            if package["platform"] == platform
        }
        for platform in lock["metadata"]["platforms"]
    }


@pytest.mark.slow
@needs_openssl
def test_defaults(
    conda: Host, alone: Host, project: Path, stand_in: Rules, own: tuple[list[str], list[str]]
) -> None:
    """The channels go by the platform that is locked, not by the machine; both doors agree."""
    specs = ("of-main", "of-r", "of-msys2  # [win]")
    write(project, "defaults", *specs, platforms=f"[{', '.join(_PLATFORMS)}]")
    written = []
    for host in (conda, alone):
        _configure(host, stand_in)
        host.multiplat("lock", "--update-all", cwd=project)
        written.append((project / "conda-lock.yml").read_bytes())
    assert written[0] == written[1]
    unix, windows = map(set, own)
    assert _sources(project) == {"linux-64": unix, "osx-arm64": unix, "win-64": windows}
    assert len(stand_in.hosts) == 1
    asked = {path.split("/")[-2] for path in stand_in.seen if "/msys2/" in path}
    assert asked <= {"win-64", "noarch"}


@pytest.mark.slow
@needs_openssl
def test_member_by_its_name(
    conda: Host, alone: Host, project: Path, stand_in: Rules, own: tuple[list[str], list[str]]
) -> None:
    """``pkgs/main`` is that member of ``defaults``, in a channel list and in a MatchSpec."""
    for name, spec in (("pkgs/main", "of-main"), ("pkgs/r", "pkgs/main::of-main")):
        write(project, name, spec, platforms="[linux-64]")
        for host in (conda, alone):
            _configure(host, stand_in)
            host.multiplat("lock", "--update-all", cwd=project)
            assert _sources(project) == {"linux-64": {own[0][0]}}


def test_configured(door: Host, project: Path, channel: Path) -> None:
    """What the configuration says of ``defaults`` holds for every platform, in either key."""
    for text in (
        f"default_channels: [{channel.as_uri()}]\n",
        f"custom_multichannels: {{defaults: [{channel.as_uri()}]}}\n",
    ):
        if door.is_conda and "multi" in text:
            continue  # before 26.1, conda takes no notice of it
        (door.home / ".condarc").write_text(text, encoding="utf-8")
        write(project, "defaults", "zlib", platforms="[linux-64, win-64]")
        door.multiplat("lock", "--update-all", cwd=project)
        assert _sources(project) == {
            platform: {channel.as_uri()} for platform in ("linux-64", "win-64")
        }
