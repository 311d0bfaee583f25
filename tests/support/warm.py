"""Commands in processes that begin with their modules loaded: most of a short command's time.

A server, one for each worker of pytest and each module that is run, imports what commands import
and forks for each of them. The forked process gets the command's own arguments, environment,
folder and files, and runs the module as ``python -m MODULE`` does. What has to be there when an
interpreter starts (``PYTHON…``, ``LD_…``, the locale) can't be had so: see :func:`can_run`. With
``CONDA_MULTIPLAT_TEST_COLD=1`` each command is an interpreter of its own.

A forked process pays for each page of memory that it writes to, if only a count of references, so
that what can be left alone is: garbage that was there before, and, after a command that succeeded,
all that Python would take apart at its end. One that failed ends as Python does: what it has left
undone may be what is tested.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NoReturn

from support.measured import Measurement, begin

_TESTS = str(Path(__file__).resolve().parents[1])
_COLD = "CONDA_MULTIPLAT_TEST_COLD"
_OF_THE_START = ("PYTHON", "LD_", "DYLD_", "LC_", "LANG", "MALLOC", "ASAN_")
#: Beside all of our modules; conda itself is loaded by :func:`support.embedded_conda.load`.
_LOADED = (
    "packaging.requirements",
    "rich.progress",
    "yaml",
)
#: What conda and pre-commit load as they start, and what is run.
_ENTRIES = ("plugin", "hooks", "__main__")
_LOADED_BY_CONDA = (
    "requests",
    "ruamel.yaml",
    "tqdm",
    "pluggy",
    "zstandard",
    "boltons",
)


def can_run(environ: Mapping[str, str]) -> bool:
    """Return whether a command with this environment can begin in a forked process."""
    if not hasattr(os, "fork") or os.environ.get(_COLD) or _COLD in environ:
        return False
    if environ.get("PYTHONPATH") not in (None, _TESTS):
        return False
    base = _base()
    names = {name for name in {*environ, *base} if name.startswith(_OF_THE_START)}
    return all(environ.get(name) == base.get(name) for name in names - {"PYTHONPATH"})


def _base() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return {**kept, "PYTHONWARNINGS": "ignore"}


def run(
    module: str,
    arguments: Sequence[str],
    cwd: Path | None,
    environ: Mapping[str, str],
    timeout: float,
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m MODULE ARGUMENTS…`` to its end.

    Raises:
        subprocess.TimeoutExpired: it takes longer than ``timeout`` seconds.
    """
    outputs = [os.pipe(), os.pipe()]
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(server(module))
        request = json.dumps([list(arguments), str(cwd or Path.cwd()), dict(environ)]).encode()
        descriptors = [0, *(write for _, write in outputs)]
        socket.send_fds(connection, [len(request).to_bytes(8, "big")], descriptors)
        connection.sendall(request)
        for _, write in outputs:
            os.close(write)
        texts: list[str] = ["", ""]
        readers = [
            threading.Thread(target=_collect, args=(read, texts, number), daemon=True)
            for number, (read, _) in enumerate(outputs)
        ]
        for reader in readers:
            reader.start()
        answers = connection.makefile()
        process = int(answers.readline())
        connection.settimeout(timeout)
        try:
            code = int(answers.readline())
        except TimeoutError:
            os.kill(process, signal.SIGKILL)
            raise subprocess.TimeoutExpired(list(arguments), timeout) from None
        for reader in readers:
            reader.join(timeout)
    return subprocess.CompletedProcess([module, *arguments], code, *texts)


def _collect(descriptor: int, texts: list[str], number: int) -> None:
    with open(descriptor, encoding="utf-8") as file:
        texts[number] = file.read()


@cache
def server(module: str) -> str:
    """The socket of the server for a module, which ends with this process."""
    path = str(Path(tempfile.mkdtemp(prefix="warm-")) / "socket")
    command = [sys.executable, "-m", "support.warm", module, path]
    environ = {**_base(), "PYTHONPATH": _TESTS}
    # Not in the checkout, whose sources would come before the wheel that is installed.
    process = subprocess.Popen(
        command, cwd=_TESTS, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    atexit.register(process.communicate)  # closes its stdin, and waits for its end
    return path


def _serve(path: str, measurement: Measurement | None) -> tuple[list[str], str]:
    """Answer requests for as long as who asked for it lives; return in a command's process."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    threading.Thread(target=_end_with_owner, daemon=True).start()
    os.write(1, b"ready\n")
    while True:
        connection, _ = listener.accept()
        descriptors, request = _receive(connection)
        if measurement:
            measurement.learn()
        if (process := os.fork()) == 0:
            break
        threading.Thread(target=_tell, args=(connection, process), daemon=True).start()
        for descriptor in descriptors:
            os.close(descriptor)
    for end in (listener, connection):
        end.close()
    if measurement:
        measurement.write_at_end()
    return _begin(descriptors, *request)


def _end_with_owner() -> None:
    while os.read(0, 1):  # not sys.stdin, whose lock a forked process would inherit
        pass
    os._exit(0)


def _tell(connection: socket.socket, process: int) -> None:
    """Send a command's process number, and its exit code when it has ended."""
    with suppress(OSError), connection:  # whoever asked may have ended
        connection.sendall(f"{process}\n".encode())
        _, status = os.waitpid(process, 0)
        connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _receive(connection: socket.socket) -> tuple[list[int], tuple[list[str], str, dict[str, str]]]:
    size, descriptors, _, _ = socket.recv_fds(connection, 8, 3)
    content = b""
    while len(content) < int.from_bytes(size, "big"):
        content += connection.recv(1 << 20)
    return descriptors, json.loads(content)


def _begin(
    descriptors: list[int], arguments: list[str], cwd: str, environ: dict[str, str]
) -> tuple[list[str], str]:
    """Be as a command's process is when it starts."""
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environ)
    return arguments, cwd


def _run(module: str) -> NoReturn:
    """Run a module as ``python -m`` does, and end."""
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as exit_:
        if exit_.code:
            raise
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)


def _ours() -> list[str]:
    paths = importlib.import_module("conda_multiplat").__path__
    names = [package.name for package in pkgutil.walk_packages(paths, "conda_multiplat.")]
    return [name for name in names if name.split(".")[1] not in _ENTRIES]


def _main() -> None:
    module, path = sys.argv[1:]
    measurement = begin()
    of_conda = module == "support.embedded_conda"
    for name in (*_ours(), *_LOADED, *(_LOADED_BY_CONDA if of_conda else ())):
        importlib.import_module(name)
    if of_conda:
        importlib.import_module(module).load()
    if measurement:
        measurement.write()
    gc.freeze()
    arguments, cwd = _serve(path, measurement)
    sys.path[0] = cwd
    if module == "conda_multiplat":  # its environment has no PYTHONPATH
        sys.path.remove(_TESTS)
    for name in [module for module in sys.modules if module.split(".")[0] == "support"]:
        sys.modules.pop(name, None)
    sys.argv = [module, *arguments]
    _run(module)


if __name__ == "__main__":
    _main()
