"""``list``: what is locked, and what is installed and how that differs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import PYTHON, SUBDIR, Package, build_channel, python_package, write_repodata
from support.pypi_index import Index
from support.server import serve

TWO = "[linux-64, osx-arm64]"
DEV = "multiplat: {environments: {dev: {dependencies: [solo]}}}\n"


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A tool on a base, and what differs from platform to platform."""
    packages = [
        Package("base", "1.0", noarch="generic"),
        Package("tool", "3.0", "h1_0", noarch="generic", depends=["base"]),
        Package("solo", "1.0", noarch="generic"),
        Package("native", "1.0", "hl_0", subdir="linux-64"),
        Package("native", "1.0", "ho_0", subdir="osx-arm64"),
        Package("lin-only", "2.0", subdir="linux-64"),
    ]
    return write_repodata(tmp_path / "tools", packages)


@pytest.fixture
def robot(alone: Host, project: Path, tools: Path) -> Path:
    """A locked project of two environments and two platforms."""
    write(project, tools, "tool", "native", "lin-only  # [linux]", platforms=TWO, extra=DEV)
    alone.multiplat("lock", "-q", cwd=project)
    return project


def test_locked(door: Host, robot: Path) -> None:
    """Each environment's packages by name; platforms that agree on version and build together."""
    done = door.multiplat("list", cwd=robot)
    assert done.stdout == (
        "default\n"
        "   Name      Version  Build  Manager  Platforms\n"
        "   base      1.0      0      conda    all platforms\n"
        "*  lin-only  2.0      0      conda    linux-64\n"
        "*  native    1.0      hl_0   conda    linux-64\n"
        "*  native    1.0      ho_0   conda    osx-arm64\n"
        "*  tool      3.0      h1_0   conda    all platforms\n"
        "dev\n"
        "   Name      Version  Build  Manager  Platforms\n"
        "   base      1.0      0      conda    all platforms\n"
        "*  lin-only  2.0      0      conda    linux-64\n"
        "*  native    1.0      hl_0   conda    linux-64\n"
        "*  native    1.0      ho_0   conda    osx-arm64\n"
        "*  solo      1.0      0      conda    all platforms\n"
        "*  tool      3.0      h1_0   conda    all platforms\n"
    )
    assert done.stderr == ""


