"""``image`` with PyPI packages: wheels for another place, and another platform."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.bills import schema_fault
from support.hosts import Host
from support.images import (
    MINOR,
    SUBDIR,
    image_documents,
    layer_tars,
    machine_base,
    root_filesystem,
    run_in,
    running_python,
    why_not_run,
)
from support.manifests import write
from support.packages import Package, Symlink, build_channel, python_package
from support.pypi_index import Index
from support.server import serve

PACKAGES = f"opt/env/lib/python{MINOR}/site-packages"
MORE = {
    "bin/robot-script": "#!python\nimport robot; print('script', robot.VERSION)\n",
    "share/robot.txt": "data\n",
    "{info}/entry_points.txt": "[console_scripts]\nrobot = robot_main:main\n",
    "robot_main.py": "import robot\n\ndef main():\n    print('command', robot.VERSION)\n",
}


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """Wheels: a pure one with commands, and one for each platform."""
    index = Index(tmp_path / "index")
    index.wheel("robot", more=MORE, requires=["arm"], stated=["License: MIT"])
    for machine in ("x86_64", "aarch64"):
        index.wheel("arm", tag=f"py3-none-manylinux_2_17_{machine}")
    index.sdist("source")
    return index


@pytest.fixture
def url(index: Index) -> Iterator[str]:
    """Where it is served."""
    with serve(index.root) as server:
        yield f"{server.url}/simple"


@pytest.fixture(scope="module")
def pythons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python for two platforms, and a package that has a file of the wheels."""
    module = {f"lib/python{MINOR}/site-packages/arm.py": b"conda's"}
    clash = Package("clash", subdir="linux-64", files=module)
    both = [python_package(subdir) for subdir in ("linux-64", "linux-aarch64")]
    return build_channel(tmp_path_factory.mktemp("pythons"), [*both, clash])


def _lock(
    host: Host, project: Path, channel: Path, url: str, *entries: str, more: str = ""
) -> None:
    pip = f"pip: [--index-url {url}, {', '.join(entries)}]"
    platforms = "[linux-64]" if more else "[linux-64, linux-aarch64]"
    write(project, channel, "python", *filter(None, [more]), pip, platforms=platforms)
    host.multiplat("lock", "-q", cwd=project)


@pytest.mark.parametrize("subdir", ["linux-64", "linux-aarch64"])
def test_layers(
    alone: Host, project: Path, pythons: Path, url: str, tmp_path: Path, subdir: str
) -> None:
    """Conda's layers come first, PyPI's after; of each platform its wheel; twice the same bytes."""
    _lock(alone, project, pythons, url, "robot")
    make = ("image", "--platform", subdir, "-o", "layout")
    document = alone.json(*make, cwd=project)
    titles = [layer["title"] for layer in document["layers"]]
    assert titles == ["conda: python", "pypi: robot", "pypi: arm", "the environment itself"]
    env = {"UV_CACHE_DIR": str(tmp_path / "uv"), "CONDA_PKGS_DIRS": str(tmp_path / "pkgs")}
    assert alone.json(*make, cwd=project, env=env)["digest"] == document["digest"]
    members = {member.name: member for tar in layer_tars(project / "layout") for member in tar}
    assert {members[name].mtime for name in members if PACKAGES + "/robot" in name} == {0}
    root = root_filesystem(project / "layout", tmp_path / "root")
    tag = (root / PACKAGES / "arm.py").read_text("utf-8").splitlines()[1]
    machine = {"linux-64": "x86_64", "linux-aarch64": "aarch64"}[subdir]
    assert tag == f"TAG = 'py3-none-manylinux_2_17_{machine}'"
    assert (root / "opt/env/share/robot.txt").read_text("utf-8") == "data\n"
    info = root / PACKAGES / "robot-1.0.dist-info"
    assert (info / "INSTALLER").read_text("utf-8") == "conda-multiplat\n"
    for path, digest, _ in csv.reader(io.StringIO((info / "RECORD").read_text("utf-8"))):
        content = (root / PACKAGES / path).read_bytes()
        sha256 = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        assert digest in ("", f"sha256={sha256}"), path


