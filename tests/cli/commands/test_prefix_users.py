"""A prefix that somebody works in: nobody changes it meanwhile, and who would says who is there."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR, Package, build_channel
from support.terminal import Terminal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no locks")
#: Says that it runs, and ends with its input.
_WAIT = ("sh", "-c", "echo begin; cat")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A channel of three small packages."""
    named = [
        Package(name, noarch="generic", files={f"share/{name}": b"x"})
        for name in ("one", "two", "three")
    ]
    return build_channel(tmp_path_factory.mktemp("used"), named)


@pytest.fixture
def demo(alone: Host, project: Path, packages: Path) -> Path:
    """A project that is locked and installed."""
    write(project, packages, "one", platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", "-q", cwd=project)
    alone.multiplat("install", "-q", cwd=project)
    return project


@contextmanager
def _running(host: Host, project: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A command in the environment, which has begun; at the end it is let end."""
    with subprocess.Popen(
        [*host.command, *words],
        cwd=project,
        env=host.environ(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begin\n"
        yield process
        assert process.stdin is not None
        process.stdin.close()


def _refusal(host: Host, process: int | str, command: str = " ".join(_WAIT)) -> str:
    return (
        f"error: {host.envs / 'demo'} is in use, and would have to change\n"
        f"  by run -- {command} (process {process})\n"
        "  wait until it ends, or install elsewhere with -n NAME or -p PREFIX\n"
    )


def _lock_more(host: Host, project: Path, packages: Path) -> None:
    write(project, packages, "one", "two", platforms=f"[{SUBDIR}]")
    host.multiplat("lock", "-q", cwd=project)


def test_not_changed_under_a_run(alone: Host, demo: Path, packages: Path) -> None:
    """``install``, ``run`` and ``add`` say who is there; what changes nothing goes on."""
    with _running(alone, demo, "run", "--", *_WAIT) as process:
        assert alone.multiplat("run", "--", "echo", "x", cwd=demo).stdout == "x\n"
        alone.multiplat("install", cwd=demo)
        _lock_more(alone, demo, packages)
        refusal = _refusal(alone, process.pid)
        assert alone.multiplat("install", cwd=demo, code=1).stderr == refusal
        done = alone.multiplat("run", "--", "true", cwd=demo, code=1)
        assert done.stderr == f"{refusal}  --no-install uses it as it is\n"
        assert alone.multiplat("run", "--no-install", "--", "echo", "y", cwd=demo).stdout == "y\n"
        assert not (alone.envs / "demo/share/two").exists()
    alone.multiplat("install", "-q", cwd=demo)
    assert (alone.envs / "demo/share/two").exists()


def test_all_are_named(alone: Host, demo: Path, packages: Path) -> None:
    """Two at once are there together, one that took the environment as it is among them."""
    with (
        _running(alone, demo, "run", "--", *_WAIT) as one,
        _running(alone, demo, "run", "--no-install", "-n", "demo", "--", *_WAIT) as two,
    ):
        _lock_more(alone, demo, packages)
        stderr = alone.multiplat("install", cwd=demo, code=1).stderr
        assert {f"(process {process.pid})" in stderr for process in (one, two)} == {True}


@pytest.mark.parametrize(
    "end",
    [lambda process: process.kill(), lambda process: process.send_signal(signal.SIGTERM)],
    ids=["SIGKILL", "SIGTERM"],
)
def test_gone_with_the_process(
    alone: Host, demo: Path, packages: Path, end: Callable[[subprocess.Popen[str]], None]
) -> None:
    """However a command ends, nothing of it is in the way afterwards, and its note goes."""
    with _running(alone, demo, "run", "--", "sh", "-c", "echo begin; exec cat") as process:
        end(process)
        process.wait()
    _lock_more(alone, demo, packages)
    alone.multiplat("install", "-q", cwd=demo)
    assert list((alone.envs / "demo/conda-meta/multiplat-users").iterdir()) == []


def test_what_a_command_has_started_counts(alone: Host, demo: Path, packages: Path) -> None:
    """What goes on in the background is still at work in the prefix."""
    code = "exec 5<&0; { echo begin; cat <&5; } &"
    with _running(alone, demo, "run", "--", "sh", "-c", code) as process:
        process.wait()
        _lock_more(alone, demo, packages)
        stderr = alone.multiplat("install", cwd=demo, code=1).stderr
        left = f"{process.pid}, ended, but programs that it started still run"
        assert stderr == _refusal(alone, left, f"sh -c {code}")


def test_own_shell_may_install(alone: Host, demo: Path, packages: Path) -> None:
    """Who installs from within knows that the environment changes under them."""
    _lock_more(alone, demo, packages)
    install = " ".join([*alone.command, "install", "-q"])
    words = ("--no-install", "--", "sh", "-c", f"{install}; echo $?")
    assert alone.multiplat("run", *words, cwd=demo).stdout == "0\n"
    assert (alone.envs / "demo/share/two").exists()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="nothing tells")
def test_who_closes_descriptors_counts(alone: Host, demo: Path, packages: Path) -> None:
    """A program that closes what it inherits, as tcsh does, is in the prefix until it ends."""
    code = "import os; os.closerange(3, 1000); print('begin', flush=True); input()"
    with _running(alone, demo, "run", "--", sys.executable, "-c", code) as process:
        alone.multiplat("run", "--", "true", cwd=demo)  # removes the notes of who has gone
        _lock_more(alone, demo, packages)
        stderr = alone.multiplat("install", cwd=demo, code=1).stderr
        assert f" (process {process.pid})\n" in stderr
    alone.multiplat("install", "-q", cwd=demo)


def test_own_background_may_install(alone: Host, demo: Path, packages: Path) -> None:
    """It is still from within where what began it has ended, as under a terminal multiplexer."""
    _lock_more(alone, demo, packages)
    install = " ".join([*alone.command, "install", "-q"])
    code = f"(while kill -0 $$; do sleep 0.05; done 2>&-; {install}; echo $?) &"
    words = ("--no-install", "--", "sh", "-c", code)
    assert alone.multiplat("run", *words, cwd=demo).stdout == "0\n"
    assert (alone.envs / "demo/share/two").exists()


def test_logins_are_not_noted(alone: Host, demo: Path) -> None:
    """What a URL in a command has of them stays out of the note."""
    word = "https://me:secret@conda.example.com/t/tk-1/x"
    alone.multiplat("run", "--", "true", word, cwd=demo)
    (note,) = (alone.envs / "demo/conda-meta/multiplat-users").iterdir()
    text = note.read_text(encoding="utf-8")
    assert "conda.example.com" in text
    assert "secret" not in text


def test_where_nothing_can_be_noted(alone: Host, demo: Path, packages: Path) -> None:
    """Who may not write in a prefix holds it all the same, without a name."""
    (alone.envs / "demo/conda-meta/multiplat-users").write_text("no folder\n", encoding="utf-8")
    with _running(alone, demo, "run", "--", *_WAIT):
        assert alone.multiplat("run", "--", "echo", "x", cwd=demo).stdout == "x\n"
        _lock_more(alone, demo, packages)
        stderr = alone.multiplat("install", cwd=demo, code=1).stderr
        assert "  by a `run` or `shell` of a user without write permission there\n" in stderr
    alone.multiplat("install", "-q", cwd=demo)


def test_notes_do_not_pile_up(alone: Host, demo: Path) -> None:
    """Each run removes what earlier ones have left."""
    for _ in range(3):
        alone.multiplat("run", "--", "true", cwd=demo)
    assert len(list((alone.envs / "demo/conda-meta/multiplat-users").iterdir())) == 1


def test_scripts_descriptors_are_free(alone: Host, demo: Path) -> None:
    """What says that somebody is there is none of those that a script opens by number."""
    code = "import os; print([d for d in range(3, 100) if os.path.exists(f'/dev/fd/{d}')])"
    code += "; print(os.path.exists('/dev/fd/0'))"
    done = subprocess.run(
        [*alone.command, "run", "--", sys.executable, "-c", code],
        cwd=demo,
        env=alone.environ(),
        capture_output=True,
        encoding="utf-8",
        check=True,
        close_fds=True,
    )
    assert done.stdout == "[]\nTrue\n"


def _refusal_to_follow(host: Host, process: int) -> str:
    first, who, *_ = _refusal(host, process).splitlines(keepends=True)
    return f"{first}{who}  wait until it ends, or use --no-install\n  no file was changed\n"


@pytest.mark.parametrize("words", [("add", "three"), ("remove", "one")], ids=lambda words: words[0])
def test_edits_change_nothing(alone: Host, demo: Path, words: tuple[str, ...]) -> None:
    """Manifest and locks stay where the environment could not follow, and no change is shown."""
    files = [demo / "environment.yml", demo / "conda-lock.yml"]
    before = [path.read_bytes() for path in files]
    with _running(alone, demo, "run", "--", *_WAIT) as process:
        done = alone.multiplat(*words, cwd=demo, code=1)
        assert (done.stdout, done.stderr) == ("", _refusal_to_follow(alone, process.pid))
        assert [path.read_bytes() for path in files] == before
        assert "would write" in alone.multiplat(*words, "--dry-run", cwd=demo).stderr
        alone.multiplat(*words, "--no-install", cwd=demo)
        assert [path.read_bytes() for path in files] != before


@pytest.mark.slow
@pytest.mark.parametrize("command", ["update", "upgrade"])
def test_updates_change_nothing(alone: Host, project: Path, tmp_path: Path, command: str) -> None:
    """The same of locks alone; of a run that locks, what it has written is said."""
    files = {"share/tool": b"x"}
    tools = [
        Package("tool", version, noarch="generic", files=files) for version in ("1.0", "2.0", "3.0")
    ]
    own = build_channel(tmp_path / "tools", tools[:1])
    write(project, own, "tool", platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", "-q", cwd=project)
    alone.multiplat("install", "-q", cwd=project)
    build_channel(own, tools[:2])
    lock = project / "conda-lock.yml"
    before = lock.read_bytes()
    with _running(alone, project, "run", "--", *_WAIT) as process:
        done = alone.multiplat(command, cwd=project, code=1)
        assert (done.stdout, done.stderr) == ("", _refusal_to_follow(alone, process.pid))
        assert lock.read_bytes() == before
        alone.multiplat(command, "--dry-run", cwd=project)
        alone.multiplat(command, "--no-install", cwd=project)
        assert lock.read_bytes() != before
        write(project, own, "tool <2", platforms=f"[{SUBDIR}]")
        before = lock.read_bytes()
        alone.multiplat("run", "--", "true", cwd=project)  # what it was installed with fits
        assert lock.read_bytes() != before
        write(project, own, "tool >=2", platforms=f"[{SUBDIR}]")
        done = alone.multiplat("run", "--", "true", cwd=project, code=1)
        assert done.stderr.endswith("  --no-install uses it as it is\n  the new locks are kept\n")
    assert alone.json("install", cwd=project)["changes"][0]["new"]["version"] == "2.0"


def test_shell_is_in_it(alone: Host, demo: Path, packages: Path) -> None:
    """A shell counts until it is left."""
    command = [*alone.command, "shell", "--shell", "bash"]
    with Terminal(command, env=alone.environ(), cwd=demo) as terminal:
        terminal.enter("echo $$ is its 'num'ber")
        terminal.wait_for(" is its number")
        process = re.findall(r"(\d+) is its number", terminal.shown)[0]
        _lock_more(alone, demo, packages)
        stderr = alone.multiplat("install", cwd=demo, code=1).stderr
        assert f"  by shell (process {process})\n" in stderr
        terminal.enter("exit")
        assert terminal.exit_code() == 0
    alone.multiplat("install", "-q", cwd=demo)
