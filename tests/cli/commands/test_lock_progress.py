"""What a person sees while a lock is being made, and nobody else does."""

from __future__ import annotations

import random
import re
import shutil
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR, Package, build_channel, write_repodata
from support.patience import PATIENCE
from support.server import Rules, serve
from support.shards import to_shards
from support.stalling import stalling
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


@pytest.mark.slow
def test_terminal(alone: Host, slow: Path, server: Rules) -> None:
    """First what is read, then which targets have no solution yet; nothing of it stays."""
    command = ["env", "TERM=xterm", *alone.command, "lock"]
    server.delay = dict.fromkeys(server.delay, 2 * PATIENCE)
    with Terminal(command, env=alone.environ(), cwd=slow) as terminal:
        terminal.wait_for("reading …/chan: ")
        terminal.wait_for(" kB of repodata, solving default/")
        del server.delay["noarch/repodata.json.zst"]
        terminal.wait_for("solved 2 of 3, not yet default/osx-arm64")
        server.delay.clear()
        assert terminal.exit_code() == 0
    *_, last = terminal.shown.splitlines()
    summary = r"\(12 different packages, download size 300 B\)"
    assert re.fullmatch(rf" wrote conda-lock\.yml {summary} in \d+\.\d s", last)


#: So many packages make some hundred kilobytes of repodata.
_PACKAGES = 1500
_AMOUNT = r"(\d+(?:\.\d)? \S?B)"


def _bytes(words: str) -> float:
    number, unit = words.split()
    return float(number) * {"B": 1, "kB": 1e3, "MB": 1e6}[unit]


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A channel whose repodata for one platform is large."""
    packages = [
        Package(f"library{n}", subdir="osx-arm64", depends=[f"library{n + 1}"])
        for n in range(_PACKAGES)
    ]
    return write_repodata(tmp_path / "large", [Package("tool", noarch="generic"), *packages])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["repodata.json.zst", "repodata.json"])
def test_bytes_of_repodata(alone: Host, project: Path, large: Path, kind: str) -> None:
    """How much of a slow channel has arrived, of which platform: no more than there is."""
    if kind == "repodata.json":
        for file in large.glob("*/*.zst"):
            file.unlink()
    there = {file.parent.name: file.stat().st_size for file in large.glob("*/repodata.json")}
    command = ["env", "TERM=xterm", "COLUMNS=200", *alone.command, "lock"]
    with stalling(large, "trickles", f"osx-arm64/{kind}") as url:
        write(project, url, "tool", platforms="[osx-arm64, linux-64]")
        with Terminal(command, env=alone.environ(), cwd=project) as terminal:
            terminal.resize(24, 200)
            assert terminal.exit_code() == 0
    amounts = re.findall(rf"; {_AMOUNT} of repodata \({url}/osx-arm64 {_AMOUNT}\)", terminal.shown)
    totals = [_bytes(total) for total, _ in amounts]
    parts = [_bytes(part) for _, part in amounts]
    assert len(set(totals)) > 1
    assert (totals, parts) == (sorted(totals), sorted(parts))
    assert 0 < parts[-1] <= there["osx-arm64"] * 1.1
    assert totals[-1] <= sum(there.values()) * 1.1


@pytest.mark.slow
def test_bytes_of_shards(alone: Host, project: Path, tmp_path: Path) -> None:
    """Of a channel that has its repodata in shards, the bytes of those that are there."""
    packages = [Package("library", depends=["tool"]), Package("tool", noarch="generic")]
    channel = write_repodata(tmp_path / "chan", packages)
    to_shards(channel)
    there = sum(file.stat().st_size for file in channel.rglob("*.zst"))
    command = ["env", "TERM=xterm", "COLUMNS=200", *alone.command, "lock"]
    with stalling(channel, "trickles", "shards/") as url:
        write(project, url, "library", platforms=f"[{SUBDIR}]")
        with Terminal(command, env=alone.environ(), cwd=project) as terminal:
            terminal.resize(24, 200)
            assert terminal.exit_code() == 0
    totals = re.findall(rf"reading {url}: {_AMOUNT} of repodata, solving", terminal.shown)
    amounts = list(map(_bytes, totals))
    assert len(set(amounts)) > 1
    assert amounts == sorted(amounts)
    assert amounts[-1] <= 2 * there  # an index is unpacked


@pytest.mark.slow
def test_slow_channel_on_a_narrow_terminal(alone: Host, slow: Path) -> None:
    """The line is cut to the terminal's width, so that it is drawn over and not below itself."""
    command = ["env", "TERM=xterm", "COLUMNS=40", *alone.command, "lock"]
    with Terminal(command, env=alone.environ(), cwd=slow) as terminal:
        terminal.resize(24, 40)
        terminal.wait_for("…  1 s")
        assert terminal.exit_code() == 0


