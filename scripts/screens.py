"""Make the pictures of terminals in ``docs/screens/``: real commands, real output.

Usage: make screens

Each screen is one command, run in a pseudo-terminal on a small channel that is made for it; the
colours are those that it prints. rich turns them into SVG, the same bytes each time.
"""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text
from support.hosts import Host, standalone
from support.packages import Package, write_repodata

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "screens"
WIDTH = 88
CHANNEL = "https://conda.example.com/robots"
MANIFEST = """\
name: robot
channels: [{channel}]
platforms: [linux-64, osx-arm64]
dependencies:
  - python 3.12.*
  - numpy
  - pytorch >=2.5
  - mesa-libegl   # [linux64]
multiplat:
  environments:
    cuda12:
      platforms: [linux-64]
      virtual-packages: {{linux-64: {{cuda: "12.4"}}}}
      dependencies: [pytorch-gpu]
"""
#: The platforms, and what each package of theirs needs.
SYSTEMS = {"linux-64": "__glibc >=2.17", "osx-arm64": "__osx >=11.0"}
#: rich's own, but for the fonts, which a viewer would have to fetch.
_FORMAT = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
#: No driver, whatever this machine has; a glibc that everything runs on.
MACHINE = {
    "CONDA_SUBDIR": "linux-64",
    "CONDA_OVERRIDE_CUDA": "11.8",
    "CONDA_OVERRIDE_GLIBC": "2.35",
    "CONDA_OVERRIDE_LINUX": "6.8",
}


@dataclass(frozen=True)
class Screen:
    """A picture: what is typed, and what it ends with.

    Attributes:
        replaced: what the manifest says instead, for this command only.
        kept: whether the manifest stays as the command leaves it.
        newer: whether the locks were committed before, and the channel has newer packages since.
    """

    name: str
    arguments: tuple[str, ...]
    code: int = 0
    replaced: tuple[tuple[str, str], ...] = ()
    kept: bool = False
    newer: bool = False


SCREENS = (
    Screen("lock", ("lock",)),
    Screen("refusal", ("install", "-e", "cuda12"), code=1),
    Screen("why", ("why", "pytorch", "-e", "default", "--platform", "linux-64")),
    Screen("check", ("check",), code=1, replaced=(("  - numpy\n", "  - numpy <2\n"),)),
    Screen("conflict", ("lock",), code=1, replaced=(("python 3.12.*", "python 3.13.*"),)),
    Screen("matrix", ("info", "--matrix")),
    Screen("install", ("install", "-e", "default", "--dry-run")),
    Screen("add", ("add", "scipy"), kept=True),
    Screen("outdated", ("outdated", "-e", "default"), newer=True),
    Screen("update", ("update",)),
    Screen("diff", ("diff",)),
)


#: Bytes of an archive, about as large as the ones of that name are.
SIZES = {
    "python": 31_557_000,
    "numpy": 8_757_000,
    "pytorch": 24_312_000,
    "scipy": 17_003_000,
    "libblas": 17_900,
    "mesa-libegl": 61_400,
    "cuda-version": 21_600,
    "pytorch-gpu": 48_200,
}
#: A build for CUDA has more of them.
CUDA_SIZE = 1_324_578_000


def sized(package: Package) -> Package:
    """The package, its size being stated."""
    of_cuda = package.build.startswith("cuda129_py")
    size = CUDA_SIZE if of_cuda else SIZES[package.name]
    return replace(package, metadata={**package.metadata, "size": size})


def packages() -> Iterator[Package]:
    """What the manifest asks for, and what that needs."""
    for subdir, system in SYSTEMS.items():
        yield Package("python", "3.12.12", "0_cpython", subdir, depends=[system])
        yield Package("python", "3.13.5", "0_cpython", subdir, depends=[system])
        for version in ("1.26.4", "2.3.4"):
            yield Package("numpy", version, "py312_0", subdir, depends=["python 3.12.*"])
        needs = ["python 3.12.*", "numpy"]
        yield Package("pytorch", "2.10.0", "cpu_py312_0", subdir, depends=needs)
        yield Package("scipy", "1.16.2", "py312_0", subdir, depends=[*needs, "libblas"])
        yield Package("libblas", "3.9.0", "35_openblas", subdir, depends=[system])
    yield Package("mesa-libegl", "25.0.5", "0", "linux-64", depends=["__glibc >=2.17"])
    yield Package("cuda-version", "12.9", "0", "noarch", constrains=["__cuda >=12"])
    cuda = ["python 3.12.*", "numpy", "cuda-version >=12.9,<13", "__cuda"]
    yield Package("pytorch", "2.10.0", "cuda129_py312_0", "linux-64", depends=cuda)
    yield Package("pytorch-gpu", "2.10.0", "cuda129_0", "linux-64", depends=["pytorch * cuda*"])


