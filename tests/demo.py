"""``make demo``: one project, three platforms, locked at once and installed for this machine.

Builds a small channel of real packages (a Python that runs, a pure Python package with a command,
a binary with its prefix in it), locks a project against it, and installs the lock through conda:
the one on PATH if it has the plugin, else the conda 24.7.1 that conda-lock carries.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from support.hosts import EMBEDDED, Host, make_host, real_condas
from support.packages import PYTHON, SUBDIR, Package, build_channel, real_packages

PLATFORMS = ("linux-64", "osx-arm64", "win-64")
MANIFEST = """\
name: robot
channels:
  - {channel}
platforms: [{platforms}]
dependencies:
  - python {python}.*
  - greeting
  - prefixed        # [unix]
multiplat:
  virtual-packages:
    osx-arm64: {{osx: "14.0"}}
  environments:
    dev:
      dependencies: [linter]
"""


def channel(folder: Path) -> Path:
    """Real packages for this machine, and the same names for the other platforms."""
    packages = [*real_packages(), Package("linter", noarch="generic", depends=["greeting"])]
    others = [subdir for subdir in PLATFORMS if subdir != SUBDIR]
    stand_ins = [
        replace(package, subdir=subdir, files={}, placeholders={}, executables=())
        for package in packages
        if package.subdir == SUBDIR
        for subdir in others
    ]
    return build_channel(folder, [*packages, *stand_ins])


def host(home: Path) -> Host:
    """The conda on PATH if it knows ``conda multiplat``, else the embedded one."""
    for executable in real_condas():
        asked = subprocess.run(
            [executable, "multiplat", "--help"], capture_output=True, check=False
        )
        if asked.returncode == 0:
            return make_host((executable,), home)
    return make_host((EMBEDDED,), home)


def show(conda: Host, project: Path, *arguments: str) -> None:
    """Run a command as a user would, and show it with what it says."""
    say(f"\n$ conda {' '.join(arguments)}")
    done = conda.run(*arguments, cwd=project)
    say((done.stderr + done.stdout).strip("\n"))


def run(*command: str | Path) -> None:
    """Run something of the new environment."""
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=True
    )
    say(f"\n$ {' '.join(map(str, command))}\n{done.stdout}".rstrip())


def say(text: str) -> None:
    """Print a line."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    """The demo."""
    work = Path(tempfile.mkdtemp(prefix="multiplat-demo-"))
    try:
        conda = host(work / "home")
        say(f"conda: {conda.label}, {conda.run('--version').stdout.strip()}")
        project = work / "robot"
        project.mkdir()
        platforms = ", ".join(dict.fromkeys([*PLATFORMS, SUBDIR]))
        manifest = MANIFEST.format(
            channel=channel(work / "channel").as_uri(),
            platforms=platforms,
            python=".".join(PYTHON.split(".")[:2]),
        )
        (project / "environment.yml").write_text(manifest, encoding="utf-8")
        say(f"\n$ cat environment.yml\n{manifest.rstrip()}")
        show(conda, project, "multiplat", "lock")
        show(conda, project, "multiplat", "install")
        show(conda, project, "list", "-n", "robot")
        run(conda.envs / "robot" / "bin" / "greet")
        show(conda, project, "multiplat", "install")
        show(conda, project, "multiplat", "render", "--kind", "explicit", "--platform", SUBDIR)
        show(
            conda,
            project,
            "create",
            "--yes",
            "--quiet",
            "--name",
            "plain",
            "--file",
            f"conda-{SUBDIR}.lock",
        )
        run(conda.envs / "plain" / "bin" / "greet")
        say(f"\nThe project held: {', '.join(sorted(path.name for path in project.iterdir()))}")
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
