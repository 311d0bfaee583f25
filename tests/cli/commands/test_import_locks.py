"""Several locks at once: those of one environment become one, and none is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from support.hosts import Host
from support.manifests import locked, write
from support.packages import Package, write_repodata

LINUX, MAC = "linux-64", "osx-arm64"


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A channel with two versions of a tool for each platform."""
    packages = [
        Package("tool", version, subdir=subdir)
        for version in ("1.0", "1.5")
        for subdir in (LINUX, MAC)
    ]
    return write_repodata(tmp_path / "tools", packages)


def _lock(
    host: Host, folder: Path, channel: Path, line: str, platforms: str, name: str = "conda-lock.yml"
) -> str:
    """The path of a lock in a folder of its own, from the folder beside."""
    (folder / ".git").mkdir(parents=True)
    write(folder, channel, line, platforms=f"[{platforms}]")
    host.multiplat("lock", cwd=folder)
    (folder / "conda-lock.yml").rename(folder / name)
    return f"../{folder.name}/{name}"


def _as_another_tool(project: Path, lock: str) -> None:
    data = yaml.safe_load((project / lock).read_text(encoding="utf-8"))
    data["metadata"].pop("custom_metadata")
    (project / lock).write_text(yaml.safe_dump(data), encoding="utf-8")


def _versions(project: Path, name: str = "conda-lock.yml") -> dict[str, str]:
    """The tool's version on each platform."""
    return {subdir: packages["tool"] for subdir, packages in locked(project, name).items()}


@pytest.mark.parametrize("foreign", [(), (0,), (0, 1)], ids=["ours", "mixed", "others"])
def test_locks_for_different_platforms(
    alone: Host, project: Path, tools: Path, tmp_path: Path, foreign: tuple[int, ...]
) -> None:
    """They become one lock, with what each has."""
    locks = [
        _lock(alone, tmp_path / "a", tools, "tool 1.0", LINUX),
        _lock(alone, tmp_path / "b", tools, "tool 1.5", MAC),
    ]
    for number in foreign:
        _as_another_tool(project, locks[number])
    done = alone.multiplat("import", *locks, cwd=project)
    assert " ../a/conda-lock.yml, ../b/conda-lock.yml become one lock: conda-lock.yml\n" in (
        done.stderr
    )
    assert _versions(project) == {LINUX: "1.0", MAC: "1.5"}
    assert alone.multiplat("check", cwd=project).stdout == (
        "conda-lock.yml: another tool locked it, and what is locked meets the manifest  "
        "(linux-64, osx-arm64)\n"
        if foreign
        else "in sync: conda-lock.yml\n"
    )
    alone.multiplat("lock", cwd=project)
    assert _versions(project) == {LINUX: "1.0", MAC: "1.5"}


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_locks_for_one_platform(
    alone: Host, project: Path, tools: Path, tmp_path: Path, dry: tuple[str, ...]
) -> None:
    """Two of them for one environment are an error that names both, and nothing is written."""
    first = _lock(alone, tmp_path / "a", tools, "tool 1.0", LINUX)
    second = _lock(alone, tmp_path / "b", tools, "tool 1.5", f"{LINUX}, {MAC}")
    assert alone.multiplat("import", first, second, *dry, cwd=project, code=2).stderr == (
        "error: two files are for the same platform\n"
        "  ../b/conda-lock.yml: ../a/conda-lock.yml is for linux-64 too\n"
        "      import only one of the two; or choose its platforms with FILE@PLATFORM; or rename "
        "it to ENV.conda-lock.yml, to make it an environment of its own\n"
    )
    assert list(project.glob("*.yml")) == []
    alone.multiplat("import", first, f"{second}@{MAC}", cwd=project)
    assert _versions(project) == {LINUX: "1.0", MAC: "1.5"}


@pytest.mark.parametrize("foreign", [False, True])
@pytest.mark.parametrize("taken", [(LINUX,), (MAC,), (MAC, LINUX)])
def test_some_platforms(
    alone: Host, project: Path, tools: Path, tmp_path: Path, foreign: bool, taken: tuple[str, ...]
) -> None:
    """What is taken of a lock is all that is in the new one, which is in sync with the manifest."""
    lock = _lock(alone, tmp_path / "a", tools, "tool 1.5", f"{LINUX}, {MAC}")
    if foreign:
        _as_another_tool(project, lock)
    alone.multiplat("import", f"{lock}@{','.join(taken)}", cwd=project)
    assert _versions(project) == dict.fromkeys(taken, "1.5")
    metadata = yaml.safe_load((project / "conda-lock.yml").read_text(encoding="utf-8"))["metadata"]
    assert sorted(metadata["platforms"]) == sorted(metadata["content_hash"]) == sorted(taken)
    before = (project / "conda-lock.yml").read_bytes()
    alone.multiplat("check", cwd=project)
    alone.multiplat("lock", cwd=project)
    assert _versions(project) == dict.fromkeys(taken, "1.5")
    if not foreign:
        assert (project / "conda-lock.yml").read_bytes() == before