def newer_packages() -> Iterator[Package]:
    """What the channel has later."""
    late = {"build_number": 36}
    for subdir, system in SYSTEMS.items():
        yield Package("python", "3.12.13", "0_cpython", subdir, depends=[system])
        yield Package("numpy", "2.4.0", "py312_0", subdir, depends=["python 3.12.*"])
        yield Package("libblas", "3.9.0", "36_openblas", subdir, depends=[system], metadata=late)
    needs = ["python 3.12.*", "numpy <2.4"]
    yield Package("pytorch", "2.11.0", "cpu_py312_0", "osx-arm64", depends=needs)


def shown(command: Sequence[str], cwd: Path, environ: Mapping[str, str]) -> tuple[str, int]:
    """What a command shows in a terminal, and its exit code."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        command, cwd=cwd, env=dict(environ), stdin=slave, stdout=slave, stderr=slave
    )
    os.close(slave)
    content = b""
    while True:
        try:
            block = os.read(master, 65536)
        except OSError:  # so ends a terminal that no process has open any more
            break
        if not block:
            break
        content += block
    os.close(master)
    return content.decode().replace("\r\n", "\n"), process.wait()


def picture(title: str, text: str) -> str:
    """A terminal's content as SVG."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    # The last line is cut below its letters, where underscores are: it is an empty one.
    console.print(Text.from_ansi(f"$ {title}\n{text.rstrip()}"), soft_wrap=False)
    console.print()
    return console.export_svg(title="robot", code_format=_FORMAT, unique_id="screen")


def _without_progress(text: str) -> str:
    """What stays on the terminal: a line that is drawn again and then erased is not in it."""
    return re.sub(r"\x1b\[\?25l.*?\x1b\[\?25h(\r\x1b\[1A)?(\x1b\[2K)?", "", text, flags=re.DOTALL)


def make(screen: Screen, host: Host, project: Path, channel: str) -> str:
    """The picture of one command."""
    manifest = project / "environment.yml"
    before = manifest.read_text(encoding="utf-8")
    text = before
    for old, new in screen.replaced:
        text = text.replace(old, new)
    manifest.write_text(text, encoding="utf-8")
    environ = host.environ({**MACHINE, "TERM": "xterm-256color"})
    environ.pop("NO_COLOR")
    said, code = shown([*host.command, *screen.arguments], project, {**environ, "COLUMNS": "80"})
    if not screen.kept:
        manifest.write_text(before, encoding="utf-8")
    if code != screen.code or "Traceback" in said:
        raise SystemExit(f"{screen.name}: exit code {code}, not {screen.code}\n{said}")
    words = " ".join(screen.arguments)
    text = re.sub(r" in \d+\.\d s\n", "\n", _without_progress(said)).replace(channel, CHANNEL)
    return picture(f"conda multiplat {words}", text.replace(str(host.envs), "~/envs"))


def commit(project: Path, host: Host) -> None:
    """Make a repository of a project, with all that is in it."""
    git = ["git", "-c", "user.name=robot", "-c", "user.email=robot@example.com"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "Lock"]):
        subprocess.run([*git, *arguments], cwd=project, env=host.environ(), check=True)


def pictures(root: Path) -> Iterator[tuple[str, str]]:
    """The name and the SVG of each screen, made in an empty folder."""
    channel = write_repodata(root / "channel", list(map(sized, packages()))).as_uri()
    project = root / "robot"
    project.mkdir()
    text = MANIFEST.format(channel=channel)
    (project / "environment.yml").write_text(text, encoding="utf-8")
    host = standalone(root / "home")
    for screen in SCREENS:
        if screen.newer:
            commit(project, host)
            write_repodata(root / "channel", list(map(sized, (*packages(), *newer_packages()))))
        yield screen.name, make(screen, host, project, channel)


def main() -> int:
    """Make all of them."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        for name, svg in pictures(Path(temporary)):
            (FOLDER / f"{name}.svg").write_text(svg, encoding="utf-8")
            print(f"wrote docs/screens/{name}.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
