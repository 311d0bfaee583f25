"""``shell-hook``: the script that users keep and source in any later shell."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR, activated_package, build_channel, generic_package
from support.sizes import without_sizes

_SHOW = 'echo "$CONDA_DEFAULT_ENV|$ROBOT|$ACTIVATED|$ORDER|$FROM_PACKAGE|${PATH%%:*}"'


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A channel whose package has scripts of activation."""
    folder = tmp_path_factory.mktemp("hook-channel")
    return build_channel(folder, [activated_package(), generic_package()])


def _lock(host: Host, project: Path, channel: Path, *packages: str) -> Path:
    extra = "variables: {ROBOT: arm 1}\n"
    write(project, channel, *packages, platforms=f"[{SUBDIR}]", extra=extra)
    host.multiplat("lock", "-q", cwd=project)
    return host.envs / "demo"


def _shell(*command: str, code: str, cwd: Path) -> str:
    """What a shell prints that knows neither us, nor conda, nor any Python."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(
        [*command, "-c", code],
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", "HOME": str(cwd)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_kept_script_activates_any_later_shell(
    door: Host, project: Path, channel: Path, tmp_path: Path
) -> None:
    """It makes the environment, and holds nothing of the process that wrote it."""
    prefix = _lock(door, project, channel, "activated")
    env = {"PATH": f"/only/here:{Path(sys.executable).parent}:/usr/bin:/bin"}
    done = door.multiplat("shell-hook", "--shell", "bash", cwd=project, env=env)
    assert without_sizes(done.stderr) == f" {prefix} has the 1 package of default\n"
    assert "/only/here" not in done.stdout
    assert sys.executable not in done.stdout
    (tmp_path / "activate.sh").write_text(done.stdout, encoding="utf-8")
    code = f'set -eu; . ./activate.sh; {_SHOW}; multiplat_deactivate; echo "$PATH ${{ROBOT-}}"'
    inside, outside = _shell("bash", code=code, cwd=tmp_path).splitlines()
    assert inside == f"demo|arm 1|on |Zaz|a $HOME|{prefix}/bin"
    assert outside == "/usr/bin:/bin "


@pytest.mark.parametrize("name", ["zsh", "fish"])
def test_script_of_zsh_and_fish(
    alone: Host, project: Path, channel: Path, tmp_path: Path, name: str
) -> None:
    """The same for the shells that come next in use."""
    prefix = _lock(alone, project, channel, "activated")
    text = alone.multiplat("shell-hook", "--shell", name, cwd=project).stdout
    (tmp_path / "activate").write_text(text, encoding="utf-8")
    show = _SHOW.replace("${PATH%%:*}", "$PATH[1]") if name == "fish" else _SHOW
    shown = _shell(name, code=f"source ./activate; {show}", cwd=tmp_path)
    assert shown == f"demo|arm 1|on |Zaz|a $HOME|{prefix}/bin\n"


def test_shell_is_that_which_asks(alone: Host, project: Path, channel: Path) -> None:
    """Without --shell, the script is for the shell that the command was typed in."""
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    _lock(alone, project, channel, "activated")
    words = shlex.join([*alone.command, "shell-hook"])
    done = subprocess.run(
        ["fish", "-c", f"{words}; true"],
        cwd=project,
        env=alone.environ({"SHELL": "/bin/zsh"}),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "\nfunction multiplat_deactivate\n" in done.stdout


def test_json_says_what_activates(alone: Host, project: Path, channel: Path) -> None:
    """Folders, variables and scripts, of all shells or of one; no text of a script."""
    prefix = _lock(alone, project, channel, "activated")
    document = alone.json("shell-hook", "--shell", "zsh", cwd=project)
    on, off = f"{prefix}/etc/conda/activate.d", f"{prefix}/etc/conda/deactivate.d"
    assert document == {
        "success": True,
        "prefix": str(prefix),
        "name": "demo",
        "path": [f"{prefix}/bin"],
        "variables": {
            "FROM_PACKAGE": "a $HOME",
            "ROBOT": "arm 1",
            "CONDA_PREFIX": str(prefix),
            "CONDA_DEFAULT_ENV": "demo",
            "CONDA_PROMPT_MODIFIER": "(demo) ",
        },
        "unset": [],
        "scripts": {
            "activate": [f"{on}/Zero.sh", f"{on}/activated.sh", f"{on}/~last.sh"],
            "deactivate": [f"{off}/activated.sh"],
        },
    }
    every = alone.json("shell-hook", cwd=project)["scripts"]["deactivate"]
    assert every == [f"{off}/activated.sh", f"{off}/activated.fish"]


def test_configured_prompt(alone: Host, project: Path, channel: Path) -> None:
    """``env_prompt`` and ``changeps1`` of conda's configuration hold for the script."""
    _lock(alone, project, channel, "greeting-data")
    (alone.home / ".condarc").write_text("env_prompt: '[{name}] '\n", encoding="utf-8")
    assert alone.json("shell-hook", cwd=project)["variables"]["CONDA_PROMPT_MODIFIER"] == "[demo] "
    (alone.home / ".condarc").write_text("changeps1: false\n", encoding="utf-8")
    assert alone.json("shell-hook", cwd=project)["variables"]["CONDA_PROMPT_MODIFIER"] == ""


