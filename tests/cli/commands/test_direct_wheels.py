"""Wheels by URL or path are locked only where they can run; else the marker to add is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from support.hosts import Host
from support.manifests import write
from support.pypi_index import Index, write_project

_ALL = "[linux-64, osx-arm64, win-64]"
#: A wheel's tag, the platforms, where it fits, and what the error says to write.
_CASES = [
    ("cp312-cp312-manylinux_2_17_x86_64", _ALL, ["linux-64"], 'sys_platform == "linux"'),
    ("cp312-cp312-manylinux2014_x86_64", _ALL, ["linux-64"], 'sys_platform == "linux"'),
    ("cp312-cp312-linux_x86_64", _ALL, ["linux-64"], 'sys_platform == "linux"'),
    ("py3-none-macosx_11_0_arm64", _ALL, ["osx-arm64"], 'sys_platform == "darwin"'),
    ("cp312-cp312-macosx_10_13_universal2", _ALL, ["osx-arm64"], 'sys_platform == "darwin"'),
    ("cp312-none-win_amd64", _ALL, ["win-64"], 'sys_platform == "win32"'),
    ("cp39-abi3-win_amd64", _ALL, ["win-64"], 'sys_platform == "win32"'),
    (
        "cp311-cp311-manylinux_2_17_x86_64",
        _ALL,
        [],
        'sys_platform == "linux" and python_version == "3.11"',
    ),
    ("cp311-cp311-manylinux_2_17_x86_64", "[linux-64]", [], 'python_version == "3.11"'),
    ("cp313-abi3-manylinux_2_17_x86_64", "[linux-64]", [], 'python_version >= "3.13"'),
    ("cp311-none-any", "[linux-64, win-64]", [], 'python_version == "3.11"'),
    (
        "cp310.cp311-none-manylinux_2_17_x86_64",
        _ALL,
        [],
        'sys_platform == "linux" and (python_version == "3.10" or python_version == "3.11")',
    ),
    ("py2-none-any", "[linux-64]", [], 'python_version < "3"'),
]


def _entries(*entries: str) -> str:
    return "pip:\n" + "\n".join(f"      - '{entry}'" for entry in entries)


def _locked_on(folder: Path) -> list[str]:
    data = yaml.safe_load((folder / "conda-lock.yml").read_text(encoding="utf-8"))
    return sorted(package["platform"] for package in data["package"] if package["manager"] == "pip")


def _form(number: int, wheel: Path) -> str:
    """One of the forms in which a line names a wheel."""
    forms = (f"native @ ./{wheel.name}", f"./{wheel.name}", wheel.name, wheel.as_uri())
    return forms[number % len(forms)]


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(_CASES)))
def test_wheel_that_cannot_run_there(
    alone: Host, project: Path, tmp_path: Path, channel: Path, number: int
) -> None:
    """It is an error at its line; with the marker that it names, it is locked where it fits."""
    tag, platforms, fits, marker = _CASES[number]
    file = Index(tmp_path / "index").wheel("native", "1.0", tag)
    wheel = project / file.name
    wheel.write_bytes(file.read_bytes())
    line = _form(number, wheel)
    write(project, channel, "python 3.12.*", _entries("--no-index", line), platforms=platforms)
    done = alone.multiplat("lock", cwd=project, code=2)
    assert f"environment.yml:9:9: {wheel.name} can't be installed on default/" in done.stderr
    assert f"add `; {marker}` to the line" in done.stderr
    assert not (project / "conda-lock.yml").exists()
    advice = re.search(r"add `; (.*?)` to the line", done.stderr)
    assert advice
    entries = _entries("--no-index", f"{line} ; {advice[1]}")
    write(project, channel, "python 3.12.*", entries, platforms=platforms)
    alone.multiplat("lock", cwd=project)
    assert _locked_on(project) == fits


def test_machines_of_one_system_are_told_apart(
    alone: Host, project: Path, tmp_path: Path, channel: Path
) -> None:
    """Where two platforms differ by the machine only, the marker has that too."""
    file = Index(tmp_path / "index").wheel("native", "1.0", "py3-none-macosx_11_0_x86_64")
    (project / file.name).write_bytes(file.read_bytes())
    write(project, channel, "python 3.12.*", _entries(f"./{file.name}"), platforms="[osx-arm64]")
    done = alone.multiplat("lock", cwd=project, code=2)
    marker = 'sys_platform == "darwin" and platform_machine == "x86_64"'
    assert f"add `; {marker}` to the line" in done.stderr


def test_newer_system_is_to_be_promised(
    alone: Host, project: Path, tmp_path: Path, channel: Path
) -> None:
    """Where only the system's version is too old, no marker helps but a promise."""
    index = Index(tmp_path / "index")
    names = [
        index.wheel("native", "1.0", tag)
        for tag in ("cp312-cp312-manylinux_2_34_x86_64", "cp312-cp312-macosx_15_0_arm64")
    ]
    for file in names:
        (project / file.name).write_bytes(file.read_bytes())
    lines = [
        f'./{names[0].name} ; sys_platform == "linux"',
        f'native @ ./{names[1].name} ; sys_platform == "darwin"',
    ]
    entries = _entries("--no-index", *lines)
    write(project, channel, "python 3.12.*", entries, platforms="[linux-64, osx-arm64]")
    done = alone.multiplat("lock", cwd=project, code=2)
    assert 'promise glibc: "2.34" for linux-64 under multiplat: virtual-packages' in done.stderr
    assert 'promise osx: "15.0" for osx-arm64 under multiplat: virtual-packages' in done.stderr
    extra = 'multiplat: {virtual-packages: {linux-64: {glibc: "2.34"}, osx-arm64: {osx: "15.0"}}}\n'
    write(
        project, channel, "python 3.12.*", entries, platforms="[linux-64, osx-arm64]", extra=extra
    )
    alone.multiplat("lock", cwd=project)
    assert _locked_on(project) == ["linux-64", "osx-arm64"]


