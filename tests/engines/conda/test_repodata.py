"""The names of a request's channels, which are known without reading them."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_multiplat.engines.conda.access import Channels
from conda_multiplat.engines.conda.repodata import Repodata
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.manifest.read import Source, read_manifest
from conda_multiplat.manifest.targets import targets
from conda_multiplat.solving.requests import SolveRequest, request


class _Counted(Channels):
    asked = 0

    def urls(self, name: str, subdir: str = "") -> list[str]:
        self.asked += 1
        return super().urls(name, subdir)


def _request(*lines: str, subdir: str = "linux-64") -> SolveRequest:
    dependencies = "".join(f"  - {line}\n" for line in lines)
    text = f"name: x\nchannels: [a, b]\nplatforms: [{subdir}]\ndependencies:\n{dependencies}"
    source = Source("environment.yml", text)
    (target,) = targets(read_manifest([source], host_subdirs=[subdir]))
    return request(target, default_channels=(), channel_priority="strict")


@pytest.mark.parametrize("times", [2, 50])
def test_names_of_channels_once(tmp_path: Path, times: int) -> None:
    """The names are looked up once, however many records are checked."""
    settings = Settings("linux-64", pkgs_dirs=[tmp_path])
    channels = _Counted(settings, tmp_path)
    repodata = Repodata(settings, channels, ())
    asked = _request("x", "c::y")
    first = repodata.channel_names(asked)
    assert list(first.values()) == ["a", "b", "c"]
    count = channels.asked
    assert all(repodata.channel_names(asked) == first for _ in range(times))
    assert channels.asked == count
    assert list(repodata.channel_names(_request("x")).values()) == ["a", "b"]
    assert list(repodata.channel_names(_request("x", "d::y")).values()) == ["a", "b", "d"]
