"""``info --matrix``: what is locked for which platform, and what it needs."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from support.hosts import Host
from support.packages import Package, write_repodata

from conda_multiplat.cli.show import matrix
from conda_multiplat.lockfile.overview import Cell, Needed

MANIFEST = """\
name: robot
channels:
  - {channel}
platforms: [linux-64, osx-arm64]
dependencies:
  - torch
multiplat:
  environments:
    gpu:
      platforms: [linux-64]
      virtual-packages: {{linux-64: {{cuda: "12.4"}}}}
      dependencies: [cuda-thing]
"""

_ROWS = (
    ("environment", "platform", "packages", "download", "needs", "driver", "builds", "lock"),
    ("default", "linux-64", "1", "23 B", "", "", "CPU: torch", "in sync"),
    ("", "osx-arm64", "1", "23 B", "", "", "CPU: torch", "in sync"),
    (
        "gpu",
        "linux-64",
        "2",
        "49 B",
        "cuda 12.4, glibc 2.17",
        ">= 550.54.14",
        "CUDA: torch",
        "in sync",
    ),
)
_WIDTHS = (11, 9, 8, 8, 21, 12, 11, 7)
TEXT = "".join(f" {'  '.join(map(str.ljust, row, _WIDTHS)).rstrip()}\n" for row in _ROWS)


@pytest.fixture
def locked(alone: Host, project: Path, tmp_path: Path) -> Path:
    """A project of two environments, one of them for CUDA."""
    packages = [
        *(Package("torch", "2.5.1", "cpu_0", subdir) for subdir in ("linux-64", "osx-arm64")),
        Package("torch", "2.5.1", "cuda126_1", "linux-64", depends=["__cuda >=12.1"]),
        Package("cuda-thing", noarch="generic", depends=["torch * cuda*", "__glibc >=2.17"]),
    ]
    channel = write_repodata(tmp_path / "channel", packages)
    text = MANIFEST.format(channel=channel.as_uri())
    (project / "environment.yml").write_text(text, encoding="utf-8")
    alone.multiplat("lock", cwd=project)
    return project


def test_sizes_that_are_not_known(alone: Host, locked: Path, tmp_path: Path) -> None:
    """A lock of an earlier version or of another tool has none: they are not taken for 0."""
    lock = locked / "gpu.conda-lock.yml"
    text = lock.read_text(encoding="utf-8")
    assert text.count("\n  # size: ") == 2
    some = text.replace("\n  # size: ", "\n  # was: ", 1)
    none = re.sub(r"\n  # size: .*", "", text)
    for sizes, words in ((some, "over 27 B"), (none, "unknown")):
        section = sizes[sizes.index("package:") :].encode()
        old = re.search(r"packages-sha256: (\w+)", sizes)
        assert old
        head = sizes.replace(old[1], hashlib.sha256(section).hexdigest())
        lock.write_text(re.sub("    multiplat.metadata-sha256: .*\n", "", head), "utf-8")
        row = alone.multiplat("info", "--matrix", cwd=locked).stdout.splitlines()[-1]
        assert re.split(r" {2,}", row.strip())[2:4] == ["2", words], row
    (*_, gpu) = alone.json("info", "--matrix", cwd=locked)["matrix"]
    assert gpu["download"] == {"bytes": 0, "of_unknown_size": 2}


def test_text(alone: Host, locked: Path) -> None:
    """Columns, and a lock that no longer answers the manifest."""
    assert alone.multiplat("info", "--matrix", cwd=locked).stdout == TEXT
    manifest = locked / "environment.yml"
    manifest.write_text(
        manifest.read_text("utf-8").replace(
            "  - torch\n", "  - torch >=3  # [osx]\n  - torch  # [linux]\n"
        ),
        encoding="utf-8",
    )
    (locked / "gpu.conda-lock.yml").unlink()
    lines = alone.multiplat("info", "--matrix", cwd=locked).stdout.splitlines()
    assert [line.split("  ")[-1].strip() for line in lines] == [
        "lock",
        "in sync",
        "out of date",
        "not locked",
    ]


def test_markdown_and_json(alone: Host, locked: Path) -> None:
    """For a pull request, and for programs."""
    lines = alone.multiplat("info", "--markdown", cwd=locked).stdout.splitlines()
    assert lines[2] == "| default | linux-64 | 1 | 23 B |  |  | CPU: torch | in sync |"
    assert lines[4].startswith(
        "| gpu | linux-64 | 2 | 49 B | cuda 12.4, glibc 2.17 | &#62;= 550.54.14 |"
    )
    (*_, gpu) = alone.json("info", "--matrix", cwd=locked)["matrix"]
    assert gpu == {
        "environment": "gpu",
        "platform": "linux-64",
        "state": "in sync",
        "packages": {"conda": 2, "pypi": 0},
        "download": {"bytes": 49, "of_unknown_size": 0},
        "needs": {"cuda": "12.4", "glibc": "2.17"},
        "driver": "550.54.14",
        "cuda_builds": ["torch 2.5.1"],
        "cpu_builds": [],
    }


def test_html(alone: Host, locked: Path) -> None:
    """One page, which loads nothing from anywhere."""
    page = alone.multiplat("info", "--html", cwd=locked).stdout
    assert page.startswith("<!doctype html>\n")
    assert page.count("<tr>") == 4
    assert not re.search(r"<script|<link|src=|href=|url\(|@import|https?:", page)


def test_names_are_no_html() -> None:
    """What a lock says is shown, and does nothing."""
    cell = Cell("<b>", "linux-64", "in sync", 1, needs=(Needed("cuda", "<script>"),))
    page = matrix.html([cell], "<i>")
    assert "<td>&lt;b&gt;</td>" in page
    assert "<td>cuda &lt;script&gt;</td>" in page
    assert "<title>&lt;i&gt;</title>" in page
    assert matrix.markdown([cell])[-1] == (
        "| &#60;b&#62; | linux-64 | 1 | cuda &#60;script&#62; | in sync |"
    )
