"""One project has one environment, whichever door it is installed through."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.hosts import EMBEDDED, Host
from support.manifests import write
from support.packages import SUBDIR, Package, build_channel

#: ``conda-multiplat`` in the Python of a base: the embedded conda is one by its ``sys.prefix``.
_IN_BASE = """\
import sys
from pathlib import Path
root = Path(sys.argv.pop(1))
sys.prefix = str(root)
sys.path.append(str(root / "lib" / "site-packages"))
sys.argv[0] = "conda-multiplat"
from conda_multiplat.cli.main import main
sys.exit(main())
"""


def _give_base_its_conda(root: Path) -> None:
    """The conda that is embedded in conda-lock, where a base has its own."""
    spec = importlib.util.find_spec("conda_lock")
    assert spec is not None
    (package,) = spec.submodule_search_locations or ()
    folder = root / "lib" / "site-packages"
    folder.mkdir(parents=True)
    (folder / "conda").symlink_to(Path(package) / "_vendor" / "conda", target_is_directory=True)


def _program(conda: Host) -> list[str]:
    """``conda-multiplat`` as the Python that conda runs in starts it."""
    if conda.label == EMBEDDED:
        _give_base_its_conda(conda.home / "root")
        return [sys.executable, "-c", _IN_BASE, str(conda.home / "root")]
    return [str(Path(conda.command[0]).parent / "python"), "-m", "conda_multiplat"]


@pytest.mark.slow
@pytest.mark.parametrize("program_first", [False, True])
@pytest.mark.parametrize("configured", [False, True])
def test_one_environment(
    conda: Host, project: Path, tmp_path: Path, program_first: bool, configured: bool
) -> None:
    """The second door finds what the first has made as locked, and conda lists it once."""
    if conda.label != EMBEDDED and not configured:
        pytest.skip("it would be in the base of a real conda")
    if configured:
        (conda.home / ".condarc").write_text("envs_dirs: [~/mine]\n", encoding="utf-8")
    channel = build_channel(tmp_path / "own", [Package("tool", noarch="generic")])
    write(project, channel, "tool", platforms=f"[{SUBDIR}]")
    environ = conda.environ()
    del environ["CONDA_ENVS_DIRS"]
    command = list(conda.command)
    if conda.label == EMBEDDED:  # its launcher knows its root; the program has to find it
        del environ["CONDA_ROOT_PREFIX"]
        command = [str(conda.home / "root" / "bin" / "conda")]
    doors = [[*command, "multiplat"], _program(conda)]
    folder = conda.home / "mine" if configured else conda.home / "root" / "envs"

    def run(program: list[str], *words: str) -> str:
        done = subprocess.run(
            [*program, *words],
            cwd=project,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    first, second = reversed(doors) if program_first else doors
    run(first, "lock")
    for door, changed in ((first, 1), (second, 0)):
        answer = json.loads(run(door, "install", "--json"))
        assert (answer["prefix"], len(answer["changes"])) == (str(folder / "demo"), changed)
    listed = json.loads(run(command, "env", "list", "--json"))["envs"]
    assert [path for path in listed if Path(path).name == "demo"] == [str(folder / "demo")]
