"""``-e .`` and ``./pkg``: what a project says of itself is a part of what is locked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from support.hosts import Host
from support.manifests import write
from support.pypi_index import Index, write_project
from support.server import Rules, serve

_HEAD = '[project]\nname = "here"\nversion = "0.3"\n'
TWO = "[linux-64, osx-arm64]"
_BUILD = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
_SETUPTOOLS = "[tool.setuptools.dynamic]\n"


@pytest.fixture
def pypi(tmp_path: Path) -> Iterator[Rules]:
    """An index with two pure packages."""
    index = Index(tmp_path / "index")
    for version in ("1.0", "1.1"):
        index.wheel("purely", version)
    index.wheel("robot", "1.5")
    with serve(index.root) as server:
        yield server


def _locked(project: Path) -> set[str]:
    data = yaml.safe_load((project / "conda-lock.yml").read_text(encoding="utf-8"))
    return {package["name"] for package in data["package"] if package["manager"] == "pip"}


def _write(project: Path, channel: Path, pypi: Rules, *lines: str, platforms: str = TWO) -> None:
    entries = [f"--index-url {pypi.url}/simple", *lines]
    listed = "pip:\n" + "\n".join(f"      - {entry}" for entry in entries)
    write(project, channel, "python 3.12.*", listed, platforms=platforms)


def _lock(host: Host, project: Path, channel: Path, pypi: Rules, line: str, text: str) -> None:
    write_project(project / "here", "here", "0.3")
    _rewrite(project, text)
    _write(project, channel, pypi, line)
    host.multiplat("lock", cwd=project)
    host.multiplat("check", "--strict", cwd=project)


def _rewrite(project: Path, text: str) -> None:
    (project / "here" / "pyproject.toml").write_text(f"{text}{_BUILD}", encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    "line", ["-e ./here", "./here", "here @ file:./here", "here/", "-e here", "file:./here"]
)
def test_new_dependency(alone: Host, project: Path, channel: Path, pypi: Rules, line: str) -> None:
    """``check`` fails at the line, ``lock`` locks it, and then all is well."""
    _lock(alone, project, channel, pypi, line, f'{_HEAD}dependencies = ["robot"]\n')
    assert _locked(project) == {"here", "robot"}
    _rewrite(project, f'{_HEAD}dependencies = ["robot", "purely >=1"]\n')
    done = alone.multiplat("check", cwd=project, code=1)
    assert "it needs purely>=1: not locked" in done.stdout
    assert "environment.yml:9:" in done.stdout
    alone.multiplat("lock", cwd=project)
    assert _locked(project) == {"here", "purely", "robot"}
    alone.multiplat("check", "--strict", cwd=project)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ('dependencies = ["purely"]', 'dependencies = ["purely <1.1"]', "it needs purely<1.1: "),
        ('requires-python = ">=3.10"', 'requires-python = ">=3.13"', "it needs Python >=3.13: "),
        ("dependencies = []", "dependencies = [\"robot; sys_platform == 'linux'\"]", "robot"),
        (
            "optional-dependencies = {dev = []}",
            'optional-dependencies = {dev = ["robot"]}',
            "it needs robot: not locked",
        ),
    ],
)
def test_other_needs(
    alone: Host, project: Path, channel: Path, pypi: Rules, before: str, after: str, reason: str
) -> None:
    """A bound, a Python, a marker, an extra that is asked for."""
    _lock(alone, project, channel, pypi, "-e ./here[dev]", f"{_HEAD}{before}\n")
    _rewrite(project, f"{_HEAD}{after}\n")
    assert reason in alone.multiplat("check", cwd=project, code=1).stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('dependencies = ["robot", "purely"]', 'dependencies = [\n  "purely",  # x\n  "robot",\n]'),
        ('dependencies = ["purely>=1,<2"]', 'dependencies = ["purely >= 1, <2"]'),
        ('dependencies = ["purely"]', 'dependencies = ["purely"]\ndescription = "new"'),
        ('dependencies = ["purely"]', 'dependencies = ["purely"]\n[tool.ruff]\nline-length = 9'),
        ('dependencies = ["purely"]', 'dependencies = ["purely"]\n[project.urls]\nx = "https://x"'),
        ('requires-python = ">=3.10"', 'requires-python = ">= 3.10"'),
        ('dependencies = ["purely>=1,<2"]', 'dependencies = ["Purely (<2, >= 1)"]'),
        ('optional-dependencies = {a-b = ["robot"]}', 'optional-dependencies = {A_b = ["Robot"]}'),
    ],
)
def test_what_does_not_count(
    alone: Host, project: Path, channel: Path, pypi: Rules, before: str, after: str
) -> None:
    """Order, spaces, comments, a version and what else is said change nothing."""
    _lock(alone, project, channel, pypi, "-e ./here", f"{_HEAD}{before}\n")
    _rewrite(project, f"{_HEAD.replace('0.3', '0.4')}{after}\n")
    alone.multiplat("check", "--strict", cwd=project)


def test_file_of_setuptools(alone: Host, project: Path, channel: Path, pypi: Rules) -> None:
    """Dynamic dependencies that setuptools reads from a file are those of the file."""
    text = f'{_HEAD}dynamic = ["dependencies"]\n{_SETUPTOOLS}dependencies = {{file = ["r.txt"]}}\n'
    (project / "here").mkdir()
    (project / "here" / "r.txt").write_text("# nothing yet\n", encoding="utf-8")
    _lock(alone, project, channel, pypi, "-e ./here", text)
    (project / "here" / "r.txt").write_text("# still nothing\n\n", encoding="utf-8")
    alone.multiplat("check", "--strict", cwd=project)
    (project / "here" / "r.txt").write_text("purely  # now\n", encoding="utf-8")
    assert "it needs purely: not locked" in alone.multiplat("check", cwd=project, code=1).stdout


def test_dynamic_dependencies(alone: Host, project: Path, channel: Path, pypi: Rules) -> None:
    """What only a build can tell is named as such."""
    write_project(project / "here", "here", "0.3")
    _lock(alone, project, channel, pypi, "-e ./here", f'{_HEAD}dynamic = ["dependencies"]\n')
    done = alone.multiplat("lock", "--update-all", cwd=project)
    assert (
        "environment.yml:9:9: -e ./here: only a build determines its dependencies, "
        "so changes of that are not noticed\n"
    ) in done.stderr


def test_no_local_project(alone: Host, project: Path, channel: Path, pypi: Rules) -> None:
    """A lock of a project without local ones is what it always was."""
    entries = f"pip:\n      - --index-url {pypi.url}/simple\n      - purely"
    write(project, channel, "python 3.12.*", entries, platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    text = (project / "conda-lock.yml").read_text(encoding="utf-8")
    assert "multiplat.recipe: '1'" in text


def _kinds() -> dict[str, Callable[[str, str, str], dict[str, str]]]:
    """Ways to say a bound on robot, another need, and a version: the files of a project."""
    return {
        "setup.cfg": lambda bound, more, version: {
            "pyproject.toml": _BUILD,
            "setup.cfg": f"[metadata]\nname = here\nversion = {version}\n[options]\n"
            f"install_requires =\n  robot{bound}\n  {more}\n",
        },
        "setup.cfg beside": lambda bound, more, version: {
            "pyproject.toml": f'[project]\nname = "here"\nversion = "{version}"\n'
            f'dynamic = ["dependencies"]\n{_BUILD}',
            "setup.cfg": f"[options]\ninstall_requires =\n  robot{bound}\n  {more}\n",
        },
        "flit": lambda bound, more, version: {
            "pyproject.toml": f'[tool.flit.metadata]\nmodule = "here"\n'
            f"requires = {[f'robot{bound}', *([more] if more else [])]}\n{_BUILD}# {version}\n",
        },
        "poetry 1": lambda bound, more, version: {
            "pyproject.toml": f'[tool.poetry]\nname = "here"\nversion = "{version}"\n'
            f"{_poetry(bound, more)}{_BUILD}",
        },
        "poetry 2": lambda bound, more, version: {
            "pyproject.toml": f'[project]\nname = "here"\nversion = "{version}"\n'
            f'dynamic = ["dependencies"]\n{_poetry(bound, more)}{_BUILD}',
        },
    }


def _poetry(bound: str, more: str) -> str:
    needs = f'python = "^3.10"\nrobot = "{bound or "*"}"\n' + (f'{more} = "^1.0"\n' if more else "")
    return f"[tool.poetry.dependencies]\n{needs}[tool.poetry.group.dev.dependencies]\nx = '*'\n"


@pytest.mark.slow
@pytest.mark.parametrize("kind", _kinds())
def test_kinds(alone: Host, project: Path, channel: Path, pypi: Rules, kind: str) -> None:
    """Of each a new version is nothing, a bound that isn't met and a new need are seen."""
    files = _kinds()[kind]

    def become(bound: str, more: str, version: str) -> None:
        # what is built, and what is said of it
        needs = [f"robot{bound}", *([more] if more else [])]
        write_project(project / "here", "here", version, needs)
        for name, text in files(bound, more, version).items():
            (project / "here" / name).write_text(text, encoding="utf-8")

    become("", "", "0.3")
    _write(project, channel, pypi, "-e ./here")
    alone.multiplat("lock", cwd=project)
    become("", "", "0.4")
    alone.multiplat("check", "--strict", cwd=project)
    become(">=2", "", "0.4")
    assert "it needs robot>=2: locked: robot 1.5" in _fails(alone, project)
    become("", "purely", "0.4")
    assert re.search("it needs purely(<2,>=1.0)?: not locked", _fails(alone, project))
    alone.multiplat("lock", cwd=project)
    assert _locked(project) == {"here", "purely", "robot"}
    alone.multiplat("check", "--strict", cwd=project)