@pytest.mark.slow
@pytest.mark.parametrize("columns", [40, 60, 80, 200])
def test_line_fits(alone: Host, project: Path, channel: Path, large: Path, columns: int) -> None:
    """It never wraps, shortens URLs before it cuts its end, and names no channel twice."""
    names = ["long-name-of-a-channel", "other"]
    for name, origin in zip(names, (large, channel), strict=True):
        shutil.copytree(origin, project / "served/mirror/of" / name)
    command = ["env", "TERM=xterm", f"COLUMNS={columns}", *alone.command, "lock"]
    with stalling(project / "served", "trickles", "repodata.json") as url:
        first, second = (f"{url}/mirror/of/{name}" for name in names)
        extra = f"channels: [{first}, {second}/, {second}]\n"
        manifest = write(project, first, "tool", "zlib", platforms="[osx-arm64, linux-64]")
        text = manifest.read_text(encoding="utf-8").replace(f"channels:\n  - {first}\n", extra)
        manifest.write_text(text, encoding="utf-8")
        with Terminal(command, env=alone.environ(), cwd=project) as terminal:
            terminal.resize(24, columns)
            assert terminal.exit_code() == 0
    drawn, _, _ = terminal.shown.partition("\n")
    frames = re.split(r"(?= (?:reading|solved \d|all) )", drawn)
    assert max(map(len, frames)) <= columns
    begin = (
        f" reading {first}, {second}/"
        if columns == 200
        else " reading …/long-name-of-a-channel, …/"
    )
    assert frames[1].startswith(begin)
    for frame in frames:
        assert all(frame.count(name) <= 1 for name in names), frame


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "purpose"),
    [
        (("why", "numpy"), "trying other versions and builds of numpy"),
        (("outdated",), "solving default/linux-64, "),
        (("licenses",), "looking up licences"),
        (("render", "--kind", "sbom"), "looking up licences"),
        (("add", "--no-install", "scipy"), "solving default/linux-64, "),
        (("update", "--no-install"), "solving default/linux-64, "),
        (("upgrade", "--no-install"), "solving default/linux-64, "),
        (("remove", "--no-install", "numpy"), "solving default/linux-64, "),
        (("platform", "add", "linux-aarch64"), "solving default/linux-aarch64"),
        (("run", "--", "true"), "solving default/linux-64, "),
        (("shell",), "solving default/linux-64, "),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_every_command(
    alone: Host, project: Path, server: Rules, command: tuple[str, ...], purpose: str
) -> None:
    """Whatever waits for a channel says for which, and what it wants of it."""
    channel = f"{server.url}/chan"
    write(project, channel, "python", "numpy")
    alone.multiplat("lock", cwd=project)
    if command[0] in ("run", "shell"):
        write(project, channel, "python", "numpy", "scipy")
    server.delay["noarch/repodata.json.zst"] = 2 * PATIENCE
    words = ["env", "TERM=xterm", "COLUMNS=200", *alone.command, *command]
    with Terminal(words, env=alone.environ(), cwd=project) as terminal:
        terminal.resize(24, 200)
        shown = terminal.wait_for(purpose)
    assert f"reading {channel}" in shown


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("-q",), ("--json",)])
def test_nobody_watches(alone: Host, slow: Path, options: tuple[str, ...]) -> None:
    """Piped, quiet and in JSON there is not a word of it."""
    done = alone.multiplat("lock", *options, cwd=slow)
    for word in ("reading", "solved", "not yet", "\x1b", "\r"):
        assert word not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("option", ["-q", "--json"])
def test_quiet_terminal(alone: Host, slow: Path, option: str) -> None:
    """On a terminal too, who asks for silence has it."""
    command = ["env", "TERM=xterm", *alone.command, "lock", option]
    with Terminal(command, env=alone.environ(), cwd=slow) as terminal:
        assert terminal.exit_code() == 0
    assert "not yet" not in terminal.shown


@pytest.mark.slow
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
        server.delay["small-1.0-0.conda"] = 2 * PATIENCE
        command = ["env", "TERM=xterm", *alone.command, "install"]
        with Terminal(command, env=alone.environ(), cwd=project) as terminal:
            terminal.wait_for(f"{size(sizes['large'])} of {size(sum(sizes.values()))}")
            server.delay.clear()
            assert terminal.exit_code() == 0
    *_, last, _ = terminal.shown.splitlines()
    assert f"(download size {size(sum(sizes.values()))})" in last


@pytest.mark.parametrize("columns", [40, 60])
def test_bar_of_an_install_on_a_narrow_terminal(
    alone: Host, project: Path, tmp_path: Path, columns: int
) -> None:
    """A long name leaves the bar's numbers their place."""
    name = "package-with-a-name-that-alone-is-longer-than-half-a-line"
    channel = build_channel(tmp_path / "channel", [Package(name, noarch="generic")])
    with serve(channel) as server:
        write(project, server.url, name, platforms=f"[{SUBDIR}]")
        alone.multiplat("lock", cwd=project)
        server.delay[f"{name}-1.0-0.conda"] = 2 * PATIENCE
        command = ["env", "TERM=xterm", f"COLUMNS={columns}", *alone.command, "install"]
        with Terminal(command, env=alone.environ(), cwd=project) as terminal:
            terminal.resize(24, columns)
            terminal.wait_for("/1 0:00:0")
            server.delay.clear()
            assert terminal.exit_code() == 0
    assert re.search(r" \d/\d 0:00:0\d package-with…?", terminal.shown)
