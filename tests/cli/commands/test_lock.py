"""``lock`` as a user runs it: through every conda, and without one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import locked, write
from support.packages import SUBDIR, Package, write_repodata
from support.sizes import without_sizes

FRESH = """\
 default  linux-64      4 packages  100 B
          osx-arm64     4 packages  100 B
          win-64        4 packages  100 B
 defaults used (not in the manifest): glibc 2.28, linux 4.18, osx 13.0, win 10.0
 wrote conda-lock.yml (12 different packages, download size 300 B)
"""


def test_first_lock(door: Host, project: Path, channel: Path) -> None:
    """All platforms are solved, written, and said on stderr; stdout stays empty."""
    write(project, channel, "python 3.12.*", "numpy")
    done = door.multiplat("lock", cwd=project)
    assert done.stderr.lstrip("\n") == FRESH
    assert done.stdout.strip() == ""
    everywhere = {"libblas": "3.9.0", "numpy": "2.1.0", "python": "3.12.4", "zlib": "1.3.1"}
    assert locked(project) == dict.fromkeys(("linux-64", "osx-arm64", "win-64"), everywhere)


def test_both_doors_write_the_same_bytes(
    conda: Host, alone: Host, project: Path, channel: Path
) -> None:
    """What a lock holds does not depend on the way in."""
    write(
        project,
        channel,
        "python",
        "scipy",
        extra="multiplat: {environments: {t: {dependencies: [rich-text]}}}\n",
    )
    conda.multiplat("lock", cwd=project)
    first = {path.name: path.read_bytes() for path in project.glob("*conda-lock.yml")}
    for name in first:
        (project / name).unlink()
    alone.multiplat("lock", cwd=project)
    assert {path.name: path.read_bytes() for path in project.glob("*conda-lock.yml")} == first
    assert sorted(first) == ["conda-lock.yml", "t.conda-lock.yml"]


def test_second_lock_changes_nothing(alone: Host, project: Path, channel: Path) -> None:
    """A lock that is in sync is left alone, without a look at the channel."""
    write(project, channel, "numpy")
    alone.multiplat("lock", cwd=project)
    before = _identity(project / "conda-lock.yml")
    write(project, channel, "numpy", extra="# a comment\n")
    done = alone.multiplat("lock", cwd=project, env={"CONDA_OFFLINE": "true"})
    assert done.stderr.endswith(" in sync: nothing to write\n")
    assert _identity(project / "conda-lock.yml") == before


def _identity(path: Path) -> tuple[int, int]:
    return path.stat().st_ino, path.stat().st_mtime_ns


def test_what_fits_is_kept(alone: Host, project: Path, tmp_path: Path) -> None:
    """A newer version moves nothing that still fits; --update moves what it names."""
    old = [Package("a", depends=["b"]), Package("b"), Package("c")]
    own = write_repodata(tmp_path / "own", old)
    write(project, own, "a", platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    write_repodata(own, [*old, Package("a", "2.0", depends=["b"]), Package("b", "2.0")])
    write(project, own, "a", "c", platforms="[linux-64]")
    done = alone.multiplat("lock", cwd=project)
    assert locked(project)["linux-64"] == {"a": "1.0", "b": "1.0", "c": "1.0"}
    assert "   3 packages\n   + c  1.0  linux-64\n" in without_sizes(done.stderr)
    done = alone.multiplat("lock", "--update", "b", cwd=project)
    assert locked(project)["linux-64"] == {"a": "1.0", "b": "2.0", "c": "1.0"}
    assert "   3 packages\n   ↑ b  1.0 → 2.0  linux-64\n" in without_sizes(done.stderr)
    alone.multiplat("lock", "--update-all", cwd=project)
    assert locked(project)["linux-64"] == {"a": "2.0", "b": "2.0", "c": "1.0"}


def test_record_that_left_its_channel_is_not_kept(
    alone: Host, project: Path, tmp_path: Path
) -> None:
    """A locked package that the channel took back is solved again."""
    own = write_repodata(tmp_path / "own", [Package("a"), Package("a", "1.1"), Package("c")])
    write(project, own, "a", platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    write_repodata(own, [Package("a"), Package("c")])
    write(project, own, "a", "c", platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    assert locked(project)["linux-64"] == {"a": "1.0", "c": "1.0"}


def test_one_platform_leaves_the_others_byte_for_byte(
    alone: Host, project: Path, channel: Path
) -> None:
    """--platform touches no other platform's records nor their content hash."""
    write(project, channel, "python 3.11.*")
    alone.multiplat("lock", cwd=project)
    before = (project / "conda-lock.yml").read_text(encoding="utf-8")
    write(project, channel, "python 3.12.*")
    alone.multiplat("lock", "--platform", "osx-arm64", cwd=project)
    after = (project / "conda-lock.yml").read_text(encoding="utf-8")
    assert locked(project)["osx-arm64"]["python"] == "3.12.4"
    for subdir in ("linux-64", "win-64"):
        assert _records(before, subdir) == _records(after, subdir)
        line = next(line for line in before.splitlines() if line.startswith(f"    {subdir}: "))
        assert line in after.splitlines()


