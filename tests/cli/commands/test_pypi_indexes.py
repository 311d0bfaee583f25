"""Indexes for named projects, and PyTorch's by the CUDA that is promised."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR
from support.pypi_index import Index, write_project
from support.server import Rules, serve
from support.states import assert_nothing_to_lock

from conda_multiplat.engines.pypi.uv import uv_program
from conda_multiplat.engines.pypi.vendor_indexes import cuda_backend
from conda_multiplat.manifest.pypi_options import CHOICES, CUDA_BACKENDS


@pytest.fixture
def pypi(tmp_path: Path) -> Iterator[Rules]:
    """PyPI: a light that a robot needs, and a robot that needs what only the vendor has."""
    index = Index(tmp_path / "index")
    index.wheel("light", "1.0")
    index.wheel("robot", requires=["light"])
    index.wheel("drone", requires=["special[fast]"])
    for version in ("1.0", "2.0rc1"):
        index.wheel("early", version)
    index.wheel("hasty", requires=["early>=2"])
    index.wheel("eager", requires=["early>=2.0rc0"])
    index.wheel("parted", "1.0")
    with serve(index.root) as server:
        yield server


@pytest.fixture
def vendor(tmp_path: Path) -> Iterator[Rules]:
    """The vendor's: builds of a project that PyPI has too, one of its own, and a trap."""
    index = Index(tmp_path / "vendor")
    index.wheel("light", "0.9+vendor")
    index.wheel("special", requires=["light; extra == 'fast'"])
    index.wheel("robot", "9.0")
    index.wheel("parted", "2.0")
    with serve(index.root) as server:
        yield server


def _options(vendor: Rules, *projects: str) -> str:
    sources = ", ".join(f"{name}: ours" for name in projects)
    return (
        f"multiplat: {{pypi: {{indexes: {{ours: {vendor.url}/simple}}, sources: {{{sources}}}}}}}\n"
    )


def _manifest(
    project: Path, channel: Path, pypi: Rules, extra: str, *entries: str, platforms: str
) -> None:
    pip = ", ".join([f"--index-url {pypi.url}/simple", *(f'"{entry}"' for entry in entries)])
    write(project, channel, "python 3.12.*", f"pip: [{pip}]", platforms=platforms, extra=extra)