@pytest.mark.slow
def test_sbom(alone: Host, project: Path, pythons: Path, url: str, tmp_path: Path) -> None:
    """Its bill of materials is in it, valid, and the one of `render` with what packages state."""
    _lock(alone, project, pythons, url, "robot")
    alone.multiplat("render", "-q", "--kind", "sbom", "--platform", "linux-64", cwd=project)
    alone.multiplat("image", "-q", "--platform", "linux-64", "-o", "layout", cwd=project)
    root = root_filesystem(project / "layout", tmp_path / "root")
    _, _, configuration = image_documents(project / "layout")
    path = configuration["config"]["Labels"]["conda-multiplat.sbom"].lstrip("/")
    assert path == "opt/env/share/sbom/sbom-linux-64.cdx.json"
    text = (root / path).read_text("ascii")
    assert schema_fault(text) is None
    licences = {
        package["name"]: package.get("licenses", []) for package in json.loads(text)["components"]
    }
    stated = [{"license": {"id": "BSD-3-Clause", "acknowledgement": "declared"}}]
    assert licences["python"] == stated
    assert licences["robot"][0]["license"]["id"] == "MIT"
    assert text == (project / "sbom-linux-64.cdx.json").read_text("ascii")


@pytest.mark.slow
@pytest.mark.skipif(bool(why_not_run()), reason=why_not_run())
def test_it_runs(alone: Host, project: Path, url: str, tmp_path: Path) -> None:
    """Modules, scripts and entry points, by the Python that is there."""
    channel = build_channel(tmp_path / "channel", [running_python(SUBDIR)])
    write(project, channel, "python", f"pip: [--index-url {url}, robot]", platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", "-q", cwd=project)
    base = machine_base(tmp_path / "base")
    make = ("image", "-q", "--platform", SUBDIR, "-o", "layout", "--base", base)
    alone.multiplat(*make, cwd=project)
    _, _, configuration = image_documents(project / "layout")
    root = root_filesystem(project / "layout", tmp_path / "root")
    assert run_in(root, configuration, "robot") == "command 1.0\n"
    assert run_in(root, configuration, "robot-script") == "script 1.0\n"
    code = "import importlib.metadata as m; print(m.version('robot'), m.files('robot')[0])"
    assert run_in(root, configuration, "python", "-c", code).startswith("1.0 ")


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
@pytest.mark.parametrize("entry", ["source", "./own", "-e ./own"])
def test_no_wheel(
    alone: Host, project: Path, pythons: Path, url: str, entry: str, options: tuple[str, ...]
) -> None:
    """What would have to be built is refused, before anything is fetched; a dry run says so."""
    own = project / "own"
    own.mkdir()
    (own / "pyproject.toml").write_text('[project]\nname = "source"\nversion = "1.0"\n', "utf-8")
    _lock(alone, project, pythons, url, entry, "robot")
    make = ("image", "--platform", "linux-64", *options)
    done = alone.multiplat(*make, cwd=project, code=2)
    file = {
        "source": f"{url.removesuffix('simple')}files/source-1.0.tar.gz",
        "./own": "./own",
        "-e ./own": "./own#editable",
    }[entry]
    assert done.stderr == (
        "error: PyPI packages of an image have to be wheels: nothing is built for another machine\n"
        f"  source 1.0: {file}\n"
        "  build a wheel of it, and name that in the manifest: pip: ./dist/NAME.whl\n"
        "  or allow only wheels of it: pip: --only-binary NAME; then lock again\n"
    )


def test_two_owners(alone: Host, project: Path, pythons: Path, url: str) -> None:
    """A file of both sides is refused with both names."""
    _lock(alone, project, pythons, url, "robot", more="clash")
    document = alone.json("image", "--platform", "linux-64", cwd=project, code=3)
    assert document["error"] == "conda and PyPI packages have the same files in /opt/env"
    assert document["details"] == [
        f"{PACKAGES.removeprefix('opt/env/')}/arm.py: conda's clash, PyPI's arm"
    ]
    assert not (project / "demo-linux-64.tar").exists()


def test_links_to_folders(alone: Host, project: Path, tmp_path: Path) -> None:
    """A file of a wheel below what is a link in a conda package goes where that leads."""
    linked = Package(
        "linked",
        subdir="linux-64",
        files={"man": Symlink("share/man"), "share/man/conda.1": b"conda's"},
    )
    channel = build_channel(tmp_path / "channel", [python_package("linux-64"), linked])
    index = Index(tmp_path / "man")
    index.wheel("robot", more={"robot-1.0.data/data/man/robot.1": "PyPI's"})
    with serve(index.root) as server:
        _lock(alone, project, channel, f"{server.url}/simple", "robot", more="linked")
        alone.multiplat("image", "-q", "--platform", "linux-64", "-o", "layout", cwd=project)
    members = [member for tar in layer_tars(project / "layout") for member in tar]
    of_man = sorted(
        member.name for member in members if "/man" in member.name and not member.isdir()
    )
    manual = "opt/env/share/man"
    assert of_man == ["opt/env/man", f"{manual}/conda.1", f"{manual}/robot.1"]
    assert not [
        member.name for member in members if member.name == "opt/env/man" and member.isdir()
    ]


HOSTILE = {
    "../../../../../../../../evil": "x",
    "/evil": "x",
    "bin/../../../evil": "x",
    "{info}/entry_points.txt": "[console_scripts]\n../../../../evil = robot:main\n",
}


@pytest.mark.parametrize("file", HOSTILE)
def test_wheel_that_leads_out(
    alone: Host, project: Path, pythons: Path, tmp_path: Path, file: str
) -> None:
    """A wheel with a path out of its place is refused, and nothing is written anywhere."""
    index = Index(tmp_path / "hostile")
    index.wheel("robot", more={file: HOSTILE[file]})
    with serve(index.root) as server:
        _lock(alone, project, pythons, f"{server.url}/simple", "robot")
        document = alone.json("image", "--platform", "linux-64", cwd=project, code=3)
    assert document["error"].startswith("robot 1.0 can't be unpacked: ")
    assert list(tmp_path.rglob("evil")) == []
    assert not Path("/evil").exists()
    assert not (project / "demo-linux-64.tar").exists()


@pytest.mark.parametrize(
    "text",
    [
        "[console_scripts]\nrobot = not a function\n",
        "[console_scripts]\nrobot = robot\n",
        "[console_scripts]\nrobot = a:b\nrobot = a:b\n",
        "robot = a:b\n",
    ],
)
def test_entry_points_that_are_none(
    alone: Host, project: Path, pythons: Path, tmp_path: Path, text: str
) -> None:
    """A wheel whose entry points can't be read is named."""
    index = Index(tmp_path / "odd")
    index.wheel("robot", more={"{info}/entry_points.txt": text})
    with serve(index.root) as server:
        _lock(alone, project, pythons, f"{server.url}/simple", "robot")
        document = alone.json("image", "--platform", "linux-64", cwd=project, code=3)
    assert document["error"].startswith("robot 1.0 can't be unpacked: ")
    assert len(document["error"]) > len("robot 1.0 can't be unpacked: ")


def test_changed_wheel(alone: Host, project: Path, pythons: Path, index: Index, url: str) -> None:
    """A wheel that is not the locked one is refused."""
    _lock(alone, project, pythons, url, "robot")
    index.wheel("robot", more={"other.py": ""})
    document = alone.json("image", "--platform", "linux-64", cwd=project, code=3)
    assert document["error"] == "packages differ from the lock"
    assert "sha256 is" in json.dumps(document["details"])
