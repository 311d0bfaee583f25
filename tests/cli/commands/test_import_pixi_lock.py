"""``import`` of a pixi manifest beside its ``pixi.lock``: the locked versions stay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from support.hosts import Host
from support.manifests import locked
from support.packages import Package, record, write_repodata
from support.pypi_index import Index
from support.server import serve

GPU = '{ name = "gpu", platform = "linux-64", cuda = "12.4" }'


def _packages() -> list[Package]:
    unix = ("linux-64", "osx-arm64")
    return [
        *(Package("python", "3.12.5", "0_c", subdir) for subdir in unix),
        *(Package("tool", version, noarch="generic") for version in ("1.0", "2.0", "3.0")),
        *(Package("extra", version, noarch="generic") for version in ("1.0", "2.0")),
        Package("needs-cuda", "1.0", subdir="linux-64", depends=["__cuda >=12"]),
        Package("needs-cuda", "2.0", subdir="linux-64", depends=["__cuda >=12"]),
    ]


@pytest.fixture
def forge(tmp_path: Path) -> Path:
    """A channel with a newer version of everything than pixi has locked."""
    return write_repodata(tmp_path / "forge", _packages())


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """An index with a newer version, too."""
    projects = Index(tmp_path / "index")
    for version in ("1.0", "2.0"):
        projects.wheel("robot", version, requires=["arm"])
        projects.wheel("arm", version)
    with serve(projects.root) as server:
        yield server.url


def _entry(channel: Path, name: str, version: str) -> list[dict[str, object]]:
    return [
        {
            "conda": f"{channel.as_uri()}/{package.subdir}/{package.file_name}",
            **{key: record(package)[key] for key in ("md5", "sha256", "depends")},
        }
        for package in _packages()
        if (package.name, package.version) == (name, version)
    ]


def _wheel(index: str, name: str, requires: list[str], folder: Path) -> dict[str, object]:
    import hashlib

    file = f"{name}-1.0-py3-none-any.whl"
    sha256 = hashlib.sha256((folder / "files" / file).read_bytes()).hexdigest()
    url = f"{index}/files/{file}"
    return {
        "pypi": url,
        "name": name,
        "version": "1.0",
        "sha256": sha256,
        "requires_dist": requires,
    }


def _write(project: Path, channel: Path, index: str, version: int) -> None:
    """A workspace of two environments, and with version 7 a platform of its own."""
    gpu = f", {GPU}" if version == 7 else ""
    (project / "pixi.toml").write_text(
        f"""\
[workspace]
name = "w"
channels = ["{channel.as_uri()}"]
platforms = ["linux-64", "osx-arm64"{gpu}]

[dependencies]
python = "3.12.*"
tool = "*"

[pypi-dependencies]
robot = "*"

[pypi-options]
index-url = "{index}/simple"

[target.gpu.dependencies]
needs-cuda = "*"

[feature.dev.dependencies]
extra = "*"