def test_filters(alone: Host, robot: Path) -> None:
    """Regular expressions for names, environments, platforms and managers."""
    chosen = ("-e", "default", "--platform", "osx-arm64")
    stdout = alone.multiplat("list", "^TOOL$", "nati", *chosen, cwd=robot).stdout
    assert stdout == (
        "   Name    Version  Build  Manager  Platforms\n"
        "*  native  1.0      ho_0   conda    osx-arm64\n"
        "*  tool    3.0      h1_0   conda    osx-arm64\n"
    )
    stdout = alone.multiplat("list", "--manager", "pypi", "-e", "dev", cwd=robot).stdout
    assert stdout == "   Name  Version  Build  Manager  Platforms\n"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ("(",),
            2,
            "error: '(' is not a regular expression: "
            "missing ), unterminated subpattern at position 0\n"
            "  `^numpy$` matches one name, `cuda` all that contain it\n",
        ),
        (
            ("toool", "-e", "default"),
            1,
            "error: nothing in default/linux-64, default/osx-arm64 is named toool\n"
            "  did you mean 'tool'?\n",
        ),
        (
            ("-e", "deb"),
            2,
            "error: the manifest has no environment 'deb'\n  did you mean 'dev'?\n",
        ),
        (
            ("--platform", "win-64"),
            2,
            "error: the manifest has no platform 'win-64'\n  did you mean 'linux-64'?\n",
        ),
        (("-n", "x"), 2, "error: -n x can be used only with --installed\n"),
        (("--exit-code",), 2, "error: --exit-code can be used only with --installed\n"),
        (
            ("--installed", "--platform", "linux-64"),
            2,
            "error: --installed lists this machine's platform: leave out --platform\n",
        ),
        (
            ("--installed", "-e", "default", "dev"),
            2,
            "error: --installed lists one environment\n  give only one -e\n",
        ),
    ],
)
def test_bad_arguments(
    alone: Host, robot: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    """What can't be, and what matches nothing: its own exit code and a way out."""
    assert alone.multiplat("list", *arguments, cwd=robot, code=code).stderr == message


def test_json(alone: Host, robot: Path, tools: Path) -> None:
    """One document with conda's keys, an entry for each package, platform and environment."""
    packages = alone.json("list", "native", "-e", "dev", cwd=robot)["packages"]
    assert [package["locked_for"] for package in packages] == ["linux-64", "osx-arm64"]
    assert packages[0] == {
        "environment": "dev",
        "locked_for": "linux-64",
        "name": "native",
        "version": "1.0",
        "build_string": "hl_0",
        "channel": "tools",
        "base_url": tools.as_uri(),
        "dist_name": "native-1.0-hl_0",
        "platform": "linux-64",
        "manager": "conda",
        "url": f"{tools.as_uri()}/linux-64/native-1.0-hl_0.conda",
        "asked": True,
    }


def test_changed_manifest(alone: Host, robot: Path, tools: Path) -> None:
    """What is locked is listed; that the manifest has changed is said."""
    write(robot, tools, "tool", "solo", platforms=TWO, extra=DEV)
    done = alone.multiplat("list", "-e", "default", cwd=robot)
    assert done.stderr == (
        "warning: the manifest has changed since it was locked: "
        "default/linux-64, default/osx-arm64 "
        "(run `conda multiplat lock`); the output describes what is locked\n"
    )
    assert "solo" not in done.stdout
    (robot / "conda-lock.yml").unlink()
    stderr = alone.multiplat("list", cwd=robot, code=2).stderr
    assert stderr == "error: conda-lock.yml does not exist\n  run `conda multiplat lock`\n"


@pytest.fixture
def real(tmp_path: Path) -> Path:
    """A channel of real packages in several versions."""
    packages = [
        python_package(),
        *(Package("base", version, noarch="generic") for version in ("1.0", "2.0")),
        *(Package("tool", "3.0", build, noarch="generic") for build in ("h1_0", "h2_1")),
        Package("solo", "1.0", noarch="generic"),
    ]
    return build_channel(tmp_path / "real", packages)


def test_installed(door: Host, project: Path, real: Path) -> None:
    """What is there; what is missing, extra, or of another version or build is marked."""
    here = f"[{SUBDIR}]"
    write(project, real, "base <2", "tool * h1_*", "solo", platforms=here)
    door.multiplat("lock", "-q", cwd=project)
    door.multiplat("install", "-q", cwd=project)
    done = door.multiplat("list", "--installed", "--exit-code", cwd=project)
    assert done.stdout == (
        "   Name  Version  Build  Manager  Not as locked\n"
        "*  base  1.0      0      conda\n"
        "*  solo  1.0      0      conda\n"
        "*  tool  3.0      h1_0   conda\n"
    )
    where = door.envs / "demo"
    assert done.stderr == f" {where}: 3 packages, all as locked\n"
    write(project, real, "base", "tool * h2_*", "python", platforms=here)
    door.multiplat("lock", "-q", "--update-all", cwd=project)
    done = door.multiplat("list", "--installed", cwd=project)
    assert done.stdout == (
        f"   Name    Version{' ' * (len(PYTHON) - 7)}  Build      Manager  Not as locked\n"
        f"*  base    1.0    {' ' * (len(PYTHON) - 7)}  0          conda    locked: 2.0 0\n"
        f"*  python  {PYTHON:7}  0_cpython  conda    missing\n"
        f"   solo    1.0    {' ' * (len(PYTHON) - 7)}  0          conda    not locked\n"
        f"*  tool    3.0    {' ' * (len(PYTHON) - 7)}  h1_0       conda    locked: 3.0 h2_1\n"
    )
    assert done.stderr == f" {where}: 4 packages, 4 not as locked\n"
    door.multiplat("list", "--installed", "--exit-code", cwd=project, code=1)


def test_installed_from_anywhere(alone: Host, project: Path, real: Path, tmp_path: Path) -> None:
    """A named environment is of the project that it was installed from, and says which of it."""
    extra = "multiplat: {environments: {dev: {dependencies: [solo]}}}\n"
    write(project, real, "base", platforms=f"[{SUBDIR}]", extra=extra)
    alone.multiplat("lock", "-q", cwd=project)
    alone.multiplat("install", "-q", "-e", "dev", "-n", "other", cwd=project)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    document = alone.json("list", "--installed", "-n", "other", cwd=elsewhere)
    assert document["environment"] == "dev"
    assert document["prefix"] == str(alone.envs / "other")
    states = [
        (package["name"], package["state"], package["locked"]) for package in document["packages"]
    ]
    assert states == [
        ("base", "locked", {"version": "2.0", "build_string": "0"}),
        ("solo", "locked", {"version": "1.0", "build_string": "0"}),
    ]
    stderr = alone.multiplat("list", "--installed", "-n", "nosuch", cwd=elsewhere, code=1).stderr
    assert stderr == (
        f"error: there is no conda environment in {alone.envs / 'nosuch'}\n"
        "  run `conda multiplat install -n nosuch`\n"
    )
    prefix = alone.envs / "other"
    done = alone.multiplat("list", "--installed", "sol0", "-p", prefix, cwd=elsewhere, code=1)
    assert done.stderr == (f"error: nothing in {prefix} is named sol0\n  did you mean 'solo'?\n")


def _forget(host: Host, folder: Path, sha256: str = "") -> None:
    """As if another tool had installed ``robo-suite``, from an index or from an archive."""
    marker = host.envs / "demo" / "conda-meta" / "multiplat"
    noted = json.loads(marker.read_text(encoding="utf-8"))
    noted.pop("pypi", None)
    marker.write_text(json.dumps(noted), encoding="utf-8")
    origin = folder / "robo_suite-1.2.dist-info" / "direct_url.json"
    origin.unlink(missing_ok=True)
    if sha256:
        archive = {
            "url": "https://example.com/x.whl",
            "archive_info": {"hashes": {"sha256": sha256}},
        }
        origin.write_text(json.dumps(archive), encoding="utf-8")


def test_pypi(alone: Host, project: Path, real: Path, tmp_path: Path) -> None:
    """PyPI packages are in both lists; one that the user added with pip is not locked."""
    index = Index(tmp_path / "served")
    index.wheel("robo-suite", "1.2")
    with serve(index.root) as rules:
        write(
            project,
            real,
            "python",
            f"pip: [--index-url {rules.url}/simple, Robo_Suite]",
            platforms=f"[{SUBDIR}]",
        )
        alone.multiplat("lock", "-q", cwd=project)
        alone.multiplat("install", "-q", cwd=project)
    packages = alone.json("list", "--manager", "pypi", cwd=project)["packages"]
    assert [(package["name"], package["channel"], package["asked"]) for package in packages] == [
        ("robo-suite", "pypi", True)
    ]
    minor = ".".join(PYTHON.split(".")[:2])
    folder = alone.envs / "demo" / "lib" / f"python{minor}" / "site-packages"
    marker = alone.envs / "demo" / "conda-meta" / "multiplat"
    noted = marker.read_text(encoding="utf-8")
    _forget(alone, folder)
    done = alone.multiplat(
        "list", "--installed", "--manager", "pypi", "--exit-code", cwd=project, code=1
    )
    assert done.stdout == (
        "   Name        Version  Build  Manager  Not as locked\n"
        "*  robo-suite  1.2      -      pypi     unknown archive\n"
    )
    packages = alone.json("list", "--installed", "--manager", "pypi", cwd=project)["packages"]
    assert [package["state"] for package in packages] == ["unknown"]
    _forget(alone, folder, sha256="0" * 64)
    done = alone.multiplat("list", "--installed", "--manager", "pypi", cwd=project)
    assert done.stdout.endswith("  pypi     another archive\n")
    marker.write_text(noted, encoding="utf-8")
    (folder / "added-0.1.dist-info").mkdir()
    done = alone.multiplat("list", "--installed", "--manager", "pypi", cwd=project)
    assert done.stdout == (
        "   Name        Version  Build  Manager  Not as locked\n"
        "   added       0.1      -      pypi     not locked\n"
        "*  robo-suite  1.2      -      pypi\n"
    )