def _fails(host: Host, project: Path) -> str:
    return host.multiplat("check", cwd=project, code=1).stdout


@pytest.mark.parametrize(
    "line",
    ["./here[Dev_Tools]", "here[dev.tools] @ file:./here", "-e ./here[all]", "here[all] @ ./here"],
)
def test_extras(alone: Host, project: Path, channel: Path, pypi: Rules, line: str) -> None:
    """However a line asks for one, and where an extra asks for another of the same project."""
    extras = 'optional-dependencies = {{dev-tools = ["{}"], all = ["here[dev_tools]"]}}\n'
    needs = ["robot ; extra == 'dev-tools'", "here[dev-tools] ; extra == 'all'"]
    write_project(project / "here", "here", "0.3", needs)
    _rewrite(project, _HEAD + extras.format("robot"))
    _write(project, channel, pypi, line)
    alone.multiplat("lock", cwd=project)
    assert _locked(project) == {"here", "robot"}
    alone.multiplat("check", "--strict", cwd=project)
    _rewrite(project, _HEAD + extras.format("purely"))
    assert "it needs purely: not locked" in _fails(alone, project)


def test_extra_of_a_need(alone: Host, project: Path, channel: Path, pypi: Rules) -> None:
    """A project that asks for an extra of what it needs: once it is locked, all is well."""
    index = Index(project.parent / "extras")
    index.wheel("fast", requires=["purely ; extra == 'http'"])
    index.wheel("purely")
    with serve(index.root) as server:
        _lock(alone, project, channel, server, "-e ./here", f'{_HEAD}dependencies = ["fast"]\n')
        assert _locked(project) == {"here", "fast"}
        _rewrite(project, f'{_HEAD}dependencies = ["fast[http]"]\n')
        assert "it needs fast[http]: locked without fast[http]" in _fails(alone, project)
        alone.multiplat("lock", cwd=project)
        assert _locked(project) == {"here", "fast", "purely"}
        _rewrite(project, f'{_HEAD}dependencies = ["fast[HTTP]", "purely"]\n')  # met as it is
        verdict = "the manifest has changed, and what is locked still meets it"
        assert verdict in alone.multiplat("check", cwd=project).stdout