def test_some_platforms_of_the_lock_here(alone: Host, project: Path, tools: Path) -> None:
    """A lock that would lose platforms is not replaced by what was taken of it, unless --force."""
    write(project, tools, "tool 1.5", platforms=f"[{LINUX}, {MAC}]")
    alone.multiplat("lock", cwd=project)
    (project / "environment.yml").unlink()
    done = alone.multiplat("import", f"conda-lock.yml@{MAC}", cwd=project, code=2)
    assert (
        "error: conda-lock.yml is one of the imported files, and would be replaced\n" in done.stderr
    )
    assert _versions(project) == {LINUX: "1.5", MAC: "1.5"}
    alone.multiplat("import", f"conda-lock.yml@{MAC}", "--force", cwd=project)
    assert _versions(project) == {MAC: "1.5"}
    assert alone.multiplat("check", cwd=project).stdout == "in sync: conda-lock.yml\n"


def test_a_lock_is_one_of_its_sources(
    alone: Host, project: Path, tools: Path, tmp_path: Path
) -> None:
    """The lock that is there already is not replaced by what it is a part of, unless --force."""
    (project / "conda-lock.yml").write_bytes(
        (project / _lock(alone, tmp_path / "a", tools, "tool 1.0", LINUX)).read_bytes()
    )
    second = _lock(alone, tmp_path / "b", tools, "tool 1.5", MAC)
    done = alone.multiplat("import", "conda-lock.yml", second, cwd=project, code=2)
    assert (
        "error: conda-lock.yml is one of the imported files, and would be replaced\n" in done.stderr
    )
    assert _versions(project) == {LINUX: "1.0"}
    alone.multiplat("import", "conda-lock.yml", second, "--force", cwd=project)
    assert _versions(project) == {LINUX: "1.0", MAC: "1.5"}


@pytest.mark.parametrize(
    ("names", "environments"),
    [
        (("gpu.conda-lock.yml", "cpu.conda-lock.yml"), {"": "1.0", "cpu.": "1.5"}),
        (("conda-lock.yml", "docs.conda-lock.yaml"), {"": "1.0", "docs.": "1.5"}),
        (("cuda124.conda-lock.yml", "conda-lock.yml"), {"cuda124.": "1.0", "": "1.5"}),
    ],
)
def test_names_of_another_tools_locks(
    alone: Host,
    project: Path,
    tools: Path,
    tmp_path: Path,
    names: tuple[str, str],
    environments: dict[str, str],
) -> None:
    """``ENV.conda-lock.yml`` is of ENV; where none is of `default`, the first one is."""
    locks = [
        _lock(alone, tmp_path / letter, tools, f"tool {version}", LINUX, name)
        for letter, version, name in zip("ab", ("1.0", "1.5"), names, strict=True)
    ]
    for lock in locks:
        _as_another_tool(project, lock)
    alone.multiplat("import", *locks, cwd=project)
    assert {name: _versions(project, f"{name}conda-lock.yml") for name in environments} == {
        name: {LINUX: version} for name, version in environments.items()
    }
    alone.multiplat("check", cwd=project)


def test_lock_named_after_its_platform(
    alone: Host, project: Path, tools: Path, tmp_path: Path
) -> None:
    """A platform's name is no environment's: the files are parts of one lock."""
    names = (f"{LINUX}.conda-lock.yml", f"{MAC}.conda-lock.yml")
    locks = [
        _lock(alone, tmp_path / letter, tools, "tool 1.0", subdir, name)
        for letter, subdir, name in zip("ab", (LINUX, MAC), names, strict=True)
    ]
    for lock in locks:
        _as_another_tool(project, lock)
    alone.multiplat("import", *locks, cwd=project)
    assert _versions(project) == {LINUX: "1.0", MAC: "1.0"}


def test_version_that_is_none(alone: Host, project: Path, tools: Path, tmp_path: Path) -> None:
    """What no line could ask for is the file's mistake, and told with the package's name."""
    lock = project / _lock(alone, tmp_path / "a", tools, "tool 1.0", LINUX)
    _as_another_tool(project, "../a/conda-lock.yml")
    text = lock.read_text(encoding="utf-8").replace("version: '1.0'", "version: 1:30")
    lock.write_text(text, encoding="utf-8")
    line = text[: text.index("1:30")].count("\n") + 1
    assert alone.multiplat("import", lock, cwd=project, code=2).stderr == (
        "error: ../a/conda-lock.yml can't be imported\n"
        f"  ../a/conda-lock.yml:{line}: tool: not a version: '1:30'\n"
    )


