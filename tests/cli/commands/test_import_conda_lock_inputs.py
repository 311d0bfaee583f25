"""``import`` of what only conda-lock reads, which judges: ``pyproject.toml`` and ``meta.yaml``."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from support.conda_lock_says import conda_lock_says
from support.hosts import Host
from support.manifests import locked
from support.packages import Package, write_repodata

from conda_multiplat.importers.values import conda_meaning, pypi_meaning
from conda_multiplat.manifest.model import Manifest
from conda_multiplat.manifest.read import Source, read_manifest

PLATFORMS = ["linux-64", "osx-arm64"]
CONDA_LOCK = """\
[tool.conda-lock]
channels = ["forge", "nodefaults"]
platforms = ["linux-64", "osx-arm64"]
"""
PEP_621 = f"""\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "My Project"
requires-python = ">=3.10"
dependencies = [
  "numpy>=1.26,<3",  # arrays
  "torch>=2 ; sys_platform == 'linux'",
  "requests[socks]~=2.31",
  "tomli>=2 ; python_version < '3.11'",
  "mujoco==3.1",
  "robot @ git+https://git.example.com/robot.git@v1#subdirectory=py",
]

[project.optional-dependencies]
dev = ["pytest"]
plot = ["matplotlib-inline>=0.1"]

{CONDA_LOCK}pip-repositories = ["https://pypi.example.com/simple"]
odd-key = 1

