"""What a person sees while a lock is being made, and nobody else does."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR, Package, build_channel
from support.server import Rules, serve
from support.terminal import Terminal

from conda_multiplat.vocabulary.byte_sizes import size

#: Seconds that the repodata of all platforms takes, and that of one of them.
_SLOW = {"noarch": 1.0, "osx-arm64": 2.0}


@pytest.fixture
def slow(project: Path, server: Rules) -> Path:
    """A project of three platforms, one of which is read more slowly than the others."""
    for subdir, seconds in _SLOW.items():
        server.delay[f"{subdir}/repodata.json.zst"] = seconds
    write(project, f"{server.url}/chan", "python", "numpy")
    return project


def test_terminal(alone: Host, slow: Path, server: Rules) -> None:
    """First what is read, then which targets have no solution yet; nothing of it stays."""
    command = ["env", "TERM=xterm", *alone.command, "lock"]
    with Terminal(command, env=alone.environ(), cwd=slow) as terminal:
        terminal.wait_for(f"reading {server.url}/chan for default/linux-64, ")
        terminal.wait_for("solved 2 of 3, not yet default/osx-arm64")
        assert terminal.exit_code() == 0
    *_, last = terminal.shown.splitlines()
    assert re.fullmatch(r" wrote conda-lock\.yml in \d+\.\d s", last)


def test_slow_channel_on_a_narrow_terminal(alone: Host, slow: Path) -> None:
    """The line is cut to the terminal's width, so that it is drawn over and not below itself."""
    command = ["env", "TERM=xterm", "COLUMNS=40", *alone.command, "lock"]
    with Terminal(command, env=alone.environ(), cwd=slow) as terminal:
        terminal.resize(24, 40)
        terminal.wait_for("…")
        assert terminal.exit_code() == 0


@pytest.mark.parametrize("options", [(), ("-q",), ("--json",)])
def test_nobody_watches(alone: Host, slow: Path, options: tuple[str, ...]) -> None:
    """Piped, quiet and in JSON there is not a word of it."""
    done = alone.multiplat("lock", *options, cwd=slow)
    for word in ("reading", "solved", "not yet", "\x1b", "\r"):
        assert word not in done.stderr


@pytest.mark.parametrize("option", ["-q", "--json"])
def test_quiet_terminal(alone: Host, slow: Path, option: str) -> None:
    """On a terminal too, who asks for silence has it."""
    command = ["env", "TERM=xterm", *alone.command, "lock", option]
    with Terminal(command, env=alone.environ(), cwd=slow) as terminal:
        assert terminal.exit_code() == 0
    assert "not yet" not in terminal.shown


def test_bytes_of_an_install(alone: Host, project: Path, tmp_path: Path) -> None:
    """While packages are fetched: how much of all that is to come is there."""
    packages = [
        Package(name, noarch="generic", files={f"share/{name}": random.Random(name).randbytes(n)})
        for name, n in (("large", 60_000), ("small", 20_000))
    ]
    channel = build_channel(tmp_path / "channel", packages)
    sizes = {path.name.partition("-")[0]: path.stat().st_size for path in channel.rglob("*.conda")}
    with serve(channel) as server:
        write(project, server.url, "large", "small", platforms=f"[{SUBDIR}]")
        alone.multiplat("lock", cwd=project)
        server.delay["small-1.0-0.conda"] = 1.5
        command = ["env", "TERM=xterm", *alone.command, "install"]
        with Terminal(command, env=alone.environ(), cwd=project) as terminal:
            terminal.wait_for(f"{size(sizes['large'])} of {size(sum(sizes.values()))}")
            assert terminal.exit_code() == 0
    *_, last, _ = terminal.shown.splitlines()
    assert f"(download size {size(sum(sizes.values()))})" in last