def test_variables_that_no_shell_can_set_are_told(
    alone: Host, project: Path, channel: Path
) -> None:
    """They are left out of the script, with a warning."""
    prefix = _lock(alone, project, channel, "greeting-data")
    alone.multiplat("install", "-q", cwd=project)
    state = {"env_vars": {"A-B": "x", "GOOD": "y"}}
    (prefix / "conda-meta/state").write_text(json.dumps(state), encoding="utf-8")
    done = alone.multiplat("shell-hook", "--no-install", "--shell", "bash", cwd=project)
    assert done.stderr == (
        f"warning: {prefix} asks for the variable 'A-B', which shells can't set: "
        "rename it in the manifest's `variables:`, or with `conda env config vars`\n"
    )
    assert "A-B" not in done.stdout


@pytest.mark.slow
def test_conda_deactivate_does_it_too(
    conda: Host, project: Path, channel: Path, tmp_path: Path
) -> None:
    """In a shell that has conda, its ``deactivate`` takes ours off, back to what was before."""
    _lock(conda, project, channel, "activated")
    conda.multiplat("install", "-q", "-n", "first", cwd=project)
    text = conda.multiplat("shell-hook", "--shell", "bash", cwd=project).stdout
    (tmp_path / "activate.sh").write_text(text, encoding="utf-8")
    root = conda.home / "root" if conda.label == "embedded" else Path(conda.command[0]).parents[1]
    show = 'echo "$CONDA_SHLVL|$CONDA_PREFIX|${PATH%%:*}|$PS1|$ROBOT|$ACTIVATED"'
    lines = [
        f"export CONDA_EXE={shlex.quote(str(root / 'bin' / 'conda'))} ROBOT=mine PS1='$ '",
        f". {shlex.quote(str(root / 'etc/profile.d/conda.sh'))}",
        f"export PS1; conda activate {shlex.quote(str(conda.envs / 'first'))}; export PS1",
        *("source ./activate.sh; export PS1", show, "conda deactivate; export PS1", show),
        *("conda deactivate", 'echo "$ROBOT|${CONDA_PREFIX-}|$PS1|$PATH"'),
    ]
    done = subprocess.run(
        ["bash", "-c", "\n".join(lines)],
        cwd=tmp_path,
        env=conda.environ({"PATH": "/usr/bin:/bin"}),
        capture_output=True,
        text=True,
        check=False,
    )
    ours, first = conda.envs / "demo", conda.envs / "first"
    assert done.stdout.splitlines()[:2] == [
        f"2|{ours}|{ours}/bin|(demo) $ |arm 1|on ",
        f"1|{first}|{first}/bin|(first) $ |arm 1|on ",
    ]
    assert done.stdout.splitlines()[2].startswith("mine||$ |")


def test_environment_must_be_there(alone: Host, project: Path, channel: Path) -> None:
    """With --no-install, one that is not there gives no script."""
    prefix = _lock(alone, project, channel, "greeting-data")
    done = alone.multiplat("shell-hook", "--no-install", cwd=project, code=1)
    assert done.stdout == ""
    assert done.stderr.startswith(f"error: there is no conda environment in {prefix}\n")