[tool.conda-lock.dependencies]
gcc = ">=12"
mujoco = {{source = "pypi"}}
nobody = {{source = "pypi"}}
"""
POETRY = f"""\
[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"

[tool.poetry]
name = "p"

[tool.poetry.dependencies]
python = "^3.10"
numpy = "^1.26 || ^2.0"
requests = {{version = "^2.31", extras = ["socks"], source = "pypi"}}
exact = {{version = "1.2.3", source = "pypi"}}
star = {{version = "*", optional = true}}
gitted = {{git = "https://git.example.com/x.git", branch = "main"}}
local = {{path = "../local"}}
byurl = {{url = "https://pypi.example.com/files/byurl-1.0-py3-none-any.whl"}}
unixy = {{version = ">=1", markers = "sys_platform == 'linux'"}}

[tool.poetry.extras]
more = ["star"]

[tool.poetry.group.docs.dependencies]
sphinx = "~7.1"

{CONDA_LOCK}"""
FLIT = f"""\
[build-system]
requires = ["flit_core"]
build-backend = "flit_core.buildapi"

[tool.flit.metadata]
module = "f"
requires = ["numpy>=1"]

[tool.flit.metadata.requires-extra]
test = ["pytest"]
doc = ["sphinx"]

{CONDA_LOCK}"""
PDM = f"""\
[project]
name = "f"
dependencies = ["numpy>=1"]

[tool.pdm.dev-dependencies]
test = ["pytest"]

{CONDA_LOCK}"""
ONLY = f"""\
[project]
name = "f"
dependencies = ["numpy>=1"]

{CONDA_LOCK}skip-non-conda-lock = true

[tool.conda-lock.dependencies]
scipy = ">=1"
"""
META_YAML = """\
{% set version = "1.0" %}
package:
  name: mine
  version: {{ version }}
requirements:
  build:
    - {{ compiler('c') }}
    - cmake
  host:
    - numpy
  run:
    - python 3.12.*
    - {{ pin_compatible('numpy') }}
    - '{{ unknown }}'
    - forge::scipy >=1.1
    - macish   # [osx]
    - libfoo   # [py<30]
  run_constrained:
    - old <1
test:
  requires:
    - pytest
  commands:
    - pip check
extra:
  channels: [forge]
"""


def _import(alone: Host, project: Path, name: str, text: str) -> tuple[Manifest, str]:
    """The manifest that comes of a file, and what is said."""
    (project / name).write_text(text, encoding="utf-8")
    source = name if CONDA_LOCK in text else f"{name}@{','.join(PLATFORMS)}"
    done = alone.multiplat("import", source, "--force", cwd=project)
    manifest = (project / "environment.yml").read_text(encoding="utf-8")
    return read_manifest([Source("environment.yml", manifest)], host_subdirs=PLATFORMS), done.stderr


def _asked(manifest: Manifest, subdir: str) -> set[tuple[str, str, str]]:
    """What each environment's own lines ask for: manager, meaning, category."""
    return {
        (manager, meaning(line.text), "main" if name == "default" else name)
        for name, environment in manifest.environments.items()
        for view in [environment.views[subdir]]
        for manager, meaning, lines in (
            ("conda", conda_meaning, view.conda),
            ("pip", lambda text: pypi_meaning(text).split(";")[0].strip(), view.pypi),
        )
        for line in lines
        if not line.text.startswith("--")
    }


def _judged(
    manager: str, name: str, version: str, category: str, channel: str
) -> tuple[str, str, str]:
    """The same of what conda-lock says, where a version is all that there is."""
    bare = "" if version == "*" else version
    if manager == "conda":
        return manager, conda_meaning(f"{channel}{name} {bare}".strip()), category
    return manager, pypi_meaning(f"{name}{'==' if bare[:1].isdigit() else ''}{bare}"), category


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "text", "more"),
    [
        # What conda-lock says without a version has a place, and an extra is beside the name.
        ("pyproject.toml", PEP_621, {("conda", conda_meaning("python >=3.10"), "main")}),
        ("pyproject.toml", POETRY, set()),
        ("pyproject.toml", FLIT, set()),
        ("pyproject.toml", PDM, set()),
        (
            "pyproject.toml",
            PDM.replace("[tool.pdm.dev-dependencies]\ntest", "[tool.pdm]\nx"),
            set(),
        ),
        ("pyproject.toml", ONLY, set()),
        ("meta.yaml", META_YAML, set()),
    ],
    ids=["pep621", "poetry", "flit", "pdm", "pdm-bare", "only", "recipe"],
)
def test_as_conda_lock_reads_it(
    alone: Host, project: Path, name: str, text: str, more: set[tuple[str, str, str]]
) -> None:
    """Each platform's packages, versions, managers and categories are conda-lock's."""
    manifest, _ = _import(alone, project, name, text)
    (project / name).write_text(text.replace("[tool.pdm]", _PDM), encoding="utf-8")
    theirs = conda_lock_says("asked", [str(project / name), {"torch": "pytorch"}, PLATFORMS])
    for subdir in PLATFORMS:
        got = _asked(manifest, subdir)
        placed = {entry for entry in got if "@" in entry[1] or entry[1].startswith(".")}
        plain = {(m, t.replace("[socks]", ""), c) for m, t, c in got - placed}
        versioned = [entry for entry in theirs[subdir] if entry[2] or entry[0] == "conda"]
        nameless = [entry for entry in versioned if entry[1] in ("", "*")]
        versioned = [entry for entry in versioned if entry[1] not in ("robot", "", "*")]
        assert plain - more == {_judged(*entry) for entry in versioned}
        assert len(placed) == len(theirs[subdir]) - len(versioned) - len(nameless)
    assert {c.value for c in manifest.environments["default"].views["linux-64"].channels} == {
        "forge"
    }


#: conda-lock fails where pdm's table has no dev-dependencies.
_PDM = "[tool.pdm.dev-dependencies]\n[tool.pdm.y]"


