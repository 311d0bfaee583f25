"""Every example in README, docs and ``--help`` is run, or is in the short list of those that can't.

A new one is run without further ado, in the project ``robot``; :mod:`examples.blocks` says how a
page chooses another.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from cfgv import apply_defaults, validate
from examples import world as worlds
from examples.blocks import ROOT, Block, blocks, help_examples, pages
from examples.world import World, running
from pre_commit.clientlib import CONFIG_SCHEMA
from support.packages import SUBDIR

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(SUBDIR != "linux-64", reason="the pages show a Linux machine"),
]

#: Beginnings of commands that are not run here, with the reason.
NOT_RUN = {
    "make ": "makes an environment from PyPI; CI runs it",
    "CONDA_SOLVER=rattler make ": "the same",
    ".venv/bin/pytest ": "would run these tests in these tests",
    "CONDA_MULTIPLAT_TEST_COLD=1 .venv/bin/pytest ": "the same",
    "conda run --name robot-cuda12 python -m pip ": "the channel has no pip; test_pack.py runs it",
    "pip install ": "has a placeholder for a URL",
    "uv tool install ": "installs for the user, from PyPI; test_wheel.py installs the wheel",
    "pipx install ": "the same",
    "conda run -n base pip install ": "the same",
    "skopeo ": "needs a registry",
    "git ": "is the script that tests/github/ runs",
    "python /tmp/conda-multiplat/": "the same",
    "'git ": "the same",
    "curl ": "needs OSV's server",
    "module ": "needs Environment Modules or Lmod; test_modulefile.py runs them where they are",
    "conda-multiplat completion --shell powershell": "needs PowerShell",
}
#: Beginnings of blocks that are no commands, and that no example can compare, with the reason.
NOT_COMMANDS = {
    "  plugin.py ": "is a drawing",
    "reading conda-forge ": "is on a terminal for a moment; test_lock_progress.py compares it",
}
ALL = [block for page in pages() for block in blocks(page)]
SESSIONS = [block for block in ALL if block.is_session and "walkthrough" not in block.place]
JSON = [block for block in ALL if block.language == "json"]
YAML = [block for block in ALL if block.language == "yaml" and "walkthrough" not in block.place]
PYTHON = [block for block in ALL if block.language == "python"]
OUTPUTS = [block for block in ALL if block.shown_by and not block.language]
LISTS = [
    block
    for block in ALL
    if not block.language
    and not block.is_session
    and not block.shown_by
    and not block.text.startswith(tuple(NOT_COMMANDS))
]


HELP = help_examples()
#: Where the examples of a command's ``--help`` are run, if not in ``robot``.
HELP_IN = {
    "init": "nothing",
    "import": "importing",
    "list": "installed",
    "modulefile": "installed",
    "update": "installed",
    "unpack": "packed",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The channels, the index and the service that all examples share."""
    with worlds.world(tmp_path_factory.mktemp("examples")) as world:
        yield world


def _can_run(command: str) -> bool:
    return not command.startswith(tuple(NOT_RUN))


#: Examples whose exit code is not 0, as is said beside them.
EXIT_CODES = {"conda multiplat outdated --exit-code": 1}


def _runs(world: World, project: str, *commands: str) -> None:
    typed = [world.real(command) for command in commands if _can_run(command)]
    for ended in world.place(project).run(typed) if typed else ():
        code = next((EXIT_CODES[code] for code in EXIT_CODES if ended.command.startswith(code)), 0)
        assert ended.code == code, f"$ {ended.command}\n{ended.output}(exit code {ended.code})"


@pytest.mark.parametrize("block", LISTS, ids=lambda block: block.place)
def test_commands(world: World, block: Block) -> None:
    """Commands without output: each succeeds."""
    commands = [line for line in block.text.splitlines() if line.strip()]
    for part in [[command] for command in commands] if block.each else [commands]:
        _runs(world, block.project, *part)


@pytest.mark.parametrize("name", HELP)
def test_help(world: World, name: str) -> None:
    """The examples of ``--help``: each succeeds."""
    for part in [[command] for command in HELP[name]] if name == "import" else [HELP[name]]:
        _runs(world, HELP_IN.get(name, "robot"), *part)