@pytest.mark.parametrize("form", ["url", "uv", "poetry"])
def test_nested(alone: Host, project: Path, channel: Path, pypi: Rules, form: str) -> None:
    """What a local project needs by its path is looked at too, with the extras that it asks for."""
    place = (project / "inner").as_uri()
    written = {
        "url": f'{_HEAD}dependencies = ["inner[x] @ {place}"]\n',
        "uv": f'{_HEAD}dependencies = ["inner[x]"]\n'
        '[tool.uv.sources]\ninner = {path = "../inner"}\n',
        "poetry": '[tool.poetry]\nname = "here"\nversion = "1"\n[tool.poetry.dependencies]\n'
        'inner = {path = "../inner", extras = ["x"]}\n',
    }
    inner = _HEAD.replace("here", "inner")
    write_project(project / "inner", "inner", "0.3", ["robot"])
    (project / "inner" / "pyproject.toml").write_text(
        f'{inner}dependencies = ["robot"]\noptional-dependencies = {{x = []}}\n{_BUILD}',
        encoding="utf-8",
    )
    write_project(project / "here", "here", "0.3", [f"inner[x] @ {place}"])
    _rewrite(project, written[form])
    _write(project, channel, pypi, "-e ./here")
    alone.multiplat("lock", cwd=project)
    assert _locked(project) == {"here", "inner", "robot"}
    tree = alone.multiplat("tree", "inner", "--invert", cwd=project).stdout
    assert "here" in tree
    alone.multiplat("check", "--strict", cwd=project)
    (project / "inner" / "pyproject.toml").write_text(
        f'{inner}dependencies = ["robot"]\noptional-dependencies = {{x = ["purely"]}}\n{_BUILD}',
        encoding="utf-8",
    )
    assert "pip: -e ./here: inner needs purely: not locked" in _fails(alone, project)


