"""Where the paths of ``pip:`` count from, and how a lock names what they lead to."""

from __future__ import annotations

import itertools
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.hosts import Host
from support.manifests import write
from support.pypi_index import Index, write_project

_LINKS = {
    "--find-links ./wl": "./wl/",
    "--find-links wl": "./wl/",
    "-f wl/": "./wl/",
    "-f=./wl/../wl": "./wl/",
    "--find-links=file:./wl": "./wl/",
    "-f file:wl": "./wl/",
    "--find-links '../repo/wl'": "./wl/",
    "--find-links page.html": "./wl/",
    "--index-url ./index/simple": "./index/files/",
    "--index-url=file:index/simple": "./index/files/",
}


def _entries(*entries: str) -> str:
    return "pip:\n" + "\n".join(f'      - "{entry}"' for entry in entries)


def _urls(folder: Path) -> dict[str, str]:
    data: dict[str, Any] = yaml.safe_load((folder / "conda-lock.yml").read_text(encoding="utf-8"))
    return {
        package["name"]: package["url"]
        for package in data["package"]
        if package["manager"] == "pip"
    }


def _repository(folder: Path) -> Path:
    """A repository with wheels in ``wl``, a page of them, an index, and projects."""
    index = Index(folder / "index")
    (folder / "wl").mkdir()
    for name in ("alpha", "beta"):
        shutil.copy(index.wheel(name), folder / "wl")
    links = "".join(f'<a href="wl/{wheel.name}">x</a>' for wheel in (folder / "wl").iterdir())
    (folder / "page.html").write_text(f"<html><body>{links}</body></html>", encoding="utf-8")
    write_project(folder / "sub" / "here", "here", "0.1")
    write_project(folder / "there", "there", "0.2")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("entry", _LINKS)
def test_locks_of_a_repository_are_the_same_wherever_it_is(
    alone: Host, tmp_path: Path, channel: Path, entry: str
) -> None:
    """Paths in the lock count from it, whatever form says where wheels are."""
    locks = []
    first = _repository(tmp_path / "one" / "repo")
    for name in ("one", "another/machine"):
        folder = tmp_path / name / "repo"
        if not folder.exists():
            folder.parent.mkdir(parents=True)
            shutil.copytree(first, folder, ignore=shutil.ignore_patterns("conda-lock.yml"))
        (folder / ".git").mkdir(exist_ok=True)
        only = "--pre" if "index" in entry else "--no-index"
        entries = _entries(only, entry, "alpha", "beta")
        entries += '\n      - "-e ./sub/here"\n      - there/'
        write(folder, channel, "python 3.12.*", entries, platforms="[linux-64, osx-arm64]")
        alone.multiplat("lock", cwd=folder)
        locks.append((folder / "conda-lock.yml").read_bytes())
        assert os.fsencode(tmp_path / name) not in locks[-1].replace(os.fsencode(channel), b"")
    assert locks[0] == locks[1]
    place = _LINKS[entry]
    assert _urls(folder) == {
        "alpha": f"{place}alpha-1.0-py3-none-any.whl",
        "beta": f"{place}beta-1.0-py3-none-any.whl",
        "here": "./sub/here#editable",
        "there": "./there",
    }
    alone.multiplat("check", cwd=folder)


def test_what_is_absolute_in_the_manifest_is_so_in_the_lock(
    alone: Host, tmp_path: Path, channel: Path
) -> None:
    """The same wherever the manifest is; what is given by a relative path beside it is not."""
    shared = _repository(tmp_path / "shared")
    shutil.copy(Index(tmp_path / "more").wheel("direct"), tmp_path / "shared")
    locks = []
    for name in ("a", "b/c"):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        (folder / ".git").mkdir()
        (folder / "mine").mkdir()
        shutil.copy(Index(tmp_path / name / "index").wheel("gamma"), folder / "mine")
        entries = _entries(
            *("--no-index", f"--find-links {shared / 'wl'}", "-f mine", "alpha", "gamma"),
            *(f"{shared / 'there'}", f"-e {shared / 'sub' / 'here'}"),
            f"direct @ {(shared / 'direct-1.0-py3-none-any.whl').as_uri()}",
        )
        write(folder, channel, "python 3.12.*", entries, platforms="[linux-64]")
        alone.multiplat("lock", cwd=folder)
        locks.append((folder / "conda-lock.yml").read_bytes())
        assert _urls(folder) == {
            "alpha": (shared / "wl" / "alpha-1.0-py3-none-any.whl").as_uri(),
            "direct": (shared / "direct-1.0-py3-none-any.whl").as_posix(),
            "gamma": "./mine/gamma-1.0-py3-none-any.whl",
            "here": f"{(shared / 'sub' / 'here').as_posix()}#editable",
            "there": (shared / "there").as_posix(),
        }
        alone.multiplat("check", cwd=folder)
    assert locks[0] == locks[1]