def _urls(project: Path) -> dict[str, str]:
    data = yaml.safe_load((project / "conda-lock.yml").read_text(encoding="utf-8"))
    return {
        package["name"]: package["url"]
        for package in data["package"]
        if package["manager"] == "pip"
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sources", "entries", "of_vendor", "of_pypi"),
    [
        (["light"], ["light"], {"light"}, set[str]()),
        (["Light"], ["robot"], {"light"}, {"robot"}),
        (["special"], ["drone"], {"special"}, {"drone", "light"}),
        (["special", "light"], ["drone", "robot"], {"special", "light"}, {"drone", "robot"}),
        (["light"], ["eager", "early>=2.0rc0"], set[str](), {"eager", "early"}),
        (["light"], ["light; sys_platform == 'win32'", "early"], set[str](), {"early"}),
    ],
)
def test_sources(
    alone: Host,
    project: Path,
    channel: Path,
    pypi: Rules,
    vendor: Rules,
    sources: list[str],
    entries: list[str],
    of_vendor: set[str],
    of_pypi: set[str],
) -> None:
    """A project comes from its index alone, whoever asks; all others don't; the digest has it."""
    extra = _options(vendor, *sources)
    _manifest(project, channel, pypi, extra, *entries, platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    urls = _urls(project)
    assert {name for name, url in urls.items() if url.startswith(vendor.url)} == of_vendor
    assert {name for name, url in urls.items() if url.startswith(pypi.url)} == of_pypi
    alone.multiplat("check", "--strict", cwd=project)
    assert_nothing_to_lock(alone, project)
    _manifest(project, channel, pypi, "", *entries, platforms="[linux-64]")
    alone.multiplat("check", "--strict", cwd=project, code=1)


def test_wrong_sources(alone: Host, project: Path, channel: Path) -> None:
    """Each is named where it stands, with what to write."""
    extra = (
        "multiplat:\n  pypi:\n    indexes: {ours: wheels.example.com, 'o u': https://a.example}\n"
        "    sources: {light: our, 'light>1': ours}\n    torch-backend: auto\n"
    )
    write(project, channel, "python 3.12.*", "pip: [light]", platforms="[linux-64]", extra=extra)
    done = alone.multiplat("lock", cwd=project, code=2)
    for problem in (
        ":10:21: the index ours has no valid URL: 'wheels.example.com'",
        ": 'o u' is not a valid name for an index",
        ":11:22: no index 'our' under pypi: indexes",
        ": 'light>1' is not the name of a PyPI project",
        ":12:20: unknown torch-backend 'auto'",
    ):
        assert problem in done.stderr
    assert not (project / "conda-lock.yml").exists()


@pytest.mark.parametrize(
    ("entries", "extra", "path"),
    [
        (["--extra-index-url {vendor}/simple", "parted==1.0"], "", "/parted-1.0-"),
        (["hasty"], "multiplat: {pypi: {prerelease: disallow}}\n", ""),
    ],
)
def test_hints_are_accepted(
    alone: Host,
    project: Path,
    channel: Path,
    pypi: Rules,
    vendor: Rules,
    entries: list[str],
    extra: str,
    path: str,
) -> None:
    """What an error says to write is what the manifest takes, and it helps."""
    lines = [entry.format(vendor=vendor.url) for entry in entries]
    _manifest(project, channel, pypi, extra, *lines, platforms="[linux-64]")
    done = alone.multiplat("lock", cwd=project, code=1)
    assert "--" not in re.sub(r"--(extra-)?index-url", "", done.stderr)
    hints = re.findall(r"`(multiplat: \{.*?\}\})`", done.stderr.replace("\n", " "))
    if not path:
        return
    assert hints
    for hint in hints:
        _manifest(project, channel, pypi, f"{hint}\n", *lines, platforms="[linux-64]")
        alone.multiplat("lock", cwd=project)
        assert path in _urls(project)["parted"]


@pytest.mark.parametrize(
    ("promised", "backend"),
    [
        *[("12.9", "cu129"), ("12.9.1", "cu129"), ("12.7", "cu126"), ("13.1", "cu130")],
        *[("13.9", "cu132"), ("11.8", "cu118"), ("9.2", "cu92"), ("12", "cu120"), ("7.5", "cpu")],
    ],
)
def test_backends_of_promises(promised: str, backend: str) -> None:
    """The newest that uv knows and the promise covers."""
    assert cuda_backend(promised) == backend


def test_backends_that_uv_knows() -> None:
    """Ours are uv's, in its order, apart from the one that looks at the machine that locks."""
    command = [uv_program(), "pip", "compile", "--help"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    text = " ".join(text.split())
    values = re.search(r"env: UV_TORCH_BACKEND=\] \[possible values: ([^\]]*)\]", text)
    assert values
    known = values[1].split(", ")
    assert ["none", *known] == ["none", "auto", *CHOICES["torch-backend"][1:]]
    assert set(CUDA_BACKENDS) == {name for name in known if name.startswith("cu")}


@pytest.mark.parametrize(
    ("subdir", "promise", "keys", "place"),
    [
        ("linux-64", 'cuda: "12.9"', "", "/whl/cu129"),
        ("linux-64", 'cuda: "12.9"', "torch-backend: cu126", "/whl/cu126"),
        ("linux-64", 'glibc: "2.28"', "", "/whl/cpu"),
        ("win-64", 'cuda: "12.7"', "", "/whl/cu126"),
        ("linux-64", 'cuda: "12.9"', "torch-backend: none", ""),
        ("osx-arm64", 'osx: "14.0"', "torch-backend: cpu", ""),
    ],
)
def test_where_torch_comes_from(
    alone: Host, project: Path, channel: Path, subdir: str, promise: str, keys: str, place: str
) -> None:
    """Uv is told which build to take: it asks PyTorch's index for that, which is not there."""
    extra = (
        f"multiplat: {{virtual-packages: {{{subdir}: {{{promise}}}}}, pypi: {{{keys or '{}'}}}}}\n"
    ).replace("{{}}", "{}")
    write(project, channel, "python 3.12.*", "pip: [torch]", platforms=f"[{subdir}]", extra=extra)
    nowhere = "http://127.0.0.1:9"
    env = {"HTTPS_PROXY": nowhere, "HTTP_PROXY": nowhere, "UV_HTTP_RETRIES": "0"}
    done = alone.multiplat("lock", cwd=project, env=env, code=3)
    asked = done.stderr.replace("\n", "")
    assert ("pytorch" in asked) == bool(place)
    assert f"{place}/torch/" in asked


@pytest.mark.slow
def test_import_of_our_own_environment(
    alone: Host, tmp_path: Path, project: Path, real_channel: Path, pypi: Rules
) -> None:
    """It gives back the lines of `pip:`, and not what they brought, nor URLs of wheels."""
    for folder in ("tool", "sub/odd", "edited"):
        write_project(project / folder, folder.rpartition("/")[2], "1.0")
    wheel = Path(pypi.root, "files", "light-1.0-py3-none-any.whl")
    (project / wheel.name).write_bytes(wheel.read_bytes())
    (project / "c.txt").write_text("early<9\n", encoding="utf-8")
    kept = [
        f"--index-url {pypi.url}/simple",
        "robot",
        "early<2; sys_platform != 'nope'",
        f"parted==1.0 --hash=sha256:{_parted(pypi)}",
    ]
    places = {
        "./tool": str(project / "tool"),
        "sub/odd": str(project / "sub" / "odd"),
        "-e edited": f"-e {project / 'edited'}",
        f"light @ ./{wheel.name}": f"light @ {project / wheel.name}",
    }
    entries = "pip:\n" + "\n".join(f"      - {entry}" for entry in [*kept, "-c c.txt", *places])
    extra = (
        "multiplat:\n  pypi-names: {odd-one: odd}\n  pypi: {prerelease: explicit, "
        "indexes: {ours: https://me:pw@x.example.com/s}, sources: {unused: ours}}\n"
        "  virtual-packages: {linux: {glibc: '2.31'}}\n"
    )
    write(project, real_channel, "python", entries, platforms=f"[{SUBDIR}]", extra=extra)
    alone.multiplat("lock", cwd=project)
    alone.multiplat("install", "-n", "made", cwd=project)
    done = alone.multiplat("import", "--from-name", "made", "-o", "back.yml", cwd=tmp_path)
    data = yaml.safe_load((tmp_path / "back.yml").read_text(encoding="utf-8"))
    (pip,) = (
        dependency["pip"] for dependency in data["dependencies"] if isinstance(dependency, dict)
    )
    assert sorted(pip) == sorted([*kept, *places.values()])
    assert "a constraint, early<9" in done.stderr
    assert data["multiplat"] == {
        "virtual-packages": {SUBDIR: {"glibc": "2.31"}},
        "pypi": {
            "prerelease": "explicit",
            "indexes": {"ours": "https://x.example.com/s"},
            "sources": {"unused": "ours"},
        },
        "pypi-names": {"odd-one": ["odd"]},
    }
    alone.multiplat("lock", "-f", "back.yml", cwd=tmp_path)


def _parted(pypi: Rules) -> str:
    file = Path(pypi.root, "files", "parted-1.0-py3-none-any.whl")
    return hashlib.sha256(file.read_bytes()).hexdigest()
