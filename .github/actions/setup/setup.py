"""Install conda-multiplat on a runner, say what to cache, and make the environment that is locked.

The action beside this file runs it twice, with its cache in between:

* `setup.py prepare` installs our command, unless one is named, and writes the outputs
  `folder` (what is cached), `key` (which has the locks in it) and `restore`.
* `setup.py install` makes the environment exactly as locked, and writes the output `prefix`.

All that it is told comes by environment variables: nothing is pasted into a shell.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from runner import append, no_commands, output

#: Of the keys of caches: another number is another kind of cache.
_GENERATION = "1"
_LOCKS = "*conda-lock.yml"


def said(name: str, otherwise: str = "") -> str:
    """What the action was told, by the variable `SETUP_…`."""
    return os.environ.get(f"SETUP_{name}", "").strip() or otherwise


def home() -> Path:
    """Where all of it is; the same path in each run, as caches want it."""
    return Path(said("HOME", str(Path.home() / ".cache" / "conda-multiplat-action")))


def prepare() -> None:
    """Install our command, and say what to cache under which key."""
    if not said("COMMAND"):
        append("GITHUB_PATH", f"{_installed()}\n")
    cache = home() / "cache"
    folders = {"CONDA_PKGS_DIRS": cache / "pkgs", "UV_CACHE_DIR": cache / "uv"}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    append("GITHUB_ENV", "".join(f"{name}={path}\n" for name, path in folders.items()))
    system = (os.environ.get(name, "any") for name in ("RUNNER_OS", "RUNNER_ARCH"))
    restore = "-".join(["conda-multiplat", _GENERATION, *system, ""])
    key = restore + locks_digest(_project())
    output({"folder": str(cache), "key": key, "restore": restore})


def _installed() -> Path:
    """A folder with our command and nothing else: the runner's own Python stays the first."""
    environment = home() / "venv"
    scripts = environment / ("Scripts" if os.name == "nt" else "bin")
    _run([sys.executable, "-m", "venv", "--clear", str(environment)])
    spec = said("SPEC", str(Path(__file__).resolve().parents[3]))
    _run([str(scripts / "python"), "-m", "pip", "install", "--quiet", spec])
    folder = home() / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    for program in scripts.glob("conda-multiplat*"):
        place = folder / program.name
        place.unlink(missing_ok=True)
        place.write_bytes(program.read_bytes())
        place.chmod(0o755)
    return folder


def locks_digest(folder: Path) -> str:
    """SHA-256 of the locks in a folder, with their names: the same locks, the same key."""
    digest = hashlib.sha256()
    for lock in sorted(folder.glob(_LOCKS)):
        content = hashlib.sha256(lock.read_bytes()).hexdigest()
        digest.update(f"{lock.name} {content}\n".encode())
    return digest.hexdigest()


def _project() -> Path:
    files = said("FILES").split()
    return Path(files[0]).absolute().parent if files else Path.cwd()


def install() -> None:
    """Make the environment as locked; the output `prefix` says where."""
    command = shlex.split(said("COMMAND", "conda-multiplat"))
    arguments = ["install", "--json"]
    for option, name in (("-e", "ENVIRONMENT"), ("-n", "NAME"), ("-p", "PREFIX")):
        arguments += [option, said(name)] if said(name) else []
    if said("LOCKED", "true") == "true":
        arguments.append("--locked")
    files = said("FILES").split()
    arguments += ["-f", *files] if files else []
    with no_commands():
        answer = json.loads(_run([*command, *arguments], shown=False))
        print(f"{answer['prefix']} is as locked", flush=True)
    output({"prefix": answer["prefix"]})


def _run(command: Sequence[str], *, shown: bool = True) -> str:
    """Run a command; what it says on stdout, unless that is shown. It ends us if it fails."""
    pipe = None if shown else subprocess.PIPE
    done = subprocess.run(command, stdout=pipe, encoding="utf-8", check=False)
    if done.returncode:
        print(done.stdout or "", file=sys.stderr)
        sys.exit(done.returncode)
    return done.stdout or ""


if __name__ == "__main__":
    {"prepare": prepare, "install": install}[sys.argv[1]]()
