"""``completion``: what real shells offer with the script, and that asking takes no time."""

from __future__ import annotations

import argparse
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.completing import offered, shells
from support.hosts import Host
from support.manifests import write
from support.powershell_text import faults, strings

from conda_multiplat.cli.completion.model import Command, Option, Values, command
from conda_multiplat.cli.completion.powershell import powershell
from conda_multiplat.cli.main import COMMANDS, command_parsers

Offer = Callable[[str], list[str]]
DEV = "multiplat: {environments: {dev: {platforms: [linux-64], dependencies: [zlib]}}}\n"


@pytest.fixture
def locked_project(alone: Host, project: Path, channel: Path) -> Path:
    """A locked project of two environments."""
    write(project, channel, "numpy", platforms="[linux-64, osx-arm64]", extra=DEV)
    alone.multiplat("lock", "-q", cwd=project)
    (project / "sub").mkdir()
    write(project / "sub", channel, "zlib", platforms="[win-64]", file="other.yml")
    return project


@pytest.fixture(params=shells())
def offer(
    request: pytest.FixtureRequest, alone: Host, locked_project: Path, tmp_path: Path
) -> Offer:
    """What each shell offers at the end of a line, typed in the project's folder."""
    shell: str = request.param
    script = tmp_path / ("script.ps1" if shell == "pwsh" else f"script.{shell}")
    name = "powershell" if shell == "pwsh" else shell
    printed = alone.multiplat("completion", "--shell", name, cwd=tmp_path).stdout
    script.write_text(printed, encoding="utf-8")
    return lambda line: offered(shell, script, line, locked_project, alone.environ())


@pytest.mark.slow
@pytest.mark.parametrize("program", ["conda-multiplat", "conda multiplat"])
def test_names(offer: Offer, program: str, request: pytest.FixtureRequest) -> None:
    """Environments, platforms and packages of the project, after each program."""
    if request.node.callspec.params["offer"] == "pwsh" and program == "conda multiplat":
        pytest.skip("what completes conda in PowerShell is conda's own function")
    assert offer(f"{program} lock -e ") == ["default", "dev"]
    assert offer(f"{program} lock --platform ") == ["linux-64", "osx-arm64"]
    assert offer(f"{program} lock -e dev --update ") == ["libblas", "numpy", "python", "zlib"]
    assert offer(f"{program} why n") == ["numpy"]


@pytest.mark.slow
def test_commands_and_options(offer: Offer) -> None:
    """Commands, options and the words that an option takes: all from the parsers."""
    assert offer("conda-multiplat ") == sorted(COMMANDS)
    assert offer("conda-multiplat re") == [name for name in sorted(COMMANDS) if name[:2] == "re"]
    assert offer("conda-multiplat render --k") == ["--kind"]
    assert offer("conda-multiplat render --kind ") == [
        *("dockerfile", "environment", "explicit", "pixi-lock", "pylock", "sbom", "snakemake"),
    ]
    assert "--update-all" in offer("conda-multiplat lock --")
    assert offer("conda-multiplat list --manager conda nu") == ["numpy"]


@pytest.mark.slow
def test_platforms_to_change(offer: Offer) -> None:
    """After `platform`: what to do, then the platforms that it can be done with."""
    assert offer("conda-multiplat platform ") == ["add", "remove"]
    assert offer("conda-multiplat platform remove ") == ["linux-64", "osx-arm64"]
    assert offer("conda-multiplat platform add osx") == ["osx-64"]


def test_another_manifest(offer: Offer) -> None:
    """The names are those of the manifest that -f has named."""
    assert offer("conda-multiplat lock -f sub/other.yml --platform ") == ["win-64"]


def test_everywhere(alone: Host, tmp_path: Path) -> None:
    """Without a project: no environments, all platforms; nothing is said."""
    for kind, count in (("environments", 0), ("packages", 0), ("names", 0), ("nonsense", 0)):
        done = alone.multiplat("complete-words", kind, cwd=tmp_path)
        assert (len(done.stdout.splitlines()), done.stderr) == (count, "")
    platforms = alone.multiplat("complete-words", "platforms", cwd=tmp_path).stdout.splitlines()
    assert "linux-aarch64" in platforms
    assert alone.json("complete-words", "names", cwd=tmp_path) == {"success": True, "words": []}


