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


def _relation(channel: Path, declarer: Path, kind: str) -> tuple[str, str]:
    """What a channel is to the one that declares it, and where it has to stand."""
    url, other = channel.as_uri(), declarer.as_uri()
    if kind == "base":
        return f"{url}, the base of {other} (CEP 42)", f"before {other}"
    return f"{url}, what {other} overrides (CEP 42)", f"after {other}"


def _advice(name: str, channel: Path, declarer: Path, kind: str) -> str:
    what, place = _relation(channel, declarer, kind)
    return f"  {what}, has {name}: name it under `channels:`, {place}\n"


def _note(channel: Path, declarer: Path, kind: str) -> str:
    what, place = _relation(channel, declarer, kind)
    return (
        f" ! not used: {what}  (default/linux-64)\n"
        f"   to use it, name it under `channels:`, {place}\n"
    )


def _other_order(channel: Path, declarer: Path, kind: str) -> str:
    what, place = _relation(channel, declarer, kind)
    other = "after" if kind == "base" else "before"
    return (
        f" ! {what}, stands {other} it under `channels:`  (default/linux-64)\n"
        f"   that order counts; to change it, name it {place}\n"
    )


@pytest.mark.parametrize("asked", ["biotool", "zlib"])
def test_base(alone: Host, project: Path, asked: str) -> None:
    """What a package needs, or a line asks for, is in the base; written as advised it is locked."""
    write(project, CASE / "bio", asked, platforms="[linux-64]")
    stderr = alone.multiplat("lock", cwd=project, code=1).stderr
    advice = _advice("zlib", CASE / "forge", CASE / "bio", "base")
    assert stderr.endswith(f"{advice}  no file was changed\n")
    path = project / "environment.yml"
    text = path.read_text(encoding="utf-8")
    base = f"channels:\n  - {(CASE / 'forge').as_uri()}\n"
    path.write_text(text.replace("channels:\n", base), encoding="utf-8")
    assert "CEP 42" not in alone.multiplat("lock", cwd=project).stderr
    assert locked(project)["linux-64"]["zlib"] == "1.3"


def test_label(alone: Host, project: Path, tmp_path: Path) -> None:
    """A label's own channel comes after it."""
    main = write_repodata(tmp_path / "main", [Package("zlib", noarch="generic")])
    label = main / "label" / "rc"
    write_repodata(label, [Package("tool", noarch="generic", depends=["zlib"])])
    _declare(label, overrides="../..")
    write(project, label, "tool", platforms="[linux-64]")
    stderr = alone.multiplat("lock", cwd=project, code=1).stderr
    assert _advice("zlib", main, label, "overrides") in stderr


@pytest.mark.parametrize("kind", ["base", "overrides"])
def test_solution_without_it(alone: Host, project: Path, tmp_path: Path, kind: str) -> None:
    """Where nothing lacks, `lock` says which declared channels it has not used, and uses none.

    The other's version is newer, and would be taken where a base comes first.
    """
    own = write_repodata(tmp_path / "own", [Package("tool", "1.0", noarch="generic")])
    other = write_repodata(tmp_path / "other", [Package("tool", "2.0", noarch="generic")])
    _declare(own, **{kind: "../other"})
    write(project, own, "tool", platforms="[linux-64]")
    done = alone.multiplat("lock", cwd=project)
    assert _note(other, own, kind) in done.stderr
    assert locked(project)["linux-64"] == {"tool": "1.0"}
    document = alone.json("lock", "--update-all", cwd=project)
    assert document["declared_channels"] == [
        {
            "target": "default/linux-64",
            "channel": own.as_uri(),
            "kind": kind,
            "url": other.as_uri(),
            "named": False,
        }
    ]
    assert alone.multiplat("check", cwd=project).stdout == "in sync: conda-lock.yml\n"
    path = project / "environment.yml"
    for channels, version in (((own, other), "1.0"), ((other, own), "2.0")):
        write(project, own, "tool", platforms="[linux-64]")
        named = "".join(f"  - {channel.as_uri()}\n" for channel in channels)
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(f"  - {own.as_uri()}\n", named), encoding="utf-8")
        stderr = alone.multiplat("lock", "--update-all", cwd=project).stderr
        assert locked(project)["linux-64"] == {"tool": version}  # whatever they declare
        as_declared = (version == "2.0") == (kind == "base")
        assert (_other_order(other, own, kind) in stderr) == (not as_declared)
        assert ("CEP 42" in stderr) == (not as_declared)


def test_channel_of_a_line(alone: Host, project: Path, tmp_path: Path) -> None:
    """A channel that only a line names has no place in the order, and is not told of."""
    own = write_repodata(tmp_path / "own", [Package("tool", "1.0", noarch="generic")])
    other = write_repodata(tmp_path / "other", [Package("more", "2.0", noarch="generic")])
    _declare(own, base="../other")
    write(project, own, "tool", f"{other.as_uri()}::more", platforms="[linux-64]")
    assert "CEP 42" not in alone.multiplat("lock", cwd=project).stderr
    assert locked(project)["linux-64"] == {"tool": "1.0", "more": "2.0"}


def test_chain(alone: Host, project: Path, tmp_path: Path) -> None:
    """What a declared channel declares is found too, and named with the one that declares it."""
    top = write_repodata(tmp_path / "top", [Package("zlib", noarch="generic")])
    middle = write_repodata(tmp_path / "middle", [Package("other", noarch="generic")])
    own = write_repodata(tmp_path / "own", [Package("tool", noarch="generic", depends=["zlib"])])
    _declare(middle, base="../top")
    _declare(own, base="../middle")
    write(project, own, "tool", platforms="[linux-64]")
    stderr = alone.multiplat("lock", cwd=project, code=1).stderr
    assert _advice("zlib", top, middle, "base") in stderr


@pytest.mark.parametrize("reference", ["https://elsewhere.example/x", "other", "/other", "..", ""])
def test_no_reference(alone: Host, project: Path, tmp_path: Path, reference: str) -> None:
    """CEP 42 knows relative references alone: what else stands there is no channel."""
    own = write_repodata(tmp_path / "own", [Package("tool", noarch="generic")])
    _declare(own, base=reference)
    write(project, own, "tool", platforms="[linux-64]")
    assert "CEP 42" not in alone.multiplat("lock", cwd=project).stderr


def test_of_no_use(alone: Host, project: Path, tmp_path: Path) -> None:
    """Nothing is said of a channel that isn't there, or that has nothing either."""
    channel = write_repodata(tmp_path / "a", [Package("tool", noarch="generic", depends=["gone"])])
    _declare(channel, base="../nowhere")
    write(project, channel, "tool", platforms="[linux-64]")
    assert "CEP 42" not in alone.multiplat("lock", cwd=project, code=1).stderr
    write_repodata(tmp_path / "nowhere", [Package("zlib", noarch="generic")])
    assert "CEP 42" not in alone.multiplat("lock", cwd=project, code=1).stderr
