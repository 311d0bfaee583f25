"""CUDA promised, and why a CPU build was locked all the same."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml
from support.hosts import TESTS, Host
from support.manifests import locked, write
from support.packages import Package, write_repodata
from support.sizes import without_sizes

PROMISE = 'multiplat: {virtual-packages: {linux-64: {cuda: "12.4"}}}\n'
SLICE = TESTS.parents[1] / "shared" / "channels" / "conda-forge"


def _torch(version: str, python: str, *, cuda: bool) -> Package:
    """A build of the twin of pytorch; conda-forge's CUDA builds win by their build number."""
    kind = "cuda126" if cuda else "cpu"
    needs = ["__cuda", "cuda-version >=12.6,<13"] if cuda else []
    return Package(
        "torch-twin",
        version,
        f"{kind}_py{python.replace('.', '')}_{'2' if cuda else '1'}00",
        "linux-64",
        depends=[f"python {python}.*", *needs],
    )


@pytest.fixture
def twin(tmp_path: Path) -> Path:
    """The newest version has a CUDA build for Python 3.11 only."""
    packages = [Package("python", f"{v}.0", "0_cpython", "linux-64") for v in ("3.11", "3.12")]
    packages += [
        Package("cuda-version", "12.6", noarch="generic", constrains=["__cuda >=12"]),
        Package("cuda-version", "11.8", noarch="generic", constrains=["__cuda >=11"]),
        Package("old-cuda", subdir="linux-64", depends=["cuda-version 11.8"]),
        _torch("2.10.0", "3.12", cuda=True),
        _torch("2.10.0", "3.12", cuda=False),
        _torch("2.12.0", "3.11", cuda=True),
        _torch("2.12.0", "3.11", cuda=False),
        _torch("2.12.0", "3.12", cuda=False),
        _torch("2.13.0", "3.10", cuda=False),
    ]
    return write_repodata(tmp_path / "twin", packages)


def _lock(alone: Host, project: Path, channel: Path, *specs: str, extra: str = PROMISE) -> str:
    write(project, channel, *specs, platforms="[linux-64]", extra=extra)
    return alone.multiplat("lock", cwd=project).stderr


def test_cpu_build_of_a_newer_version(alone: Host, project: Path, twin: Path) -> None:
    """It is said, with why, and what to write to have the CUDA build."""
    output = _lock(alone, project, twin, "python 3.12.*", "torch-twin >=2.5")
    assert (
        " ! torch-twin 2.12.0 is a CPU build: 2.12.0 has no CUDA build for python 3.12"
        "  (default/linux-64)\n"
        "     2.10.0 has one; to get it, write `torch-twin >=2.5 cuda*` in environment.yml:7:5\n"
    ) in output
    output = _lock(alone, project, twin, "python 3.12.*", "torch-twin >=2.5 cuda*")
    assert "CPU build" not in output
    assert locked(project)["linux-64"]["torch-twin"] == "2.10.0"


_ENVIRONMENTS = (
    "multiplat:\n"
    "  environments:\n"
    "    gpu:\n"
    "      dependencies: [zlib]\n"
    '      virtual-packages: {linux-64: {cuda: "12.4"}}\n'
)