def test_whole(alone: Host, project: Path) -> None:
    """The exact manifest, and all that is not carried over."""
    _, stderr = _import(alone, project, "pyproject.toml", PEP_621)
    assert (
        (project / "environment.yml").read_text(encoding="utf-8")
        == """\
# Imported by `conda multiplat import` from pyproject.toml.
# A line with a selector, `# [linux]`, applies only to those platforms; the others apply to all.
name: My-Project
channels:
  - forge
platforms:
  - linux-64
  - osx-arm64
dependencies:
  - python >=3.10
  - numpy <3,>=1.26  # arrays
  - requests ~=2.31
  - tomli >=2
  - gcc >=12
  - pytorch >=2      # [linux]
  - pip:
      - --extra-index-url https://pypi.example.com/simple
      - mujoco ==3.1
      - robot @ git+https://git.example.com/robot.git@v1#subdirectory=py
multiplat:
  solve-group: default
  environments:
    dev:
      solve-group: default
      dependencies:
        - pytest
    plot:
      solve-group: default
      dependencies:
        - matplotlib-inline >=0.1
"""
    )
    assert (
        stderr
        == """\
 default: 8 lines on all platforms, 1 under selectors
 dev: 1 line on all platforms
 plot: 1 line on all platforms
 python >=3.10 is `requires-python` of pyproject.toml, which conda-lock leaves out
 categories dev, plot of pyproject.toml: now environments of these names
 not carried over:
   pyproject.toml:11: extras of requests: socks
       the PyPI package has them: write requests[socks] under pip:
   pyproject.toml:12: the condition of tomli: python_version < '3.11'
       the line applies to every version of Python
   pyproject.toml:25: odd-key of [tool.conda-lock]
   pyproject.toml:30: nobody: nothing else asks for it, so its source is not used
 wrote environment.yml
 next: conda multiplat lock
"""
    )


@pytest.mark.slow
def test_dependency_groups(alone: Host, project: Path) -> None:
    """A group (PEP 735) is what an extra of its name would be, with the groups in it."""
    start = f'[project]\nname = "x"\ndependencies = ["numpy"]\n{CONDA_LOCK}'
    groups = '[dependency-groups]\nlint = ["ruff==0.5", {include-group = "types"}]\n'
    types = "types = [\"mypy>=1 ; sys_platform == 'linux'\"]\n"
    got, _ = _import(alone, project, "pyproject.toml", f"{start}{groups}{types}")
    extras = '[project.optional-dependencies]\nlint = ["ruff==0.5", '
    extras += "\"mypy>=1 ; sys_platform == 'linux'\"]\n"
    expected, _ = _import(alone, project, "pyproject.toml", f"{start}{extras}{types}")
    for subdir in PLATFORMS:
        assert _asked(got, subdir) == _asked(expected, subdir)
    mypy = ("conda", conda_meaning("mypy >=1"), "lint")
    assert mypy in _asked(got, "linux-64")
    assert mypy not in _asked(got, "osx-arm64")


@pytest.mark.slow
def test_recipe(alone: Host, project: Path) -> None:
    """What of a recipe only conda-build can tell, and what conda-lock passes over, is listed."""
    _, stderr = _import(alone, project, "meta.yaml", META_YAML)
    assert (
        stderr.partition("not carried over:\n")[2]
        == """\
   meta.yaml:7: {{ compiler('c') }}
       only conda-build can tell what it is
   meta.yaml:8: build: cmake
       conda-lock reads host, run and test only
   meta.yaml:13: {{ pin_compatible('numpy') }}
       only conda-build can tell what it is
   meta.yaml:14: {{ unknown }}
       only conda-build can tell what it is
   meta.yaml:17: libfoo: its selector holds on no platform, as conda-lock reads it
   meta.yaml:19: run_constrained: old <1
       conda-lock reads host, run and test only
 wrote environment.yml
 next: conda multiplat lock
"""
    )
    done = alone.multiplat("import", "meta.yaml", "--dry-run", cwd=project)
    assert (
        " meta.yaml names no platforms: conda-lock's defaults are used, "
        "linux-64, osx-arm64, osx-64, win-64; for others: meta.yaml@PLATFORM,…\n"
    ) in done.stderr


def test_to_be_locked(alone: Host, project: Path, tmp_path: Path) -> None:
    """What comes of it can be locked, the categories with the versions that they share."""
    forge = write_repodata(
        tmp_path / "forge",
        [
            *(Package("tool", version, noarch="generic") for version in ("1.0", "2.0")),
            Package("helper", noarch="generic", depends=["tool <2"]),
        ],
    )
    text = '[project]\nname = "x"\ndependencies = ["tool"]\n'
    text += '[project.optional-dependencies]\nplot = ["helper"]\n'
    text += CONDA_LOCK.replace('"forge"', f'"{forge.as_uri()}"')
    (project / "pyproject.toml").write_text(text, encoding="utf-8")
    alone.multiplat("import", "pyproject.toml", cwd=project)
    alone.multiplat("lock", cwd=project)
    assert locked(project)["linux-64"] == {"tool": "1.0"}
    plot = locked(project, "plot.conda-lock.yml")
    assert plot == {subdir: {"tool": "1.0", "helper": "1.0"} for subdir in PLATFORMS}


