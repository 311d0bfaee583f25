"""What killed runs have left, made by hand: swept where it is nobody's, and only there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR

from conda_multiplat.machine.temporary import sweep, temporary_path

pytestmark = pytest.mark.faults
_HOUR = 3600


def _of_a_dead_process(path: Path) -> Path:
    """A temporary file of a process of ours that is gone."""
    code = (
        "import sys; from pathlib import Path; "
        "from conda_multiplat.machine.temporary import temporary_path; "
        "path = temporary_path(Path(sys.argv[1])); path.touch(); print(path)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
    )
    return Path(done.stdout.strip())


@pytest.mark.parametrize(
    ("name", "age", "goes"),
    [
        (".conda-lock.yml.ab12cd_8", 2 * _HOUR, True),
        (".cuda12.conda-lock.yml.ab12cd_8", 2 * _HOUR, True),
        (".environment.yml.ab12cd_8", 2 * _HOUR, True),
        (".conda-lock.yml.ab12cd_8", 0, False),
        (".conda-lock.yml.swp", 2 * _HOUR, False),
        (".conda-lock.yml.backup", 2 * _HOUR, False),
        ("conda-lock.yml.ab12cd_8", 2 * _HOUR, False),
        (".x.multiplat-00000000-1-ab12cd34", 25 * _HOUR, True),
        (".x.multiplat-00000000-1-ab12cd34", 2 * _HOUR, False),
    ],
)
def test_by_name_and_age(tmp_path: Path, name: str, age: int, *, goes: bool) -> None:
    """Names that only we give, and old enough, where the process can't be known."""
    path = tmp_path / name
    path.touch()
    os.utime(path, (time.time() - age,) * 2)
    sweep(tmp_path)
    assert path.exists() is not goes


def test_by_process(tmp_path: Path) -> None:
    """What a living process is writing stays, what a dead one has left goes at once."""
    dead, living = _of_a_dead_process(tmp_path / "a.yml"), temporary_path(tmp_path / "b.yml")
    living.touch()
    sweep(tmp_path)
    assert not dead.exists()
    assert living.exists()


#: In a container: its processes have numbers of their own, and other files can be the machine's.
_CONTAINER = ("unshare", "--user", "--map-root-user", "--pid", "--fork")


def _why_no_container() -> str:
    if shutil.which(_CONTAINER[0]) is None:
        return "not installed: unshare"
    done = subprocess.run([*_CONTAINER, "true"], capture_output=True, text=True, check=False)
    return f"no namespaces are allowed here: {done.stderr.strip()}" if done.returncode else ""


def test_by_process_in_a_container(tmp_path: Path) -> None:
    """What is being written outside of it stays: a container can't tell who is alive there."""
    if reason := _why_no_container():
        pytest.skip(reason)
    living = temporary_path(tmp_path / "b.yml")
    living.touch()
    code = (
        "import sys; from pathlib import Path; "
        "from conda_multiplat.machine.temporary import sweep; sweep(Path(sys.argv[1]))"
    )
    subprocess.run([*_CONTAINER, sys.executable, "-c", code, tmp_path], check=True)
    assert living.exists()


@pytest.mark.parametrize("command", ["lock", "init", "add"])
def test_the_next_run_sweeps(alone: Host, project: Path, channel: Path, command: str) -> None:
    """Whichever command writes there next, with nothing to write too."""
    if command != "init":
        write(project, channel, "zlib", platforms=f"[{SUBDIR}]")
        alone.multiplat("lock", "-q", cwd=project)
    left = _of_a_dead_process(project / "conda-lock.yml")
    arguments = {"lock": ["lock"], "init": ["init"], "add": ["add", "--no-install", "python"]}
    alone.multiplat(*arguments[command], "-q", cwd=project)
    assert not left.exists()


@pytest.mark.parametrize("left", ["nothing", "temporary", "file", "record", "beside"])
def test_a_prefix_of_nobody(alone: Host, project: Path, real_channel: Path, left: str) -> None:
    """A folder with nothing in it but an empty ``conda-meta`` is installed into; others not."""
    write(project, real_channel, "greeting", platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", "-q", cwd=project)
    prefix = alone.envs / "demo"
    (prefix / "conda-meta").mkdir(parents=True)
    if left == "temporary":
        _of_a_dead_process(prefix / "conda-meta" / "multiplat")
    if left in ("file", "record"):
        (prefix / "conda-meta" / ("notes.txt" if left == "file" else "a-1-0.json")).touch()
    if left == "beside":
        (prefix / "notes.txt").touch()
    ours = left in ("nothing", "temporary")
    done = alone.multiplat("install", "-q", cwd=project, code=0 if ours else 1)
    assert ("not a conda environment" in done.stderr) is not ours


def test_handler_before_imports() -> None:
    """Both signals are taken care of before what takes long to import is imported."""
    code = (
        "import sys, conda_multiplat.__main__, signal; "
        "assert signal.getsignal(signal.SIGTERM).__module__.endswith('.interrupts'); "
        "late = {'argparse', 'yaml', 'rattler', 'asyncio', 'conda_multiplat.cli'}; "
        "print(*late & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("json", [False, True])
@pytest.mark.parametrize(
    ("number", "word", "code"), [(2, "interrupted", 130), (15, "terminated", 143)]
)
def test_what_it_says(number: int, word: str, code: int, *, json: bool) -> None:
    """One word, or one document, in the middle of imports too."""
    program = (
        f"import sys; sys.argv[1:] = {['--json'] if json else []}\n"
        "import conda_multiplat.__main__\n"
        f"import os, time; os.kill(os.getpid(), {number}); time.sleep(5)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    if json:
        import json as reader

        assert reader.loads(done.stdout)["exit_code"] == code
        assert reader.loads(done.stdout)["error"] == word
    else:
        assert done.stderr == f"error: {word}\n"