@pytest.mark.parametrize(
    ("platforms", "extra", "command"),
    [
        ("[linux-64, osx-arm64]", PROMISE, "--platform linux-64"),
        ("[linux-64]", _ENVIRONMENTS, "-e gpu"),
        ("[linux-64, osx-arm64]", _ENVIRONMENTS, "-e gpu --platform linux-64"),
    ],
    ids=["another platform", "another environment", "both"],
)
def test_line_that_others_share(
    alone: Host, project: Path, twin: Path, platforms: str, extra: str, command: str
) -> None:
    """Where CPU builds have to stay for others, the advice is a command that leaves them alone."""
    more = [
        Package(name, version, subdir=subdir, depends=list(needs))
        for subdir in ("osx-arm64", "linux-64")
        for name, version, needs in (
            ("zlib", "1.3", ()),
            ("python", "3.12.0", ()),
            ("torch-twin", "2.12.0", ("python 3.12.*",)),
        )
        if subdir != "linux-64" or name == "zlib"
    ]
    other = write_repodata(project / "more", more)
    channels = f"channels: [{twin.as_uri()}, {other.as_uri()}]\n"
    write(project, twin, "python 3.12.*", "torch-twin >=2.5", platforms=platforms, extra=extra)
    manifest = project / "environment.yml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(re.sub(r"channels:\n  - .*\n", channels, text), encoding="utf-8")
    advice = f"conda multiplat add 'torch-twin >=2.5 cuda*' {command}"
    stderr = alone.multiplat("lock", "--channel-priority", "flexible", cwd=project).stderr
    assert f"     2.10.0 has one; to get it, run `{advice}`\n" in stderr
    stdout = alone.multiplat("why", "torch-twin", *command.split(), cwd=project).stdout
    assert f"  2.10.0 has one; to get it, run `{advice}`\n" in stdout
    alone.multiplat(*shlex.split(advice)[2:], "--no-install", cwd=project)
    lock = project / ("gpu.conda-lock.yml" if "gpu" in command else "conda-lock.yml")
    chosen = {
        (package["platform"], package["version"])
        for package in yaml.safe_load(lock.read_text(encoding="utf-8"))["package"]
        if package["name"] == "torch-twin"
    }
    mac = {("osx-arm64", "2.12.0")} if "osx-arm64" in platforms else set()
    assert chosen == {("linux-64", "2.10.0"), *mac}


def test_cuda_build_that_cannot_be(alone: Host, project: Path, twin: Path) -> None:
    """Where no CUDA build fits the rest, the solver says what stands in the way."""
    specs = ("python 3.12.*", "torch-twin", "old-cuda")
    output = _lock(alone, project, twin, *specs)
    assert " ! torch-twin 2.12.0 is a CPU build: 2.12.0 has no CUDA build for python 3.12" in output
    assert "     `torch-twin * cuda*` in environment.yml:7:5 would have no solution:\n" in output
    assert "cuda-version" in output


@pytest.mark.parametrize(
    ("python", "extra"),
    [("3.11.*", PROMISE), ("3.12.*", "")],
    ids=["CUDA build chosen", "no CUDA promised"],
)
def test_nothing_to_say(alone: Host, project: Path, twin: Path, python: str, extra: str) -> None:
    """A CUDA build, or no promise: no word."""
    specs = (f"python {python}", "torch-twin")
    assert "CPU build" not in _lock(alone, project, twin, *specs, extra=extra)


def test_cpu_build_of_an_earlier_lock(alone: Host, project: Path, twin: Path) -> None:
    """A promise that came later moves nothing by itself: it says how to."""
    specs = ("python 3.11.*", "torch-twin")
    _lock(alone, project, twin, *specs, extra="")
    output = _lock(alone, project, twin, *specs)
    assert (
        " ! torch-twin 2.12.0 is a CPU build: it was kept from an earlier lock  "
        "(default/linux-64)\n"
        "     2.12.0 has one; to get it, run `conda multiplat lock --update torch-twin`\n"
    ) in output
    stderr = alone.multiplat("lock", "--update", "torch-twin", cwd=project).stderr
    assert "CPU build" not in stderr
    assert "   ~ torch-twin    2.12.0 (cpu_py311_100 → cuda126_py311_200)  linux-64\n" in (
        without_sizes(stderr)
    )


def test_cpu_build_that_is_asked_for(alone: Host, project: Path, twin: Path) -> None:
    """A line that names a CPU build has what it wants."""
    output = _lock(alone, project, twin, "python 3.12.*", "torch-twin * cpu*")
    assert "CPU build" not in output


