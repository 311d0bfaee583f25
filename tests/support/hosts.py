"""The condas that the tests run in: the embedded one, and every real one that can be found."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support import warm

TESTS = Path(__file__).resolve().parents[1]
EMBEDDED = "embedded"
STANDALONE = "standalone"
VARIABLE = "CONDA_MULTIPLAT_TEST_CONDAS"
#: For a server that will not answer: asked again three times, it makes a test wait for 8 seconds.
ONCE = {"CONDA_REMOTE_MAX_RETRIES": "0"}
#: The least of conda's ``shell`` folder, which conda-lock leaves out.
_CONDA_SH = """\
conda() {
    case "${1-}" in
        activate | deactivate)
            __conda_script="$("$CONDA_EXE" shell.posix "$@")" || return
            eval "$__conda_script"
            unset __conda_script ;;
        *) "$CONDA_EXE" "$@" ;;
    esac
}
"""
#: Kept of the real environment; all else that could configure conda or rattler is left behind.
_KEPT = ("CONDA_SOLVER", "PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR")


def real_condas() -> list[str]:
    """The executables of real condas: those the variable names, and the one on PATH."""
    named = [path for path in os.environ.get(VARIABLE, "").split(os.pathsep) if path]
    program = shutil.which("conda")
    return list(dict.fromkeys([*named, *([program] if program else [])]))


@dataclass(frozen=True)
class Host:
    """A conda, or ``conda-multiplat`` without one, in a home and a root of its own.

    Attributes:
        label: for test ids.
        command: what to put before conda's arguments.
        home: HOME; ``root`` with ``envs`` and ``pkgs`` are in it.
    """

    label: str
    command: tuple[str, ...]
    home: Path

    def version_of(self, distribution: str) -> str:
        """The version of what the command's Python has: a real conda's is not that of the tests."""
        program = Path(self.command[0])
        python = program if "python" in program.name else program.with_name("python")
        code = f"from importlib.metadata import version; print(version({distribution!r}))"
        command = [str(python), "-c", code]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    @property
    def envs(self) -> Path:
        """Where named environments go."""
        return self.home / "root" / "envs"

    @property
    def pkgs(self) -> Path:
        """The package cache."""
        return self.home / "root" / "pkgs"

    def environ(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """The whole environment of a command: nothing of the developer's own configuration."""
        kept = {key: os.environ[key] for key in _KEPT if key in os.environ}
        own = {
            "HOME": str(self.home),
            "USERPROFILE": str(self.home),
            "XDG_CACHE_HOME": str(self.home / ".cache"),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "CONDARC": str(self.home / ".condarc"),
            "CONDA_ENVS_DIRS": str(self.envs),
            "CONDA_PKGS_DIRS": str(self.pkgs),
            "CONDA_REPORT_ERRORS": "false",
            "CONDA_ADD_PIP_AS_PYTHON_DEPENDENCY": "false",
            "NO_COLOR": "1",
            "PYTHONWARNINGS": "ignore",
        }
        if self.label == EMBEDDED:
            own |= {
                "CONDA_ROOT_PREFIX": str(self.home / "root"),
                "CONDA_SOLVER": "classic",
                "PYTHONPATH": str(TESTS),
            }
        return {**kept, **own, **(extra or {})}

    def run(
        self,
        *arguments: str | Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        code: int | None = 0,
        timeout: float = 300,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; ``code`` is what it must exit with, ``None`` for any."""
        done = self._finished([*map(str, arguments)], cwd, self.environ(env), timeout)
        if code is not None and done.returncode != code:
            text = f"--- stdout\n{done.stdout}\n--- stderr\n{done.stderr}"
            if "internal error: " in text:  # once more, for where it happened
                environ = self.environ({**(env or {}), "CONDA_MULTIPLAT_DEBUG": "1"})
                again = self._finished([*map(str, arguments)], cwd, environ, timeout)
                text += f"\n--- stderr with CONDA_MULTIPLAT_DEBUG=1\n{again.stderr}"
            raise AssertionError(
                f"{' '.join(map(str, arguments))}: exit code {done.returncode}, not {code}\n{text}"
            )
        return done

    def _finished(
        self, arguments: list[str], cwd: Path | None, environ: dict[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        module = self.command[-1]
        if self.command[:2] == (sys.executable, "-m") and warm.can_run(environ):
            return warm.run(module, arguments, cwd, environ, timeout)
        return subprocess.run(
            [*self.command, *arguments],
            cwd=cwd,
            env=environ,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
        )

    def seconds(self, *arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> float:
        """Seconds of a processor that a command and its children take, and no others."""
        before = os.times()
        self.run(*arguments, cwd=cwd, env={**(env or {}), "CONDA_MULTIPLAT_TEST_COLD": "1"})
        after = os.times()
        return sum(after[2:4]) - sum(before[2:4])

    @property
    def is_conda(self) -> bool:
        """Whether conda's own commands can be run here."""
        return self.label != STANDALONE

    def multiplat(
        self,
        *arguments: str | Path,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        code: int | None = 0,
    ) -> subprocess.CompletedProcess[str]:
        """Run one of our commands, through conda where there is one."""
        door = ("multiplat",) if self.is_conda else ()
        return self.run(*door, *arguments, cwd=cwd, env=env, code=code)

    def json(
        self,
        *arguments: str | Path,
        cwd: Path,
        code: int | None = 0,
        env: Mapping[str, str] | None = None,
    ) -> Any:
        """The JSON document that one of our commands prints."""
        done = self.multiplat(*arguments, "--json", cwd=cwd, code=code, env=env)
        return json.loads(done.stdout)


def make_host(command: Sequence[str], home: Path) -> Host:
    """A host in an empty home; ``command`` is ``("embedded",)`` or an executable."""
    (home / "root" / "conda-meta").mkdir(parents=True)
    (home / "root" / "conda-meta" / "history").touch()
    (home / "root" / "envs").mkdir()
    (home / ".condarc").write_text("{}\n", encoding="utf-8")
    if tuple(command) == (EMBEDDED,):
        _write_shell_files(home / "root")
        return Host(EMBEDDED, (sys.executable, "-m", "support.embedded_conda"), home)
    return Host(Path(command[0]).parts[-3], tuple(command), home)


def _write_shell_files(root: Path) -> None:
    """Write what a root has for programs that find conda by ``CONDA_EXE``, PATH or ``conda.sh``."""
    launcher = f"""\
#!/bin/sh
CONDA_ROOT_PREFIX={shlex.quote(str(root))}
PYTHONPATH={shlex.quote(str(TESTS))}
export CONDA_ROOT_PREFIX PYTHONPATH
exec {shlex.quote(sys.executable)} -m support.embedded_conda "$@"
"""
    for name, content in {"bin/conda": launcher, "etc/profile.d/conda.sh": _CONDA_SH}.items():
        path = root / name
        path.parent.mkdir(parents=True)
        path.write_text(content, encoding="utf-8")
    (root / "bin" / "conda").chmod(0o755)


def standalone(home: Path) -> Host:
    """``conda-multiplat`` with no conda, in the same kind of home."""
    (home / "root").mkdir(parents=True)
    (home / ".condarc").write_text("{}\n", encoding="utf-8")
    return Host(STANDALONE, (sys.executable, "-m", "conda_multiplat"), home)
