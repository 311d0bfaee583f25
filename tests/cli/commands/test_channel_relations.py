"""Channels that declare others (CEP 42): they are named where they have what lacks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import locked, write
from support.packages import Package, write_repodata

CASE = Path(__file__).parents[2] / "cases" / "cep42-channels"


def _declare(channel: Path, **relations: str) -> None:
    """Let a channel declare another."""
    for path in channel.glob("*/repodata.json"):
        data = json.loads(path.read_text(encoding="utf-8"))
        data["info"]["channel_relations"] = relations
        path.write_text(json.dumps(data), encoding="utf-8")
        path.with_name("repodata.json.zst").unlink()


def _advice(name: str, channel: Path, where: str) -> str:
    return (
        f"  {name} can be had from {channel.as_uri()}, which a channel declares as its own "
        f"(CEP 42): name it under `channels:`, {where} the one that declares it\n"
    )


@pytest.mark.parametrize("asked", ["biotool", "zlib"])
def test_base(alone: Host, project: Path, asked: str) -> None:
    """What a package needs, or a line asks for, is in the base; written as advised it is locked."""
    write(project, CASE / "bio", asked, platforms="[linux-64]")
    said = alone.multiplat("lock", cwd=project, code=1).stderr
    assert said.endswith(_advice("zlib", CASE / "forge", "before") + "  no file was changed\n")
    path = project / "environment.yml"
    text = path.read_text(encoding="utf-8")
    base = f"channels:\n  - {(CASE / 'forge').as_uri()}\n"
    path.write_text(text.replace("channels:\n", base), encoding="utf-8")
    alone.multiplat("lock", cwd=project)
    assert locked(project)["linux-64"]["zlib"] == "1.3"


def test_label(alone: Host, project: Path, tmp_path: Path) -> None:
    """A label's own channel comes after it."""
    main = write_repodata(tmp_path / "main", [Package("zlib", noarch="generic")])
    label = main / "label" / "rc"
    write_repodata(label, [Package("tool", noarch="generic", depends=["zlib"])])
    _declare(label, overrides="../..")
    write(project, label, "tool", platforms="[linux-64]")
    said = alone.multiplat("lock", cwd=project, code=1).stderr
    assert _advice("zlib", main, "after") in said


def test_of_no_use(alone: Host, project: Path, tmp_path: Path) -> None:
    """Nothing is said of a channel that isn't there, or that has nothing either."""
    channel = write_repodata(tmp_path / "a", [Package("tool", noarch="generic", depends=["gone"])])
    _declare(channel, base="../nowhere")
    write(project, channel, "tool", platforms="[linux-64]")
    assert "CEP 42" not in alone.multiplat("lock", cwd=project, code=1).stderr
    write_repodata(tmp_path / "nowhere", [Package("zlib", noarch="generic")])
    assert "CEP 42" not in alone.multiplat("lock", cwd=project, code=1).stderr