def test_broken_manifest(alone: Host, locked_project: Path) -> None:
    """While a manifest is being written its locks still tell the environments."""
    (locked_project / "environment.yml").write_text("dependencies: [", encoding="utf-8")
    words = ("complete-words", "environments")
    assert alone.multiplat(*words, cwd=locked_project).stdout == "default\ndev\n"


def test_names_of_condas_environments(alone: Host, tmp_path: Path) -> None:
    """After -n: base, and what is in conda's ``envs_dirs``; not in other folders called envs."""
    own, other, base = alone.home / ".conda" / "envs", tmp_path / "other", tmp_path / "conda"
    for prefix in (
        *(alone.envs / "robot-dev", alone.envs / "base", other / "robot-dev", other / "gpu"),
        *(own / "robot", base / "envs" / "in-base", tmp_path / "envs" / "elsewhere"),
    ):
        (prefix / "conda-meta").mkdir(parents=True)
    (alone.envs / "no-environment").mkdir()
    text = "".join(f"{path}\n" for path in (tmp_path / "envs" / "elsewhere", alone.envs / "gone"))
    (alone.home / ".conda" / "environments.txt").write_text(text, encoding="utf-8")

    def names(**environ: str) -> list[str]:
        done = alone.multiplat("complete-words", "names", cwd=tmp_path, env=environ)
        assert done.stderr == ""
        return done.stdout.splitlines()

    assert names() == ["robot", "robot-dev"]
    (alone.home / ".condarc").write_text(f"envs_dirs: [{other}]\n", encoding="utf-8")
    assert names() == ["gpu", "robot", "robot-dev"]
    in_base = names(CONDA_EXE=str(base / "bin" / "conda"))
    assert in_base == ["base", "gpu", "in-base", "robot", "robot-dev"]
    (alone.home / ".condarc").write_text("envs_dirs: [", encoding="utf-8")
    assert names() == []


def test_names_are_found(alone: Host, tmp_path: Path) -> None:
    """Each name that is offered is one that -n finds."""
    for name in ("robot", "gpu"):
        (alone.envs / name / "conda-meta").mkdir(parents=True)
        (alone.envs / name / "conda-meta" / "history").touch()
    environ = {"CONDA_EXE": str(alone.home / "root" / "bin" / "conda")}
    (alone.home / "root" / "conda-meta").mkdir()
    (alone.home / "root" / "conda-meta" / "history").touch()
    offered_names = alone.json("complete-words", "names", cwd=tmp_path, env=environ)["words"]
    assert offered_names == ["base", "gpu", "robot"]
    for name in offered_names:
        words = ("run", "--no-install", "-n", name, "--", "true")
        assert alone.multiplat(*words, cwd=tmp_path, env=environ).stderr == ""


@pytest.mark.slow
def test_hostile_names(offer: Offer, locked_project: Path) -> None:
    """Names that a shell would do something with are not offered, and nothing of them runs."""
    lock = locked_project / "conda-lock.yml"
    for name in ("$(touch${IFS}pwned)", "`touch${IFS}pwned`", "a;touch", "*"):
        text = lock.read_text(encoding="utf-8")
        lock.write_text(f"{text}- name: {name}\n  platform: linux-64\n", encoding="utf-8")
    (locked_project / "$(touch${IFS}pwned).conda-lock.yml").write_text("", encoding="utf-8")
    assert offer("conda-multiplat why ") == ["libblas", "numpy", "python", "zlib"]
    (locked_project / "environment.yml").write_text("dependencies: [", encoding="utf-8")
    assert offer("conda-multiplat lock -e ") == ["default", "dev"]
    assert not (locked_project / "pwned").exists()