@pytest.mark.parametrize("where", ["member", "root"])
def test_workspace(alone: Host, project: Path, channel: Path, pypi: Rules, where: str) -> None:
    """A member of a uv workspace that another member needs is looked at by its path too."""
    sources = "[tool.uv.sources]\nInner = {workspace = true}\n"
    root = '[tool.uv.workspace]\nmembers = ["packages/*"]\nexclude = ["packages/old"]\n'
    (project / "pyproject.toml").write_text(root + sources * (where == "root"), encoding="utf-8")
    packages = project / "packages"
    for name, needs in {"in": "robot", "old": "nosuch"}.items():
        write_project(packages / name, "inner", "0.3", [needs])
    write_project(packages / "here", "here", "0.3", ["inner"])
    with (packages / "here" / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(sources * (where == "member"))
    _write(project, channel, pypi, "-e packages/here")
    alone.multiplat("lock", cwd=project)
    assert _locked(project) == {"here", "inner", "robot"}
    alone.multiplat("check", "--strict", cwd=project)
    write_project(packages / "in", "inner", "0.4", ["robot"])
    alone.multiplat("check", "--strict", cwd=project)
    write_project(packages / "in", "inner", "0.4", ["robot", "purely"])
    wrong = "pip: -e ./packages/here: inner needs purely: not locked"
    assert wrong.replace("./", "") in _fails(alone, project).replace("./", "")


def test_renamed(alone: Host, project: Path, channel: Path, pypi: Rules) -> None:
    """A project of another name is another package."""
    _lock(alone, project, channel, pypi, "-e ./here", f"{_HEAD}dependencies = []\n")
    _rewrite(project, _HEAD.replace("here", "There") + "dependencies = []\n")
    assert "pip: -e ./here: it is named there: locked: here" in _fails(alone, project)


def test_marker_of_the_line(alone: Host, project: Path, channel: Path, pypi: Rules) -> None:
    """Where the marker of a line does not hold, nothing that the project needs is missed."""
    line = "'-e ./here ; sys_platform == \"linux\"'"
    _lock(alone, project, channel, pypi, line, f"{_HEAD}dependencies = []\n")
    _rewrite(project, f'{_HEAD}dependencies = ["robot"]\n')
    assert "it needs robot: not locked  (linux-64)\n" in _fails(alone, project)


def test_folder_that_nothing_asks_for(
    alone: Host, project: Path, channel: Path, pypi: Rules
) -> None:
    """A local project whose line has gone is locked, and nothing asks for it."""
    _lock(alone, project, channel, pypi, "-e ./here", f"{_HEAD}dependencies = []\n")
    _write(project, channel, pypi, "robot")
    assert "locked, but nothing asks for it: here 0.3" in _fails(alone, project)


def test_need_that_goes(alone: Host, project: Path, channel: Path, pypi: Rules) -> None:
    """What a project no longer needs is locked, and nothing asks for it; not so if code says it."""
    needs = f'{_HEAD}dependencies = ["robot", "purely"]\n'
    _lock(alone, project, channel, pypi, "-e ./here", needs)
    _rewrite(project, f'{_HEAD}dependencies = ["purely"]\n')
    assert "locked, but nothing asks for it: robot 1.5" in _fails(alone, project)
    _rewrite(project, f'{_HEAD}dynamic = ["dependencies"]\n')
    alone.multiplat("check", cwd=project)


def test_broken_toml(alone: Host, project: Path, channel: Path, pypi: Rules) -> None:
    """A pyproject.toml that can't be read is said to be so at the line, with the place in it."""
    _lock(alone, project, channel, pypi, "-e ./here", f"{_HEAD}dependencies = []\n")
    _rewrite(project, "[project\n")
    done = alone.multiplat("check", cwd=project, code=2)
    wrong = "here/pyproject.toml is not TOML: Expected ']' at the end of a table declaration"
    assert f"environment.yml:9:9: -e ./here: {wrong} (at line 1, column 9)\n" in done.stderr


def test_recipe_beside_a_kept_platform(
    alone: Host, project: Path, channel: Path, pypi: Rules
) -> None:
    """A local project on one platform is noticed, although another stays as it was locked."""
    write_project(project / "here", "here", "0.3")
    _rewrite(project, f"{_HEAD}dependencies = []\n")
    _write(project, channel, pypi, "robot")
    alone.multiplat("lock", cwd=project)
    text = (project / "conda-lock.yml").read_text(encoding="utf-8")
    assert "multiplat.recipe: '1'" in text
    _write(project, channel, pypi, "robot", "-e ./here  # [linux]")
    alone.multiplat("lock", cwd=project)
    text = (project / "conda-lock.yml").read_text(encoding="utf-8")
    assert "multiplat.recipe: '2'" in text
    alone.multiplat("check", "--strict", cwd=project)
    _rewrite(project, f'{_HEAD}dependencies = ["purely"]\n')
    assert "it needs purely: not locked  (linux-64)\n" in _fails(alone, project)


@pytest.mark.parametrize(
    ("line", "spared"),
    [
        ("purely >=1", ["packaging", "tomli", "configparser"]),
        ("--pre", ["tomli", "configparser"]),
        ("'purely ; sys_platform == \"linux\"'", ["tomli", "configparser"]),
    ],
)
def test_nothing_is_loaded_without_one(
    alone: Host, project: Path, channel: Path, pypi: Rules, line: str, spared: list[str]
) -> None:
    """``check`` of lines that name no local project does not load what reads them."""
    listed = f"pip:\n      - {line}"
    write(project, channel, "python 3.12.*", listed, platforms="[linux-64]")
    index = {"CONDA_MULTIPLAT_PYPI_INDEX": f"{pypi.url}/simple"}
    alone.multiplat("lock", cwd=project, env=index)
    done = alone.multiplat("check", cwd=project, env={"PYTHONPROFILEIMPORTTIME": "1", **index})
    assert [module for module in spared if f" {module}\n" in done.stderr] == []


@pytest.mark.parametrize("line", ["-e ./here", "./here", "here @ file:./here"])
def test_no_index_is_asked_for_it(
    alone: Host, project: Path, channel: Path, tmp_path: Path, line: str
) -> None:
    """A stranger's project of the same name is no newer version, and the name stays here."""
    index = Index(tmp_path / "strangers")
    index.wheel("here", "9.9")
    write_project(project / "here", "here", "0.3")
    with serve(index.root) as pypi:
        _write(project, channel, pypi, line, platforms="[linux-64]")
        alone.multiplat("lock", cwd=project)
        stdout = alone.multiplat("why", "here", cwd=project).stdout
        assert "0.3 comes from ./here, which has no other version\n" in stdout
        alone.multiplat("outdated", cwd=project)
    assert [path for path in pypi.seen if "/here" in path] == []