def _records(text: str, subdir: str) -> list[str]:
    return [record for record in text.split("\n- name: ") if f"\n  platform: {subdir}\n" in record]


def test_platforms_of_earlier_runs_stay(alone: Host, project: Path, channel: Path) -> None:
    """Without ``platforms:`` each run adds its own to the lock."""
    write(project, channel, "zlib", platforms="")
    for subdir in ("osx-arm64", "win-64"):
        done = alone.multiplat("lock", "--platform", subdir, cwd=project)
        assert done.stderr.startswith(f"assumed the platform {subdir}: ")
    assert sorted(locked(project)) == ["osx-arm64", "win-64"]


def test_combined_files_are_remembered(alone: Host, project: Path, channel: Path) -> None:
    """A lock of several files is renewed from the same files, and names them from its folder."""
    write(project, channel, "zlib", platforms="[linux-64]")
    (project / "more").mkdir()
    write(project / "more", channel, "python", platforms="[linux-64]")
    alone.multiplat("lock", "-f", "../environment.yml", "environment.yml", cwd=project / "more")
    text = (project / "conda-lock.yml").read_text(encoding="utf-8")
    assert "  sources:\n  - environment.yml\n  - more/environment.yml\n" in text
    done = alone.multiplat("lock", cwd=project)
    assert done.stderr.endswith(" in sync: nothing to write\n")


def test_configured_priority_does_not_renew_a_lock(
    alone: Host, project: Path, channel: Path
) -> None:
    """A colleague with another channel_priority changes nothing; --channel-priority does."""
    write(project, channel, "zlib", platforms="[linux-64]")
    alone.multiplat("lock", cwd=project, env={"CONDA_CHANNEL_PRIORITY": "strict"})
    done = alone.multiplat("lock", cwd=project, env={"CONDA_CHANNEL_PRIORITY": "disabled"})
    assert done.stderr.endswith(" in sync: nothing to write\n")
    alone.multiplat("lock", "--channel-priority", "disabled", cwd=project)
    text = (project / "conda-lock.yml").read_text(encoding="utf-8")
    assert "multiplat.channel-priority: disabled\n" in text


def test_categories_reach_the_lock(alone: Host, project: Path, channel: Path) -> None:
    """``category`` marks what only its file asks for; a change of it is seen."""
    write(project, channel, "zlib", platforms="[linux-64]")
    for category in ("dev", "docs"):
        extra = f"category: {category}\n"
        write(project, channel, "python", platforms="[linux-64]", file="more.yml", extra=extra)
        alone.multiplat("lock", "-f", "environment.yml", "more.yml", cwd=project)
        text = (project / "conda-lock.yml").read_text(encoding="utf-8")
        assert [line.split()[1] for line in text.splitlines() if "  category:" in line] == [
            category,
            "main",
        ]


def test_unsolvable_target(alone: Host, project: Path, channel: Path) -> None:
    """The conflict names target and lines; the others are called solvable; no file moves."""
    write(project, channel, "numpy", "python 3.12.*")
    alone.multiplat("lock", cwd=project)
    before = (project / "conda-lock.yml").read_bytes()
    write(project, channel, "zlib", "numpy", "python 3.12.*", "old-tool  # [osx]")
    done = alone.multiplat("lock", cwd=project, code=1)
    lines = done.stderr.splitlines()
    assert lines[:3] == [
        "error: no solution for default/osx-arm64",
        "  environment.yml:8:5  python 3.12.*",
        "  environment.yml:9:5  old-tool",
    ]
    assert lines[-2:] == [
        "  solvable: default/linux-64, default/win-64",
        "  no file was changed",
    ]
    assert "python <3.12" in done.stderr
    assert (project / "conda-lock.yml").read_bytes() == before


def test_unknown_package(alone: Host, project: Path, channel: Path) -> None:
    """A name that the channel does not have is met with names that it has."""
    write(project, channel, "nunpy", platforms="[linux-64]")
    done = alone.multiplat("lock", cwd=project, code=1)
    assert done.stderr == (
        "error: no solution for default/linux-64\n"
        "  environment.yml:6:5  nunpy\n"
        f"      no package 'nunpy' in {channel.as_uri()}\n"
        "      did you mean 'numpy'?\n"
        "  no file was changed\n"
    )
    assert not (project / "conda-lock.yml").exists()