@pytest.mark.slow
def test_quick(alone: Host, locked_project: Path) -> None:
    """Names take less than four times a bare start of Python with YAML: no engine is imported."""
    resource = pytest.importorskip("resource")  # Windows has none
    code = (
        "import sys; from conda_multiplat.cli.main import main; main(sys.argv[1:]); "
        "print(*(each for each in ('rattler', 'rich', 'conda') if each in sys.modules))"
    )

    def run(*arguments: str) -> tuple[float, str]:
        """The processor's seconds that a Python takes (others' work does not count), its output."""
        began = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, "-c", *arguments],
            cwd=locked_project,
            env=alone.environ(),
            capture_output=True,
            text=True,
            check=True,
        )
        used = resource.getrusage(resource.RUSAGE_CHILDREN)  # os.times() counts in hundredths
        seconds = used.ru_utime - began.ru_utime + used.ru_stime - began.ru_stime
        return seconds, done.stdout

    for kind in ("environments", "names", "platforms", "packages"):
        bare, ours = [], []
        for _ in range(15):  # in turn, until another's work on the machine is in neither
            bare.append(run("import yaml")[0])
            seconds, output = run(code, "complete-words", kind)
            assert output.splitlines()[-1] == ""
            ours.append(seconds)
            if min(ours) < 4 * min(bare):
                break
        else:
            pytest.fail(f"{kind}: {min(ours)} s, {min(bare)} s bare")


def test_hidden(door: Host, project: Path) -> None:
    """The command that scripts ask is in no list, and does not break a door."""
    shown = door.multiplat("--help", cwd=project).stdout
    assert "complete-words" not in shown
    assert "completion" in shown
    assert door.multiplat("complete-words", "environments", cwd=project).stdout == ""


def test_not_in_the_way(alone: Host, tmp_path: Path) -> None:
    """Who completes conda already goes on doing so."""
    script = tmp_path / "script.bash"
    printed = alone.multiplat("completion", "--shell", "bash", cwd=tmp_path).stdout
    script.write_text(printed, encoding="utf-8")
    code = 'complete -F _theirs conda; source "$1"; complete -p conda'
    done = subprocess.run(
        ["bash", "--norc", "-c", code, "bash", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "complete -F _theirs conda\n"


def _in_powershell(text: str) -> str:
    return "'" + re.sub("['\u2018-\u201b]", r"\g<0>\g<0>", text) + "'"


def test_powershell_text(alone: Host, tmp_path: Path) -> None:
    """Where PowerShell is not installed: its text is whole, and has what the parsers have."""
    script = alone.multiplat("completion", "--shell", "powershell", cwd=tmp_path).stdout
    assert faults(script) == []
    lines = {line.strip() for line in script.splitlines()}
    keys: set[str] = set()
    for parser in command_parsers(argparse.ArgumentParser()):
        known = command(*parser)
        for flag, values in known.table():
            key = f"{known.name} {flag}"
            assert f"{_in_powershell(key)} {{ {_in_powershell(str(values))} }}" in lines
            assert key not in keys, "a case that stands there twice"
            keys.add(key)
        pairs = ", ".join(
            f"{_in_powershell(flag)}, {_in_powershell(summary)}" for flag, summary in known.flags()
        )
        assert f"{_in_powershell(known.name)} {{ {pairs} }}" in lines
        assert f"{_in_powershell(known.name)}, {_in_powershell(known.summary)}" in {
            line.rstrip(",") for line in lines
        }


@pytest.mark.parametrize("seed", range(5))
def test_powershell_takes_any_text(seed: int) -> None:
    """Whatever a summary, a word or the program's path has: it is text, and ends no string."""
    random_ = random.Random(seed)
    pieces = ["'", "\u2019", "\u201a", '"', "`", "$", "$(", "{", "}", "#", "; ", "é", "@'", "\n'@"]

    def text() -> str:
        return "".join(random_.choices(pieces, k=random_.randint(1, 6)))

    def some() -> Command:
        words = Values("one", "words", (text(),))
        return Command(text(), text(), (Option((text(),), text(), words),), words)

    known = [some(), some()]
    program = f"/{text()}/conda-multiplat"
    script = powershell(known, program)
    assert faults(script) == []
    flags = {word for subcommand in known for pair in subcommand.flags() for word in pair}
    values = {str(values) for subcommand in known for _, values in subcommand.table()}
    names = {word for subcommand in known for word in (subcommand.name, subcommand.summary)}
    assert {program, *names, *flags, *values} <= set(strings(script))


def test_other_shells(alone: Host, tmp_path: Path) -> None:
    """A shell that we have no script for: exit code 2."""
    stderr = alone.multiplat("completion", "--shell", "cmd", cwd=tmp_path, code=2).stderr
    assert "argument --shell: invalid choice: 'cmd'" in stderr