_OF_B = {
    "-e ./x": {"x": "{b}/x#editable"},
    "-e .": {"b": "{b}#editable"},
    "--editable=x[nothing]": {"x": "{b}/x#editable"},
    "./x": {"x": "{b}/x"},
    "x/": {"x": "{b}/x"},
    "file:./x": {"x": "{b}/x"},
    "x @ ./x": {"x": "{b}/x"},
    "x @ file:x": {"x": "{b}/x"},
    "./x ; sys_platform == 'linux'": {"x": "{b}/x"},
    "wl/alpha-1.0-py3-none-any.whl": {"alpha": "{b}/wl/alpha-1.0-py3-none-any.whl"},
    "alpha @ wl/alpha-1.0-py3-none-any.whl": {"alpha": "{b}/wl/alpha-1.0-py3-none-any.whl"},
    "alpha --find-links ./wl": {"alpha": "{b}/wl/alpha-1.0-py3-none-any.whl"},
    "alpha -f wl": {"alpha": "{b}/wl/alpha-1.0-py3-none-any.whl"},
    "alpha -f file:wl -c c.txt": {"alpha": "{b}/wl/alpha-1.0-py3-none-any.whl"},
    "-r r.txt": {
        "x": "{b}/x#editable",
        "alpha": "{b}/wl/alpha-1.0-py3-none-any.whl",
    },
    "-r sub/r.txt": {"y": "{b}/sub/y", "x": "{b}/x"},
}
_PLACES = [("a", "b", "../b"), (".", "b", "./b"), ("deep/a", "b", "../../b"), ("a", ".", "..")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("entry", "places"),
    # each form beside one pair of folders, each pair beside several forms
    list(zip(_OF_B, itertools.cycle(_PLACES), strict=False)),
    ids=list(_OF_B),
)
def test_paths_count_from_the_file_that_has_them(
    alone: Host, project: Path, channel: Path, entry: str, places: tuple[str, str, str]
) -> None:
    """Of several manifests, each one's paths from its own folder; the lock is the first one's."""
    first, second, shown = places
    for name in (first, second):
        (project / name).mkdir(exist_ok=True, parents=True)
    b = project / second
    shutil.copytree(_repository(project.parent / "made") / "wl", b / "wl")
    write_project(b, "b", "0.3")
    write_project(b / "x", "x", "0.1")
    write_project(b / "sub" / "y", "y", "0.2")
    (b / "c.txt").write_text("alpha==1.0\n", encoding="utf-8")
    (b / "r.txt").write_text("-e ./x\nalpha\n--find-links wl\n-c c.txt\n", encoding="utf-8")
    (b / "sub" / "r.txt").write_text("./y\nx/\n", encoding="utf-8")
    write(project / first, channel, "python 3.12.*", platforms="[linux-64]", file="first.yml")
    entries = _entries("--no-index", entry)
    write(b, channel, entries, platforms="[linux-64]", file="second.yml")
    files = ("-f", f"{first}/first.yml", f"{second}/second.yml")
    alone.multiplat("lock", *files, cwd=project)
    expected = {name: url.format(b=shown) for name, url in _OF_B[entry].items()}
    assert _urls(project / first) == expected
    alone.multiplat("check", *files, cwd=project)
    here = (project / first / "conda-lock.yml").read_bytes()
    alone.multiplat("lock", *files, "--update-all", cwd=project)
    assert (project / first / "conda-lock.yml").read_bytes() == here


def test_paths_in_a_requirements_file(alone: Host, project: Path, channel: Path) -> None:
    """They count from the file; where nothing is there, from the manifest, as pip has it."""
    write_project(project, "root", "0.1")
    write_project(project / "libs" / "x", "x", "0.2")
    write_project(project / "req" / "y", "y", "0.3")
    write_project(project / "both", "outer", "0.4")
    write_project(project / "req" / "both", "inner", "0.5")
    lines = ("libs/x", "-e y", "./both")
    (project / "req" / "all.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    write(project, channel, "python 3.12.*", _entries("-r req/all.txt"), platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    assert _urls(project) == {
        "x": "./libs/x",
        "y": "./req/y#editable",
        "inner": "./req/both",
    }


def test_what_was_missing_is_named_as_it_counts(alone: Host, project: Path, channel: Path) -> None:
    """An error names the path from where the user stands, at the line of the second file."""
    for name in ("a", "b", "nosuch"):
        (project / name).mkdir()
    write(project / "a", channel, "python 3.12.*", platforms="[linux-64]", file="a.yml")
    entries = _entries("-e ./nosuch", "./nosuch", "--find-links nosuch", "-r nosuch.txt")
    write(project / "b", channel, entries, platforms="[linux-64]", file="b.yml")
    files = ("-f", "a/a.yml", "b/b.yml")
    done = alone.multiplat("lock", *files, cwd=project, code=2)
    assert "b/b.yml:10:9: -r nosuch.txt: b/nosuch.txt does not exist" in done.stderr
    entries = entries.replace('\n      - "-r nosuch.txt"', "")
    write(project / "b", channel, entries, platforms="[linux-64]", file="b.yml")
    done = alone.multiplat("lock", *files, cwd=project, code=2)
    for line in (7, 8, 9):
        assert f"b/b.yml:{line}:9: " in done.stderr
    assert done.stderr.count("there is no b/nosuch") == 2
    assert "neither a folder nor a file: b/nosuch" in done.stderr
