"""The session in ``docs/walkthrough.md`` is what a user sees: each of its commands is run here."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.hosts import EMBEDDED, Host, make_host
from support.packages import PYTHON, SUBDIR, build_channel, real_packages

PAGE = Path(__file__).resolve().parents[1] / "docs" / "walkthrough.md"
_FILE = re.compile(r"^`(?P<name>[^`]+)`:\n\n```yaml\n(?P<text>.*?)```", re.MULTILINE | re.DOTALL)
_SESSION = re.compile(r"^```console\n(?P<text>.*?)```", re.MULTILINE | re.DOTALL)
#: What stands in the page for the Python that the tests run with.
_SHOWN_PYTHON = "3.12.4"
_MARK = "=== end of an answer ==="


def _folded(answer: str) -> str:
    """An answer without what the tests' packages decide: columns' widths, archives' sizes."""
    narrow = re.sub(r"(?<=\S) {2,}", "  ", answer.strip("\n"))
    return re.sub(r"\b\d+(\.\d)? k?B\b", "SIZE", narrow)


def _answers(session: str) -> Iterator[tuple[str, str]]:
    """The commands of a session, each with what it answers."""
    for part in re.split(r"^(?:\(\w+\) )?\$ ", session, flags=re.MULTILINE)[1:]:
        command, _, answer = part.partition("\n")
        yield command, _folded(answer)


@pytest.fixture
def conda(tmp_path: Path) -> Host:
    """A conda whose conda-forge is a small channel of real packages."""
    others = [
        replace(package, subdir="osx-arm64", files={}, placeholders={}, executables=())
        for package in real_packages()
        if package.subdir == SUBDIR
    ]
    build_channel(tmp_path / "channels" / "conda-forge", [*real_packages(), *others])
    host = make_host((EMBEDDED,), tmp_path / "home")
    alias = f"channel_alias: {(tmp_path / 'channels').as_uri()}\n"
    (host.home / ".condarc").write_text(alias, encoding="utf-8")
    return host


@pytest.mark.slow
@pytest.mark.skipif(SUBDIR != "linux-64", reason="the page shows a Linux machine")
def test_every_answer_is_as_shown(conda: Host, project: Path) -> None:
    """All commands, one after another in one shell, from two files to an active environment."""
    page = PAGE.read_text(encoding="utf-8")
    for file in _FILE.finditer(page):
        (project / file["name"]).write_text(file["text"], encoding="utf-8")
    shown = [answer for match in _SESSION.finditer(page) for answer in _answers(match["text"])]
    assert len(shown) > 10
    script = [f"PATH={shlex.quote(str(conda.home / 'root' / 'bin'))}:$PATH"]
    script += [f"{{ {command}\n}} 2>&1; echo {shlex.quote(_MARK)}" for command, _ in shown]
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=project,
        env=conda.environ(),
        capture_output=True,
        text=True,
        check=False,
    )
    stdout = done.stdout.replace(str(conda.home / "root"), "~/conda").replace(PYTHON, _SHOWN_PYTHON)
    answers = [_folded(part) for part in stdout.split(f"{_MARK}\n")][: len(shown)]
    assert list(zip((command for command, _ in shown), answers, strict=True)) == shown