[environments]
dev = ["dev"]
""",
        encoding="utf-8",
    )
    python = _entry(channel, "python", "3.12.5")
    tools = {number: _entry(channel, "tool", number)[0] for number in ("1.0", "2.0")}
    (extra,) = _entry(channel, "extra", "1.0")
    (cuda,) = _entry(channel, "needs-cuda", "1.0")
    folder = channel.parent / "index"
    wheels = [_wheel(index, "robot", ["arm"], folder), _wheel(index, "arm", [], folder)]
    platforms = {
        "linux-64": [python[0], tools["1.0"], *wheels],
        "osx-arm64": [python[1], tools["2.0"], *wheels],
        "gpu": [python[0], tools["2.0"], cuda, *wheels],
    }
    if version < 7:
        del platforms["gpu"]
    names = {"gpu": "linux-64"}
    listed = [{"name": platform, "subdir": names.get(platform, platform)} for platform in platforms]
    data = {
        "version": version,
        **({"platforms": listed} if version == 7 else {}),
        "environments": {
            name: {
                "channels": [{"url": channel.as_uri()}],
                "indexes": [f"{index}/simple"],
                "packages": {
                    platform: [_key(entry) for entry in (*entries, *more)]
                    for platform, entries in platforms.items()
                },
            }
            for name, more in (("default", []), ("dev", [extra]))
        },
        "packages": [*python, *tools.values(), extra, cuda, *wheels],
    }
    (project / "pixi.lock").write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")


def _key(entry: dict[str, object]) -> dict[str, object]:
    return {key: entry[key] for key in ("conda", "pypi") if key in entry}


@pytest.mark.slow
@pytest.mark.parametrize("version", [6, 7])
def test_versions_stay(alone: Host, project: Path, forge: Path, index: str, version: int) -> None:
    """Of each environment and platform, conda's and PyPI's, before and after the next `lock`."""
    _write(project, forge, index, version)
    done = alone.multiplat("import", "pixi.toml", cwd=project)
    assert " pixi.lock: its versions are kept\n" in done.stderr
    gpus = ["gpu", "dev-gpu"] if version == 7 else []
    names = ["conda-lock.yml", *(f"{environment}.conda-lock.yml" for environment in ("dev", *gpus))]
    assert all(name in done.stderr.partition(" wrote environment.yml, ")[2] for name in names)
    adopted = {name: locked(project, name) for name in names}
    wheels = {"robot": "1.0", "arm": "1.0", "python": "3.12.5"}
    linux, mac = {**wheels, "tool": "1.0"}, {**wheels, "tool": "2.0"}
    assert adopted["conda-lock.yml"] == {"linux-64": linux, "osx-arm64": mac}
    dev = {"extra": "1.0"}
    assert adopted["dev.conda-lock.yml"] == {"linux-64": linux | dev, "osx-arm64": mac | dev}
    if gpus:
        cuda = {"needs-cuda": "1.0"}
        assert adopted["gpu.conda-lock.yml"] == {"linux-64": mac | cuda}
        assert adopted["dev-gpu.conda-lock.yml"] == {"linux-64": mac | cuda | dev}
    stdout = alone.multiplat("check", cwd=project).stdout
    assert "another tool locked it, and what is locked meets the manifest" in stdout
    alone.multiplat("lock", cwd=project)
    assert {name: locked(project, name) for name in names} == adopted
    assert alone.multiplat("check", cwd=project).stdout.startswith("in sync: ")


def test_to_another_folder(alone: Host, project: Path, forge: Path, index: str) -> None:
    """The locks lie beside the new manifest; what is there stays without ``--force``."""
    _write(project, forge, index, 6)
    (project / "new").mkdir()
    target = ("-o", "new/environment.yml")
    alone.multiplat("import", "pixi.toml", *target, "--dry-run", cwd=project)
    assert list((project / "new").iterdir()) == []
    (project / "new" / "dev.conda-lock.yml").write_text("another\n", encoding="utf-8")
    done = alone.multiplat("import", "pixi.toml", *target, cwd=project, code=2)
    assert done.stderr.startswith("error: new/dev.conda-lock.yml already exists\n")
    done = alone.multiplat("import", "pixi.toml", "-o", "/dev/null", cwd=project, code=2)
    assert done.stderr.endswith(
        " would be beside the manifest, but /dev/null is not a file\n  name a file with -o\n"
    )
    alone.multiplat("import", "pixi.toml", *target, "--force", cwd=project)
    assert locked(project / "new")["linux-64"]["tool"] == "1.0"
    assert locked(project / "new", "dev.conda-lock.yml")["linux-64"]["extra"] == "1.0"


def test_what_is_not_locked(alone: Host, project: Path, forge: Path, index: str) -> None:
    """What pixi builds and what it has not locked is said; a broken lock is refused whole."""
    _write(project, forge, index, 7)
    path = project / "pixi.lock"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    data["packages"].append({"pypi": "./arm", "name": "arm-driver"})
    packages = data["environments"]["default"]["packages"]
    packages["linux-64"].append({"pypi": "./arm"})
    del packages["osx-arm64"]
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    done = alone.multiplat("import", "pixi.toml", cwd=project)
    assert " pixi.lock has nothing for default/osx-arm64\n" in done.stderr
    assert (
        "   pixi.lock: arm-driver: no version of ./arm is locked\n"
        "       the next `conda multiplat lock` chooses it, if the manifest requests it\n"
    ) in done.stderr
    assert set(locked(project)) == {"linux-64"}
    path.write_text("version: 4\n", encoding="utf-8")
    done = alone.multiplat("import", "pixi.toml", "-o", "x.yml", cwd=project, code=2)
    assert done.stderr == (
        "error: pixi.lock can't be read\n"
        "  pixi.lock:1:10: pixi.lock version 4; this conda-multiplat reads 6 and 7\n"
        "      run `pixi lock`: pixi writes its newest version; or move the file away\n"
    )
    assert not (project / "x.yml").exists()