def test_cpu_builds_as_json(alone: Host, project: Path, twin: Path) -> None:
    """--json has them too."""
    write(project, twin, "python 3.12.*", "torch-twin", platforms="[linux-64]", extra=PROMISE)
    (cpu_build,) = alone.json("lock", cwd=project)["cpu_builds"]
    assert (cpu_build["target"], cpu_build["name"], cpu_build["instead"], cpu_build["line"]) == (
        "default/linux-64",
        "torch-twin",
        "2.10.0",
        7,
    )


@pytest.fixture(scope="session")
def real_slice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The slice of conda-forge beside the repository, for linux-64."""
    if not SLICE.is_dir():
        pytest.skip("no slice of conda-forge beside the repository")
    import zstandard

    folder = tmp_path_factory.mktemp("slice") / "conda-forge"
    for subdir in ("linux-64", "noarch", "osx-arm64"):
        (folder / subdir).mkdir(parents=True)
        packed = (SLICE / subdir / "repodata.json.zst").read_bytes()
        text = zstandard.ZstdDecompressor().decompressobj().decompress(packed)
        (folder / subdir / "repodata.json").write_bytes(text)
    return folder


def test_real_pytorch(alone: Host, project: Path, real_slice: Path) -> None:
    """Without a promise the CPU build, with one the CUDA build, where there is one for Python."""
    specs = ("python 3.11.*", "numpy", "pandas", "pytorch")
    lock = project / "conda-lock.yml"
    assert "CPU build" not in _lock(alone, project, real_slice, *specs, extra="")
    assert "/pytorch-2.12.0-cpu_" in lock.read_text(encoding="utf-8")
    lock.unlink()
    assert "CPU build" not in _lock(alone, project, real_slice, *specs)
    assert "/pytorch-2.12.0-cuda" in lock.read_text(encoding="utf-8")
    lock.unlink()
    output = _lock(alone, project, real_slice, "python 3.12.*", "pytorch")
    assert " ! pytorch 2.12.0 is a CPU build: 2.12.0 has no CUDA build for python 3.12" in output
    assert (
        "     2.10.0 has one; to get it, write `pytorch * cuda*` in environment.yml:7:5\n" in output
    )


def test_real_pytorch_gpu(alone: Host, project: Path, real_slice: Path) -> None:
    """pytorch-gpu has a solution only where CUDA is promised, and none on macOS."""
    _lock(alone, project, real_slice, "python 3.12.*", "pytorch-gpu")
    assert "pytorch-gpu" in locked(project)["linux-64"]
    (project / "conda-lock.yml").unlink()
    write(project, real_slice, "python 3.12.*", "pytorch-gpu", platforms="[linux-64]")
    assert "__cuda" in alone.multiplat("lock", cwd=project, code=1).stderr
    write(
        project,
        real_slice,
        "python 3.12.*",
        "pytorch-gpu",
        platforms="[linux-64, osx-arm64]",
        extra=PROMISE,
    )
    done = alone.multiplat("lock", cwd=project, code=1)
    assert "error: no solution for default/osx-arm64\n" in done.stderr
    assert "  solvable: default/linux-64\n" in done.stderr


def test_only_a_driver_is_missing(alone: Host, project: Path, channel: Path) -> None:
    """Where nothing but a promise of CUDA is in the way, the conflict says what to write."""
    write(project, channel, "needs-cuda", platforms="[linux-64, osx-arm64]")
    done = alone.multiplat("lock", cwd=project, code=1)
    hint = (
        '    if the machines have CUDA, promise it: `linux-64: {cuda: "12.4"}` '
        "under multiplat: virtual-packages\n"
    )
    assert done.stderr.count(hint) == 1  # macOS has none to promise
    conflicts = alone.json("lock", cwd=project, code=1)["conflicts"]
    fixes = {conflict["target"]: conflict["fix"] for conflict in conflicts}
    assert fixes["default/linux-64"].startswith("promise it: ")
    assert fixes["default/osx-arm64"] == ""
    write(
        project, channel, "needs-cuda", platforms="[linux-64]", extra=PROMISE.replace("12.4", "11")
    )
    assert "promise it" not in alone.multiplat("lock", cwd=project, code=1).stderr