#: What a channel decides, not we: sizes, the number of packages, and with them columns' widths.
_FOLDED = (
    (r"(?<=\S) {2,}", "  "),
    (r"(over )?\b[\d.]+(-[\d.]+)? (B|kB|MB|GB)\b", "SIZE"),
    (r"\s+\(\d+ different packages?[^)]*\)", " (TOTALS)"),
    (r"(?m)\((conda|detected|CONDA_OVERRIDE_\w+)\)$", "(SOURCE)"),
    (r"\b\d+ files", "N files"),
    (r"and \d+ more", "and N more"),
    (r"process \d+", "process N"),
    (r"(file|https?)://\S+/(?=conda-forge/)", "…/"),
    (r"sha256:[0-9a-f]{12}", "sha256:…"),
    (r"(?m)^ (conda-multiplat|conda|py-rattler|uv|python)  ([\d.]+|not used)$", r" \1  VERSION"),
    (r"\d+ packages?( \+ \d+ from PyPI)?", "N packages"),
    (r"\S*/(?=(envs|pkgs|\.cache)/)", "…/"),
)


def _folded(answer: str) -> str:
    text = answer.rstrip("\n")
    for pattern, replacement in _FOLDED:
        text = re.sub(pattern, replacement, text)
    return text


def _is_shown(shown: str, output: str) -> bool:
    """Whether an output is as shown; ``…`` is any text, on a line of its own any lines."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "…" else re.escape(line).replace("…", ".*") + "\n"
        for line in _folded(shown).splitlines()
    )
    lines = "".join(f"{line}\n" for line in _folded(output).splitlines())
    return bool(re.fullmatch(pattern, lines))


@pytest.mark.parametrize("block", SESSIONS, ids=lambda block: block.place)
def test_session(world: World, block: Block) -> None:
    """Commands with their output, one after another: each prints what is shown."""
    place = world.place(block.project)
    shown = block.session()
    ended = place.run([world.real(command) for command, _ in shown])
    for (command, answer), end in zip(shown, ended, strict=True):
        assert _is_shown(world.real(answer), end.output), (
            f"$ {command}\n{end.output}---shown\n{answer}"
        )


@pytest.mark.parametrize("block", OUTPUTS, ids=lambda block: block.place)
def test_output(world: World, block: Block) -> None:
    """A part of what a command prints."""
    (ended,) = world.place(block.project).run([block.shown_by])
    assert _is_shown(f"…\n{world.real(block.text)}…\n", ended.output), ended.output


def _shape(value: Any) -> Any:
    """The keys of a document, all the way down."""
    return {key: _shape(part) for key, part in value.items()} if isinstance(value, dict) else None


@pytest.mark.parametrize("block", JSON, ids=lambda block: block.place)
def test_json(world: World, block: Block) -> None:
    """A document that a command prints has the keys that are shown, and no others."""
    (ended,) = world.place(block.project).run([f"{block.shown_by} 2>/dev/null"])
    shown, real = json.loads(block.text), json.loads(ended.output)
    for document in (shown, real):
        document["variables"] = {}  # other names in each environment
    assert _shape(shown) == _shape(real)


def _kind(block: Block) -> str:
    """``manifest``, ``fragment`` of one, ``condarc``, ``hooks``, ``ci`` or ``lock``."""
    value = yaml.safe_load(block.text)
    if isinstance(value, dict):
        keys = {"dependencies": "manifest", "multiplat": "fragment", "plugins": "condarc"}
        keys |= {"repos": "hooks", "jobs": "ci"}
        return next((kind for key, kind in keys.items() if key in value), "ci")
    first = value[0]
    return "lock" if "manager" in first else "hooks" if "id" in first else "ci"


KINDS = {block: _kind(block) for block in YAML}


def _of(*kinds: str) -> Any:
    """A test for each YAML block of some kinds."""
    some = [block for block, kind in KINDS.items() if kind in kinds]
    return pytest.mark.parametrize("block", some, ids=lambda block: block.place)


_HEAD = """\
name: robot
channels: [conda-forge, bioconda, https://conda.example.com/ours]
platforms: [linux-64, osx-arm64]
dependencies:
  - python 3.12.*
  - numpy
  - openssl
  - pip: [light]
"""


@_of("manifest", "fragment")
def test_manifest(world: World, block: Block) -> None:
    """A manifest, or a part of one, can be locked; and what is locked satisfies it."""
    text = block.text
    if KINDS[block] == "fragment":
        text = _HEAD + text
    elif "name:" not in text.splitlines()[0]:
        text = f"name: robot\nchannels: [conda-forge]\n{text}"
    place = world.place("nothing")
    manifest = place.project / "environment.yml"
    manifest.write_text(world.real(running(text)), encoding="utf-8")
    for ended in place.run(["conda multiplat lock", "conda multiplat check --strict"]):
        assert ended.code == 0, ended.output


@_of("condarc")
def test_condarc(world: World, block: Block) -> None:
    """Settings in a ``.condarc`` are read without a complaint."""
    place = world.place("adding")
    text = block.text.replace("https://mirror.example.com", f"{world.index}/pypi")
    condarc = place.host.home / ".condarc"
    alias, *_ = condarc.read_text(encoding="utf-8").splitlines()
    condarc.write_text(f"{alias}\n{text}", encoding="utf-8")
    (ended,) = place.run(["conda multiplat check"])
    assert (ended.code, "warning" in ended.output) == (0, False), ended.output


@_of("lock")
def test_lock_entry(world: World, block: Block) -> None:
    """An entry of a lock has the keys of ours."""
    path = world.place("robot").project / "conda-lock.yml"
    locked = yaml.safe_load(path.read_text(encoding="utf-8"))["package"]
    (shown,) = yaml.safe_load(block.text)
    (real,) = [
        record
        for record in locked
        if (record["name"], record["platform"]) == (shown["name"], shown["platform"])
    ]
    assert [*shown] == [*real]
    assert shown["dependencies"].keys() == real["dependencies"].keys()


@_of("hooks")
def test_hooks(block: Block) -> None:
    """pre-commit reads the configuration, and we have the hooks."""
    text = block.text
    if not text.startswith("repos:"):
        text = "repos:\n  - repo: https://example.com/ours\n    rev: v1\n    hooks:\n" + text
    config = apply_defaults(yaml.safe_load(text), CONFIG_SCHEMA)
    validate(config, CONFIG_SCHEMA)
    ours = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    for repo in config["repos"]:
        assert {hook["id"] for hook in repo["hooks"]} <= ours


def _scripts(value: Any) -> Iterator[str]:
    """The lines of shell in a configuration of GitHub's or GitLab's."""
    if isinstance(value, dict):
        for key, part in value.items():
            if key in ("run", "script"):
                yield from [part] if isinstance(part, str) else part
            else:
                yield from _scripts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _scripts(part)


@_of("ci")
def test_ci(world: World, block: Block) -> None:
    """Commands succeed, our actions have the inputs, and the script has the variables."""
    config = yaml.safe_load(block.text)
    lines = [line for line in _scripts(config) if line.startswith("conda-multiplat ")]
    _runs(world, "robot", *(line.replace("$RUNNER_TEMP/", "") for line in lines))
    for action, inputs in _steps(config):
        known = yaml.safe_load((ROOT / ".github/actions" / action / "action.yml").read_text())
        assert inputs <= known["inputs"].keys()
    script = (ROOT / ".github/actions/update/action.yml").read_text(encoding="utf-8")
    given = re.findall(r"(?m)^ +(UPDATE_\w+):", block.text)
    assert all(name in script for name in given)
    assert all(_is_known(line) for line in _scripts(config))


def _is_known(line: str) -> bool:
    return line.startswith("conda-multiplat ") or not _can_run(line)


def _steps(value: Any) -> Iterator[tuple[str, set[str]]]:
    """The name of each action of ours that a workflow uses, with its inputs."""
    if isinstance(value, dict):
        ours = re.match(r"OWNER/conda-multiplat/\.github/actions/(\w+)@", value.get("uses", ""))
        if ours:
            yield ours[1], set(value.get("with", {}))
        for part in value.values():
            yield from _steps(part)
    elif isinstance(value, list):
        for part in value:
            yield from _steps(part)


@pytest.mark.parametrize("block", PYTHON, ids=lambda block: block.place)
def test_python(block: Block) -> None:
    """What it imports is there."""
    exec(compile(block.text, block.place, "exec"), {})


def test_all_of_them() -> None:
    """Each block is of a kind that a test runs, and each entry of ``NOT_RUN`` is used."""
    tested = [*SESSIONS, *LISTS, *OUTPUTS, *JSON, *YAML, *PYTHON]
    left = [
        block.place
        for block in ALL
        if block not in tested
        and not block.text.startswith(tuple(NOT_COMMANDS))
        and "walkthrough" not in block.place
        and block.language != "{toctree}"
    ]
    assert left == []
    typed = "\n".join(line for block in ALL for line in block.text.splitlines())
    typed += "\n".join(line for lines in HELP.values() for line in lines)
    assert [command for command in NOT_RUN if command not in typed] == []