def _pip(name: str, version: str, url: str, **dependencies: str) -> dict[str, Any]:
    """An entry as conda-lock writes it."""
    return {
        "name": name,
        "version": version,
        "manager": "pip",
        "platform": LINUX,
        "dependencies": dependencies,
        "url": url,
        "hash": {"sha256": "A" * 64},  # digits of a hash have no case
        "category": "main",
        "optional": False,
    }


def _foreign(
    host: Host, project: Path, channel: Path, folder: Path, *packages: dict[str, Any]
) -> Path:
    """Another tool's lock, with more packages."""
    lock = project / _lock(host, folder, channel, "tool 1.0", LINUX)
    _as_another_tool(project, f"../{folder.name}/conda-lock.yml")
    data = yaml.safe_load(lock.read_text(encoding="utf-8"))
    data["package"] += packages
    lock.write_text(yaml.safe_dump(data), encoding="utf-8")
    return lock


_FILES = "https://files.example.com/packages"


@pytest.mark.parametrize(
    ("version", "url", "line"),
    [
        ("1.0", f"{_FILES}/Robo_Suite-1.0-py3-none-any.whl", "robo-suite >=1.0"),
        ("1.0", f"{_FILES}/robo-suite-1.0.tar.gz", "robo-suite >=1.0"),
        ("1.0", f"{_FILES}/robo_suite-1.0-py3-none-any.whl#sha256={'a' * 64}", "robo-suite >=1.0"),
        ("2.5+cu121", f"{_FILES}/robo_suite-2.5%2Bcu121-py3-none-any.whl", "robo-suite >=2.5"),
        ("1.0.dev0+g1", f"{_FILES}/robo_suite-1.0.dev0+g1.tar.gz", "robo-suite >=1.0.dev0"),
        ("1.0", "https://git.example.com/robo/archive/v1.0.tar.gz", "robo-suite @ {url}"),
        ("1.0", f"git+https://git.example.com/robo.git@{'1' * 40}", "robo-suite @ {url}"),
        ("1.0", "file:///opt/robo_suite-1.0-py3-none-any.whl", "robo-suite @ {url}"),
        ("1.0", "/opt/robo_suite-1.0-py3-none-any.whl", "{url}"),
        ("1.0", "./robo_suite-1.0-py3-none-any.whl", "../a/robo_suite-1.0-py3-none-any.whl"),
        ("1.0", "./robo#editable", "-e ../a/robo"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("needed", [False, True])
def test_where_a_pypi_package_is_from(
    alone: Host,
    project: Path,
    tools: Path,
    tmp_path: Path,
    version: str,
    url: str,
    line: str,
    needed: bool,
) -> None:
    """A line asks for what is locked, from where it is locked, as a manifest can say it."""
    packages = [_pip("Robo_Suite", version, url)]
    if needed:
        user = f"{_FILES}/user-1.0-py3-none-any.whl"
        packages.append(_pip("user", "1.0", user, **{"robo.Suite[fast]": ""}))
    lock = _foreign(alone, project, tools, tmp_path / "a", *packages)
    alone.multiplat("import", lock, cwd=project)
    manifest = yaml.safe_load((project / "environment.yml").read_text(encoding="utf-8"))
    expected = [line.format(url=url)] if not needed or ">=" not in line else []
    assert manifest["dependencies"][-1]["pip"] == [*expected, *["user >=1.0"] * needed]
    listed = alone.json("list", cwd=project)["packages"]
    assert [each["name"] for each in listed if each["manager"] == "pypi"] == [
        "robo-suite",
        *["user"] * needed,
    ]


@pytest.mark.parametrize("version", ["1.0-x-y", "2004d", "not a version"])
def test_pypi_version_that_is_none(
    alone: Host, project: Path, tools: Path, tmp_path: Path, version: str
) -> None:
    """Versions that no bound can have are refused as such, with their line."""
    lock = _foreign(
        alone, project, tools, tmp_path / "a", _pip("robo", version, f"{_FILES}/robo.tar.gz")
    )
    text = lock.read_text(encoding="utf-8")
    line = text[: text.index(f"version: {version}")].count("\n") + 1
    assert alone.multiplat("import", lock, cwd=project, code=2).stderr == (
        "error: ../a/conda-lock.yml can't be imported\n"
        f"  ../a/conda-lock.yml:{line}: robo: not a version: {version!r}\n"
    )
    assert list(project.glob("*.yml")) == []


def test_platform_that_no_manifest_can_name(
    alone: Host, project: Path, tools: Path, tmp_path: Path
) -> None:
    """It is refused by its name, with its line, before anything is written."""
    lock = project / _lock(alone, tmp_path / "a", tools, "tool 1.0", LINUX)
    _as_another_tool(project, "../a/conda-lock.yml")
    text = lock.read_text(encoding="utf-8").replace(
        "  - linux-64\n", "  - linux-64\n  - linux-46\n"
    )
    lock.write_text(text, encoding="utf-8")
    line = text[: text.index("linux-46")].count("\n") + 1
    assert alone.multiplat("import", lock, cwd=project, code=2).stderr == (
        "error: ../a/conda-lock.yml can't be imported\n"
        f"  ../a/conda-lock.yml:{line}: unknown platform 'linux-46'\n"
        "      did you mean 'linux-64'?\n"
    )


@pytest.mark.parametrize(
    ("tags", "build", "fits"),
    [
        ("cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64", "0_cpython", True),
        ("cp312-cp312-manylinux_2_40_x86_64", "0_cpython", True),  # a need, not a misfit
        ("cp37-abi3-linux_x86_64", "0_cpython", True),
        ("py3-none-any", "0_cpython", True),
        ("py2.py3-none-any", "0_cpython", True),
        ("cp312-cp312t-manylinux_2_17_x86_64", "0_cp312t", True),
        ("pp39-pypy39_pp73-manylinux_2_17_x86_64", "0_73_pypy", True),
        ("cp312-cp312-win_amd64", "0_cpython", False),
        ("cp312-cp312-manylinux_2_17_aarch64", "0_cpython", False),
        ("cp311-cp311-manylinux_2_17_x86_64", "0_cpython", False),
        ("cp312-cp312t-manylinux_2_17_x86_64", "0_cpython", False),
        ("py2-none-any", "0_cpython", False),
    ],
)
def test_wheel_of_another_platform(
    alone: Host, project: Path, tools: Path, tmp_path: Path, tags: str, build: str, fits: bool
) -> None:
    """A wheel that can't be installed with the locked Python, on its platform, is told."""
    file = f"robo-1.0-{tags}.whl"
    python = {
        **_pip("python", "3.12.1", f"{tools.as_uri()}/{LINUX}/python-3.12.1-{build}.conda"),
        "manager": "conda",
    }
    # PyPI's own server, which needs no line in the manifest
    server = ".".join(("files", "python" + "hosted", "org"))
    robo = _pip("robo", "1.0", f"https://{server}/packages/{file}")
    lock = _foreign(alone, project, tools, tmp_path / "a", python, robo)
    alone.multiplat("import", lock, cwd=project)
    told = alone.multiplat("check", cwd=project, code=int(not fits)).stdout
    wrong = f"robo 1.0: its wheel is not for Python 3.12.1 on {LINUX}: {file}  ({LINUX})"
    assert (wrong in told) is not fits


@pytest.mark.parametrize("name", ["conda-lock.yml", "gpu.conda-lock.yml"])
@pytest.mark.parametrize("text", ["", "# a comment\n", "name: demo\ndependencies: [tool]\n", "[1]"])
def test_what_is_named_as_a_lock(alone: Host, project: Path, name: str, text: str) -> None:
    """It is read as one: that its platform is unknown would say nothing of what is wrong."""
    (project / name).write_text(text, encoding="utf-8")
    assert alone.multiplat("import", name, cwd=project, code=2).stderr == (
        f"error: {name} can't be read\n"
        f"  {name}: no `package:` section: the file is truncated or not a lock\n"
        "      restore it from version control, or run `conda multiplat lock --update-all`, which "
        "does not read the old lock\n"
    )


@pytest.mark.parametrize("categories", [("dev", "main"), ("main", "dev"), ("docs", "dev")])
def test_category_of_a_pypi_package(
    alone: Host, project: Path, tools: Path, tmp_path: Path, categories: tuple[str, ...]
) -> None:
    """As with conda's, `main` counts, whichever of its entries comes last."""
    url = f"{_FILES}/robo-1.0-py3-none-any.whl"
    packages = [{**_pip("robo", "1.0", url), "category": category} for category in categories]
    lock = _foreign(alone, project, tools, tmp_path / "a", *packages)
    told = alone.multiplat("import", lock, cwd=project).stderr
    assert ("category" in told) == ("main" not in categories)