def test_selectors_limit_a_wheel_too(
    alone: Host, project: Path, tmp_path: Path, channel: Path
) -> None:
    """A line that only fitting platforms have needs no marker."""
    file = Index(tmp_path / "index").wheel("native", "1.0", "cp312-cp312-manylinux_2_17_x86_64")
    (project / file.name).write_bytes(file.read_bytes())
    entries = _entries("--no-index") + f"\n      - ./{file.name}  # [linux64]"
    write(project, channel, "python 3.12.*", entries, platforms=_ALL)
    alone.multiplat("lock", cwd=project)
    assert _locked_on(project) == ["linux-64"]


@pytest.mark.parametrize("by", ["folder", "wheel", "nested"])
def test_wheel_that_a_package_names(
    alone: Host, project: Path, tmp_path: Path, channel: Path, by: str
) -> None:
    """What the metadata of a package names by URL is refused at the line that brings it."""
    index = Index(tmp_path / "index")
    native = index.wheel("native", "1.0", "cp312-cp312-manylinux_2_17_x86_64")
    outer = index.wheel("outer", requires=[f"native @ {native.as_uri()}"])
    need = f"outer @ {outer.as_uri()}" if by == "nested" else f"native @ {native.as_uri()}"
    write_project(project / "here", "here", "1.0", [need])
    line = outer.as_uri() if by == "wheel" else "-e ./here"
    write(project, channel, "python 3.12.*", _entries("--no-index", line), platforms=_ALL)
    done = alone.multiplat("lock", cwd=project, code=2)
    asker = "here" if by == "folder" else "outer"
    wrong = (
        f"environment.yml:9:9: {line}: {native.name} can't be installed on "
        f"default/osx-arm64, default/win-64, Python 3.12, and {asker} needs it\n"
    )
    assert wrong in done.stderr
    assert 'add `; sys_platform == "linux"` to the line' in done.stderr
    assert not (project / "conda-lock.yml").exists()
    marker = '; sys_platform == "linux"'
    named = [f"native @ {native.as_uri()} {marker}"] if by != "folder" else []
    limited = _entries("--no-index", f"{line} {marker}", *named)
    write(project, channel, "python 3.12.*", limited, platforms=_ALL)
    alone.multiplat("lock", cwd=project)
    assert set(_locked_on(project)) == {"linux-64"}
    alone.multiplat("check", "--strict", cwd=project)