def test_alike_conflicts_are_shown_once(alone: Host, project: Path, channel: Path) -> None:
    """Platforms that fail for one reason share one explanation."""
    write(project, channel, "python 3.12.*", "old-tool")
    done = alone.multiplat("lock", cwd=project, code=1)
    assert done.stderr.startswith(
        "error: no solution for default on all platforms\n  environment.yml:6:5  python 3.12.*\n"
    )
    assert "default/linux-64" not in done.stderr
    assert done.stderr.count("environment.yml:7:5  old-tool") == 1


def test_conflict_as_json(door: Host, project: Path, channel: Path) -> None:
    """With --json an error is one document on stdout, with the same exit code."""
    write(project, channel, "numpi", "zlib", platforms="[linux-64]")
    document = door.json("lock", cwd=project, code=1)
    assert document["success"] is False
    assert document["exit_code"] == 1
    assert document["conflicts"] == [
        {
            "target": "default/linux-64",
            "requirements": [{"spec": "numpi", "file": "environment.yml", "line": 6}],
            "suggestions": {"numpi": ["numpy"]},
            "explanation": "",
            "agreement": [],
            "fix": "",
        }
    ]


_ONE_PACKAGE = {
    "packages": 1,
    "pypi": 0,
    "download": {"bytes": 21, "of_unknown_size": 0},
    "changes": [],
}


def test_answer_as_json(door: Host, project: Path, channel: Path) -> None:
    """With --json the answer says what was written and what changed."""
    write(project, channel, "zlib", platforms="[linux-64]")
    assert door.json("lock", cwd=project) == {
        "success": True,
        "dry_run": False,
        "files": ["conda-lock.yml"],
        "environments": {"default": {"linux-64": _ONE_PACKAGE}},
    }


def test_dry_run_writes_nothing(alone: Host, project: Path, channel: Path) -> None:
    """--dry-run solves and says what it would write."""
    write(project, channel, "zlib")
    done = alone.multiplat("lock", "--dry-run", cwd=project)
    summary = "(3 different packages, download size 63 B)"
    assert done.stderr.endswith(f" would write conda-lock.yml {summary}\n")
    assert sorted(path.name for path in project.iterdir()) == [".git", "environment.yml"]


def test_quiet(door: Host, project: Path, channel: Path) -> None:
    """-q says nothing but errors."""
    write(project, channel, "zlib")
    assert door.multiplat("lock", "-q", cwd=project).stderr.strip() == ""
    assert (project / "conda-lock.yml").exists()


def test_bad_manifest(door: Host, project: Path, channel: Path) -> None:
    """Every problem of the file at once, exit code 2, through every door."""
    write(
        project, channel, "numpy >>1", "- 3", platforms="[linux-65]", extra="multiplat: {envs: 1}\n"
    )
    done = door.multiplat("lock", cwd=project, code=2)
    assert [line for line in done.stderr.splitlines() if line.startswith("  environment.yml:")] == [
        "  environment.yml:4:13: unknown platform 'linux-65'",
        "  environment.yml:6:5: not a MatchSpec: 'numpy >>1' "
        "('>>' is not an operator; use one of == != <= >= ~= = < >)",
        "  environment.yml:7:5: a dependency is a list",
        "  environment.yml:8:13: unknown key 'envs' in multiplat",
    ]


def test_promised_virtual_packages(alone: Host, project: Path, channel: Path) -> None:
    """What the environment promises counts; what the locking machine has does not."""
    extra = """\
multiplat:
  environments:
    gpu:
      platforms: [linux-64]
      virtual-packages: {linux-64: {cuda: "12.4"}}
      dependencies: [needs-cuda, cuda-thing]
"""
    write(project, channel, "zlib", extra=extra)
    cuda = {"CONDA_OVERRIDE_CUDA": "11.0", "CONDA_OVERRIDE_GLIBC": "2.99"}
    alone.multiplat("lock", cwd=project, env=cuda)
    versions = locked(project, "gpu.conda-lock.yml")
    assert versions == {
        "linux-64": {
            "cuda-thing": "12.4",
            "cuda-version": "12.4",
            "needs-cuda": "1.0",
            "zlib": "1.3.1",
        }
    }
    text = (project / "gpu.conda-lock.yml").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if "multiplat.needs.linux-64" in line)
    assert json.loads(line.split("'")[1]) == {
        "__cuda >=12": {"constrains": ["cuda-version"], "depends": ["needs-cuda"]}
    }


