"""Repodata v3 (CEP 48): conditions, extras and flags, in records and in the manifest's lines."""

from __future__ import annotations

from pathlib import Path

import pytest
import rattler
import yaml
from support.hosts import Host
from support.manifests import locked, write

from conda_multiplat.engines.conda.specs import check_spec
from conda_multiplat.vocabulary.match_spec import parse_spec

CHANNEL = Path(__file__).parents[2] / "cases" / "v3-channel"
TWO = "[linux-64, win-64]"


def _lock(host: Host, project: Path, *lines: str) -> dict[str, dict[str, dict[str, str]]]:
    """What is locked: platform -> package -> dependencies."""
    write(project, CHANNEL, *(f"'{line}'" for line in lines), platforms=TWO)
    host.multiplat("lock", cwd=project)
    assert host.multiplat("check", cwd=project).stdout == "in sync: conda-lock.yml\n"
    data = yaml.safe_load((project / "conda-lock.yml").read_text(encoding="utf-8"))
    needs: dict[str, dict[str, dict[str, str]]] = {"linux-64": {}, "win-64": {}}
    for package in data["package"]:
        for name, constraint in package["dependencies"].items():
            rattler.MatchSpec(f"{name} {constraint}".strip(), strict=True)
        needs[package["platform"]][package["name"]] = package["dependencies"]
    return needs


def test_condition_of_a_platform(alone: Host, project: Path) -> None:
    """The one dependency whose condition holds is locked, as a MatchSpec that all can read."""
    needs = _lock(alone, project, "two-platforms")
    assert needs["linux-64"]["two-platforms"] == {"x": ">=2"}
    assert needs["win-64"]["two-platforms"] == {"x": "<2"}
    assert {p: versions["x"] for p, versions in locked(project).items()} == {
        "linux-64": "2.0",
        "win-64": "1.0",
    }


def test_need_under_a_condition(alone: Host, project: Path) -> None:
    """A need of the machine counts where its condition holds, and not elsewhere."""
    needs = _lock(alone, project, "maybe")
    assert needs["linux-64"] == {"maybe": {}}
    write(project, CHANNEL, "maybe", "gpu-support", platforms="[linux-64]")
    done = alone.multiplat("lock", cwd=project, code=1)
    assert "__cuda >=12" in done.stderr
    promise = 'multiplat: {virtual-packages: {linux-64: {cuda: "12.4"}}}\n'
    write(project, CHANNEL, "maybe", "gpu-support", platforms="[linux-64]", extra=promise)
    alone.multiplat("lock", cwd=project)
    text = (project / "conda-lock.yml").read_text(encoding="utf-8")
    assert "    __cuda: '>=12'\n" in text


def test_extras(alone: Host, project: Path) -> None:
    """What an extra needs stands below the package, whoever asks for the extra."""
    assert _lock(alone, project, "uses-extra")["linux-64"] == {
        "uses-extra": {"app": ""},
        "app": {"x": ""},
        "x": {},
    }
    assert alone.multiplat("tree", "--platform", "linux-64", cwd=project).stdout == (
        "default/linux-64\n"
        "uses-extra 1.0  ← environment.yml:6:5  uses-extra\n"
        "└── app 1.0\n"
        "    └── x 2.0\n"
    )
    stdout = alone.multiplat("why", "x", "--platform", "linux-64", cwd=project).stdout
    assert "uses-extra → app → x" in stdout
    assert _lock(alone, project, "app[extras=[plot]]")["linux-64"] == {"app": {"x": ""}, "x": {}}
    assert _lock(alone, project, "app")["linux-64"] == {"app": {}}


def test_condition_of_a_line(alone: Host, project: Path) -> None:
    """A line of the manifest counts where its condition holds, under strict priority too."""
    assert _lock(alone, project, 'x[when="gpu-support"]') == {"linux-64": {}, "win-64": {}}
    line = 'x[when="gpu-support or (__unix and maybe)"]'
    assert _lock(alone, project, line, "maybe") == {
        "linux-64": {"x": {}, "maybe": {}},
        "win-64": {"maybe": {}},
    }


@pytest.mark.parametrize(
    "text",
    [
        "app[extras=[plot]]",
        'app >=1[extras=["plot", "more-1"]]',
        'app[version=">=1",flags=["cuda", "blas:*"],extras=plot]',
        'app[when="python >=3.10 and (__unix or __win)"]',
        "app[when='python[version=\">=3.10\"]']",
    ],
)
def test_lines(text: str) -> None:
    """What we make of a line, rattler reads as it reads the line itself."""
    ours, theirs = parse_spec(text).text(), rattler.MatchSpec(text, strict=False)
    assert check_spec(text) is None
    assert str(rattler.MatchSpec(ours, strict=True)) == str(theirs)  # it knows no equality
    assert parse_spec(ours).text() == ours


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("app[extras=[a b]]", "invalid item in extras: 'a b'; write extras=[one, other]"),
        ("app[flags=[A]]", "invalid item in flags: 'A'; write flags=[one, other]"),
        ("app[version=[1]]", "'version=[1]' in brackets is not key=value"),
        ('app[when="a and"]', "a MatchSpec is missing in the condition 'a and'"),
        ("app[when='b[when=\"c\"]']", "a condition can't contain a condition: 'b[when=\"c\"]'"),
    ],
)
def test_no_such_lines(text: str, message: str) -> None:
    """What is wrong with them is said."""
    assert check_spec(text) == message
