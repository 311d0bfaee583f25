"""Our commands, many in one process: a crash or a hang ends that process, not the tests."""

from __future__ import annotations

import io
import json
import os
import selectors
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.hosts import TESTS

#: Seconds that a command may take; the machine may be busy.
_PATIENCE = 60.0
#: The commands by their first word, where that is none of ``conda-multiplat``'s own.
_HOOKS = {
    "hook-check": "conda_multiplat.hooks.check:main",
    "hook-lock": "conda_multiplat.hooks.renew:lock",
    "hook-render": "conda_multiplat.hooks.renew:render",
}


@dataclass(frozen=True)
class Ended:
    """A command that has ended.

    Attributes:
        code: its exit code; ``None`` where the process crashed or had to be killed.
        stdout: what it answered.
        stderr: what it said.
    """

    code: int | None
    stdout: str
    stderr: str


class Worker:
    """A process that runs commands as they come, and is started again where it has died.

    Args:
        environ: its environment.
        log: where what no command has caught goes, such as a panic of the engine's.
    """

    def __init__(self, environ: Mapping[str, str], log: Path) -> None:
        self.environ = {**environ, "PYTHONPATH": str(TESTS)}
        self.log = log
        self._process: subprocess.Popen[str] | None = None

    def run(self, *arguments: str, cwd: Path) -> Ended:
        """Run a command to its end."""
        process = self._process or self._start()
        self.log.write_bytes(b"")
        assert process.stdin is not None
        with suppress(BrokenPipeError):
            process.stdin.write(json.dumps([list(arguments), str(cwd)]) + "\n")
            process.stdin.flush()
        answer = self._answer(process)
        log = self.log.read_text(encoding="utf-8", errors="replace")
        if not answer:
            process.kill()
            how = f"(ended with {process.wait()})"
            self._process = None
            return Ended(None, "", f"{log}{how}")
        code, stdout, stderr = json.loads(answer)
        return Ended(code, stdout, stderr + log)

    def close(self) -> None:
        """End the process."""
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _start(self) -> subprocess.Popen[str]:
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "support.worker"],
                cwd=Path(__file__).parent,  # not where the sources are: a wheel may be tested
                env=self.environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                encoding="utf-8",
            )
        return self._process

    def _answer(self, process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            return process.stdout.readline() if selector.select(_PATIENCE) else ""


def _main() -> None:
    """Read commands, run each with streams of its own, and answer what came of it."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what is printed past our streams is no answer
    for line in sys.stdin:
        arguments, folder = json.loads(line)
        os.chdir(folder)
        answers.write(json.dumps(_run(arguments)) + "\n")
        answers.flush()


def _run(arguments: Sequence[str]) -> tuple[int | None, str, str]:
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2)]
    before = sys.stdout, sys.stderr, sys.argv
    sys.stdout, sys.stderr = streams
    sys.argv = ["conda-multiplat", *arguments]
    try:
        code: Any = _command(arguments[0])(
            arguments[1:] if arguments[0] in _HOOKS else list(arguments)
        )
    except SystemExit as ended:
        code = ended.code
    except BaseException:
        import traceback

        traceback.print_exc()
        code = -1
    finally:
        sys.stdout, sys.stderr, sys.argv = before
    for stream in streams:
        stream.flush()
    stdout, stderr = (
        stream.buffer.getvalue().decode("utf-8", "replace")  # type: ignore[attr-defined]
        for stream in streams
    )
    return code, stdout, stderr


def _command(name: str) -> Callable[[Sequence[str]], int]:
    module, _, function = _HOOKS.get(name, "conda_multiplat.cli.main:main").partition(":")
    import importlib

    entry: Callable[[Sequence[str]], int] = getattr(importlib.import_module(module), function)
    return entry


if __name__ == "__main__":
    _main()