def test_selectors_and_several_files(alone: Host, project: Path, channel: Path) -> None:
    """Files combine; a later file's spec for a package replaces the earlier one's."""
    write(project, channel, "python 3.11.*", "only-unix  # [unix]")
    write(project, channel, "python 3.12.*", "sel(win): rich-text", file="more.yaml")
    alone.multiplat("lock", "-f", "environment.yml", "more.yaml", cwd=project)
    locks = locked(project)
    assert {subdir: locks[subdir]["python"] for subdir in locks} == dict.fromkeys(locks, "3.12.4")
    assert {subdir for subdir in locks if "only-unix" in locks[subdir]} == {"linux-64", "osx-arm64"}
    assert {subdir for subdir in locks if "rich-text" in locks[subdir]} == {"win-64"}


def test_manifest_is_found_upwards(alone: Host, project: Path, channel: Path) -> None:
    """From a subfolder the nearest manifest up to the git root is used, and locked beside it."""
    write(project, channel, "zlib", platforms="[linux-64]", file="environment.yaml")
    inside = project / "src" / "deep"
    inside.mkdir(parents=True)
    alone.multiplat("lock", cwd=inside)
    assert (project / "conda-lock.yml").exists()


def test_no_manifest(alone: Host, project: Path) -> None:
    """Without a manifest: exit code 2 and how to name one."""
    done = alone.multiplat("lock", cwd=project, code=2)
    assert done.stderr == (
        f"error: no environment.yml or environment.yaml in {project}\n"
        "  looked in the folders above too, up to the git repository's root\n"
        "  name the file with -f FILE\n"
        "  or create one: conda multiplat init\n"
    )