def test_project_that_asks_for_itself(alone: Host, project: Path) -> None:
    """Its extras are what they need, also in circles; nobody looks for it in a channel."""
    text = """\
[project]
name = "My_Tool"
dependencies = ["numpy"]
[project.optional-dependencies]
docs = ["sphinx>=7", "my-tool[plot,docs]"]
plot = ["matplotlib-inline"]
test = ["pytest", "my.tool"]
all = ["my-tool[docs,test]"]
[dependency-groups]
check = ["mypy", {include-group = "ci"}]
ci = ["MY-TOOL[test]"]
"""
    (project / "pyproject.toml").write_text(text + CONDA_LOCK, encoding="utf-8")
    done = alone.multiplat("import", "pyproject.toml", cwd=project)
    note = (
        " My_Tool requests itself in pyproject.toml: replaced by the requirements of its extras\n"
    )
    assert note in done.stderr
    manifest = yaml.safe_load((project / "environment.yml").read_text(encoding="utf-8"))
    assert manifest["dependencies"] == ["numpy"]
    environments = manifest["multiplat"]["environments"]
    assert {name: environment["dependencies"] for name, environment in environments.items()} == {
        "docs": ["sphinx >=7", "matplotlib-inline"],
        "plot": ["matplotlib-inline"],
        "dev": ["pytest"],
        "all": ["sphinx >=7", "matplotlib-inline", "pytest"],
        "check": ["pytest", "mypy"],
        "ci": ["pytest"],
    }


@pytest.mark.slow
def test_without_conda_lock(alone: Host, project: Path, tmp_path: Path) -> None:
    """Where conda-lock isn't, the error says what to install; pixi's manifests don't need it."""
    (tmp_path / "none" / "conda_lock").mkdir(parents=True)
    init = tmp_path / "none" / "conda_lock" / "__init__.py"
    init.write_text("raise ImportError\n", encoding="utf-8")
    without = {"PYTHONPATH": str(tmp_path / "none")}
    for name, text in (("pyproject.toml", PDM), ("meta.yaml", META_YAML)):
        (project / name).write_text(text, encoding="utf-8")
        done = alone.multiplat("import", name, cwd=project, env=without, code=2)
        assert done.stderr == (
            f"error: {name} is read by conda-lock, which isn't installed\n"
            "  install it beside conda-multiplat: `pip install 'conda-multiplat[conda-lock]'`\n"
            "  or `conda install conda-lock`\n"
        )
    pixi = '[tool.pixi.workspace]\nchannels = ["forge"]\nplatforms = ["linux-64"]\n'
    (project / "pyproject.toml").write_text(PDM + pixi, encoding="utf-8")
    alone.multiplat("import", "pyproject.toml", cwd=project, env=without)
    manifest = yaml.safe_load((project / "environment.yml").read_text(encoding="utf-8"))
    assert manifest["platforms"] == ["linux-64"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "pyproject.toml",
            CONDA_LOCK.replace("osx-arm64", "osx-arm46"),
            "unknown platform 'osx-arm46'\n      did you mean 'osx-arm64'?\n",
        ),
        (
            "pyproject.toml",
            f'[project]\nname = "x"\ndependencies = ["a b"]\n{CONDA_LOCK}',
            "conda-lock can't read it: Expected ",
        ),
        ("pyproject.toml", "[tool.ruff]\n", "it is not a pixi manifest\n"),
        ("meta.yaml", "a: [\n", "conda-lock can't read it: while parsing"),
    ],
    ids=["platform", "requirement", "nothing", "recipe"],
)
def test_bad_input(alone: Host, project: Path, name: str, text: str, message: str) -> None:
    """What conda-lock can't read is refused with its words."""
    (project / name).write_text(text, encoding="utf-8")
    done = alone.multiplat("import", name, cwd=project, code=2)
    assert done.stderr.startswith(f"error: {name} can't be imported\n  {name}: {message}")
    assert not (project / "environment.yml").exists()