def test_channel_named_in_a_spec(alone: Host, project: Path, channel: Path, tmp_path: Path) -> None:
    """``channel::name`` takes a package from that channel, whichever is preferred."""
    other = write_repodata(tmp_path / "other", [Package("zlib", "9.9", subdir="linux-64")])
    extra = f"custom_channels: {{special: {other.parent.as_uri()}}}\n"
    (alone.home / ".condarc").write_text(extra.replace("special", "other"), encoding="utf-8")
    write(project, channel, "other::zlib", "python", platforms="[linux-64]")
    done = alone.multiplat("lock", cwd=project, code=1)
    assert "zlib" in done.stderr
    write(project, channel, "other::zlib", platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    assert locked(project)["linux-64"] == {"zlib": "9.9"}


@pytest.mark.parametrize(("priority", "version"), [("strict", "1.0"), ("disabled", "2.0")])
def test_channel_priority(
    alone: Host, project: Path, tmp_path: Path, priority: str, version: str
) -> None:
    """--channel-priority decides between an older package of the first channel and a newer one."""
    first = write_repodata(tmp_path / "first", [Package("a")])
    second = write_repodata(tmp_path / "second", [Package("a", "2.0")])
    write(project, f"{first.as_uri()}\n  - {second.as_uri()}", "a", platforms="[linux-64]")
    alone.multiplat("lock", "--channel-priority", priority, cwd=project)
    assert locked(project)["linux-64"] == {"a": version}


@pytest.mark.parametrize("asked", ["a >=2", "needs-a"])
def test_strict_priority_is_strict(alone: Host, project: Path, tmp_path: Path, asked: str) -> None:
    """What the first channel has is never taken from the second, whatever version is asked for."""
    first = write_repodata(
        tmp_path / "first", [Package("a"), Package("needs-a", depends=("a >=2",))]
    )
    second = write_repodata(tmp_path / "second", [Package("a", "2.0")])
    write(project, f"{first.as_uri()}\n  - {second.as_uri()}", asked, platforms="[linux-64]")
    done = alone.multiplat("lock", "--channel-priority", "strict", cwd=project, code=1)
    assert "strict" in done.stderr
    alone.multiplat("lock", "--channel-priority", "disabled", cwd=project)
    assert locked(project)["linux-64"]["a"] == "2.0"


def test_order_of_lines_means_nothing(alone: Host, project: Path, tmp_path: Path) -> None:
    """Two orders of the same lines give one lock, where either of two packages would do."""
    either = [
        Package("a", "1.0", depends=("b 1.0",)),
        Package("a", "2.0", depends=("b 2.0",)),
        Package("b", "1.0"),
        Package("b", "2.0"),
        Package("c", "1.0", depends=("b 2.0",)),
        Package("c", "2.0", depends=("b 1.0",)),
    ]
    root = write_repodata(tmp_path / "either", either)
    write(project, root, "a", "c", platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    first = (project / "conda-lock.yml").read_bytes()
    (project / "conda-lock.yml").unlink()
    write(project, root, "c", "a", platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    assert (project / "conda-lock.yml").read_bytes() == first


@pytest.mark.slow
def test_conda_lock_reads_it(alone: Host, project: Path, channel: Path) -> None:
    """conda-lock's own models take the file, and its render writes explicit files of it."""
    write(project, channel, "scipy", "rich-text")
    alone.multiplat("lock", cwd=project)
    script = (
        "import pathlib; from conda_lock.lockfile import parse_conda_lock_file; "
        "print(len(parse_conda_lock_file(pathlib.Path('conda-lock.yml')).package))"
    )
    environ = alone.environ()
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=project,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "18\n"
    subprocess.run(
        [
            sys.executable,
            "-m",
            "conda_lock",
            "render",
            "-k",
            "explicit",
            "-p",
            "linux-64",
            "conda-lock.yml",
        ],
        cwd=project,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = (project / "conda-linux-64.lock").read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith("file://") for line in lines) == 6


def test_update_of_what_is_not_locked(alone: Host, project: Path, channel: Path) -> None:
    """--update names what no lock has, with what it has."""
    write(project, channel, "numpy", platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    done = alone.multiplat("lock", "--update", "nunpy", cwd=project, code=2)
    assert done.stderr == "error: can't update what is not locked: nunpy\n  did you mean 'numpy'?\n"


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (
            lambda text: text.replace("- name: zlib", "<<<<<<< ours\n- name: zlib"),
            "has a merge conflict",
        ),
        (lambda text: text[: text.index("package:")], "can't be read"),
        (lambda text: text[: text.index("  url:")] + "  url: [", "can't be read"),
        (lambda text: text.replace("version: 1\n", "version: 9\n", 1), "can't be read"),
    ],
    ids=["conflict", "cut off", "not YAML", "newer"],
)
def test_lock_that_cannot_be_read(
    alone: Host, project: Path, channel: Path, break_it: Callable[[str], str], message: str
) -> None:
    """A broken old lock stops ``lock`` with a way out, and the way out works."""
    write(project, channel, "python", platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    path = project / "conda-lock.yml"
    whole = path.read_text(encoding="utf-8")
    path.write_text(break_it(whole), encoding="utf-8")
    for command in ("lock", "install"):
        done = alone.multiplat(command, cwd=project, code=2)
        assert done.stderr.startswith(f"error: conda-lock.yml {message}\n")
        assert (
            "`conda multiplat lock --update-all`, which does not read the old lock" in done.stderr
        )
    alone.multiplat("lock", "--update-all", cwd=project)
    assert path.read_text(encoding="utf-8") == whole


@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit of file sizes to set")
def test_full_disk(alone: Host, project: Path, channel: Path) -> None:
    """A disk that takes no more: exit code 3, the old lock whole, no temporary file."""
    import resource

    write(project, channel, "zlib", platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    before = (project / "conda-lock.yml").read_bytes()
    write(project, channel, "zlib", "python", platforms="[linux-64]")
    done = subprocess.run(
        [*alone.command, "lock"],
        cwd=project,
        env=alone.environ(),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500)),
    )
    assert done.returncode == 3
    assert done.stderr.endswith(
        "error: can't write conda-lock.yml: File too large\n  the old files are as they were\n"
    )
    assert (project / "conda-lock.yml").read_bytes() == before
    assert sorted(path.name for path in project.iterdir()) == [
        ".git",
        "conda-lock.yml",
        "environment.yml",
    ]


def test_progress_is_drawn_on_a_terminal_only(
    alone: Host, project: Path, real_channel: Path
) -> None:
    """On a terminal ``install`` draws rattler's bars; piped, its output is plain text."""
    pty = pytest.importorskip("pty", reason="there are no pseudo-terminals here")
    write(project, real_channel, "greeting", platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", "-q", cwd=project)
    main, other = pty.openpty()
    environ = {k: v for k, v in alone.environ().items() if k != "NO_COLOR"}
    command = [*alone.command, "install"]
    process = subprocess.Popen(command, cwd=project, env={**environ, "TERM": "xterm"}, stderr=other)
    os.close(other)
    drawn = b""
    while chunk := _read(main):
        drawn += chunk
    os.close(main)
    assert process.wait(timeout=60) == 0
    assert b"\x1b[" in drawn
    assert b"has the 3 packages of default" in drawn
    plain = alone.multiplat("install", "-n", "again", cwd=project).stderr
    assert "\x1b" not in plain


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # Linux says EIO when the other end is closed
        return b""
