"""``image``: what other readers of OCI layouts make of it, and whether it runs."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.hosts import Host
from support.images import (
    MINOR,
    SUBDIR,
    archive,
    image_documents,
    layer_tars,
    layout,
    machine_base,
    root_filesystem,
    run_in,
    running_python,
    tar_of,
    why_not_run,
)
from support.manifests import write
from support.packages import (
    PLACEHOLDER,
    Package,
    activated_package,
    binary_package,
    build_channel,
    generic_package,
    noarch_python_package,
    post_link_package,
    python_package,
)

ALL = ("python", "greeting", "prefixed", "scripted", "activated")
pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs links and modes of files")


def _packages(subdir: str) -> list[Package]:
    return [
        python_package(subdir),
        generic_package(),
        noarch_python_package(),
        binary_package(subdir),
        post_link_package(subdir),
        activated_package(),
    ]


@pytest.fixture(scope="module")
def two_platforms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A channel of real packages for two platforms of Linux."""
    folder = tmp_path_factory.mktemp("two-platforms")
    return build_channel(
        folder,
        [*_packages("linux-64"), *_packages("linux-aarch64")[:1], *_packages("linux-aarch64")[3:5]],
    )


def _lock(host: Host, project: Path, channel: Path, *dependencies: str, extra: str = "") -> None:
    write(project, channel, *dependencies, platforms="[linux-64, linux-aarch64]", extra=extra)
    host.multiplat("lock", "-q", cwd=project)


def _digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("subdir", ["linux-64", "linux-aarch64"])
def test_twice_the_same_bytes(
    alone: Host, project: Path, two_platforms: Path, tmp_path: Path, subdir: str
) -> None:
    """Another cache, home, umask and folder, and a cache that is warm, change nothing."""
    _lock(alone, project, two_platforms, *ALL, extra="variables: {ROBOT: arm 1}\n")
    make = ("image", "-q", "--platform", subdir, "-o")
    alone.multiplat(*make, "first.tar", cwd=project)
    alone.multiplat(*make, "second.tar", cwd=project)
    alone.multiplat(*make, "layout", cwd=project)
    elsewhere = tmp_path / "else where"
    shutil.copytree(project, elsewhere)
    before = os.umask(0o077)
    try:
        env = {"CONDA_PKGS_DIRS": str(tmp_path / "other-cache")}
        alone.multiplat(*make, tmp_path / "third.tar", cwd=elsewhere, env=env)
    finally:
        os.umask(before)
    first = (project / "first.tar").read_bytes()
    assert (project / "second.tar").read_bytes() == first
    assert (tmp_path / "third.tar").read_bytes() == first
    shutil.unpack_archive(project / "first.tar", tmp_path / "unpacked", filter="data")
    assert _digests(tmp_path / "unpacked") == _digests(project / "layout")


def test_what_is_in_it(alone: Host, project: Path, two_platforms: Path, tmp_path: Path) -> None:
    """Files as they are linked for ``/opt/env``, root's, and nothing of this machine."""
    _lock(alone, project, two_platforms, *ALL, extra="variables: {ROBOT: arm 1}\n")
    alone.multiplat("image", "-q", "--platform", "linux-64", "-o", "layout", cwd=project)
    members = {member.name: member for tar in layer_tars(project / "layout") for member in tar}
    assert {member.uid for member in members.values()} == {0}
    assert {member.uname for member in members.values()} == {""}
    assert oct(members["opt/env/bin/greet"].mode) == "0o755"
    assert oct(members["opt/env/share/greeting.txt"].mode) == "0o644"
    assert members["opt/env/share/greeting.txt"].mtime == 1_700_000_000
    assert members["opt/env/bin/greet"].mtime == 0
    root = root_filesystem(project / "layout", tmp_path / "root")
    prefix = root / "opt/env"
    assert (prefix / "etc/prefixed.cfg").read_text("utf-8") == "root = /opt/env\n"
    blob = (prefix / "lib/prefixed.bin").read_bytes()
    padding = b"\0" * (len(PLACEHOLDER) - len("/opt/env"))
    assert blob == b"\x7fELF\x00/opt/env/share" + padding + b"\x00" + bytes(range(256))
    assert (prefix / "lib/prefixed.link").readlink() == Path("prefixed.bin")
    assert (prefix / "bin/greet").read_text("utf-8").startswith(f"#!/opt/env/bin/python{MINOR}\n")
    texts = "".join(path.read_text("utf-8") for path in (prefix / "conda-meta").iterdir())
    assert str(alone.home) not in texts
    assert "==> 1970-01-01 00:00:00 <==\n# cmd: conda multiplat image -e default\n" in texts


def test_conda_takes_it_for_its_own(
    conda: Host, project: Path, two_platforms: Path, tmp_path: Path
) -> None:
    """Its records, history and variables are as of an environment that conda has made."""
    _lock(conda, project, two_platforms, *ALL, extra="variables: {ROBOT: arm 1}\n")
    conda.multiplat("image", "-q", "--platform", "linux-64", "-o", "layout", cwd=project)
    prefix = root_filesystem(project / "layout", tmp_path / "root") / "opt/env"
    listed = json.loads(conda.run("list", "-p", prefix, "--json").stdout)
    names = ["activated", "greeting", "greeting-data", "prefixed", "python", "scripted"]
    assert [record["name"] for record in listed] == names
    exported = conda.run("env", "export", "-p", prefix, "--from-history").stdout
    assert all(f"  - {name}\n" in exported for name in ALL)
    shown = conda.run("env", "config", "vars", "list", "-p", prefix).stdout
    assert shown == "ROBOT = arm 1\n"


@pytest.mark.skipif(not shutil.which("skopeo"), reason="skopeo is not installed")
def test_skopeo(alone: Host, project: Path, two_platforms: Path, tmp_path: Path) -> None:
    """An independent reader inspects it, and copies it with the same digests, verifying layers."""
    _lock(alone, project, two_platforms, *ALL)
    image = alone.json("image", "--platform", "linux-aarch64", "--tag", "1.2", cwd=project)
    source = f"oci-archive:{project / image['image']}"
    document = _skopeo("inspect", source)
    assert (document["Digest"], document["Architecture"], document["Os"]) == (
        image["digest"],
        "arm64",
        "linux",
    )
    assert document["Layers"] == [layer["digest"] for layer in image["layers"]]
    assert document["Labels"]["org.opencontainers.image.title"] == "demo"
    assert document["RepoTags"] == []
    subprocess.run(
        ["skopeo", "copy", "-q", "--insecure-policy", source, f"dir:{tmp_path / 'copy'}"],
        check=True,
    )
    copied = {path.name for path in (tmp_path / "copy").iterdir()}
    assert {layer["digest"].partition(":")[2] for layer in image["layers"]} <= copied
    subprocess.run(
        ["skopeo", "copy", "-q", "--insecure-policy", source, f"oci:{tmp_path / 'oci'}:x"],
        check=True,
    )
    assert _skopeo("inspect", f"oci:{tmp_path / 'oci'}:x")["Digest"] == image["digest"]


def _skopeo(*arguments: str) -> Any:
    done = subprocess.run(["skopeo", *arguments], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.skipif(not shutil.which("umoci"), reason="umoci is not installed")
def test_umoci(alone: Host, project: Path, two_platforms: Path, tmp_path: Path) -> None:
    """Another one unpacks it."""
    _lock(alone, project, two_platforms, *ALL)
    alone.multiplat("image", "-q", "--platform", "linux-64", "-o", "layout", cwd=project)
    subprocess.run(
        ["umoci", "unpack", "--rootless", "--image", "layout:latest", tmp_path / "bundle"],
        cwd=project,
        check=True,
        capture_output=True,
    )
    theirs = {
        path.relative_to(tmp_path / "bundle/rootfs").as_posix()
        for path in (tmp_path / "bundle/rootfs").rglob("*")
    }
    ours = {member.name for tar in layer_tars(project / "layout") for member in tar}
    assert theirs == ours


@pytest.mark.slow
@pytest.mark.skipif(bool(why_not_run()), reason=why_not_run())
@pytest.mark.parametrize("form", ["folder", "archive"])
def test_its_environment_runs(alone: Host, project: Path, tmp_path: Path, form: str) -> None:
    """On a base of this machine's files its Python runs, with the environment active."""
    others = [generic_package(), noarch_python_package(), activated_package()]
    channel = build_channel(tmp_path / "channel", [running_python(SUBDIR), *others])
    write(
        project,
        channel,
        "python",
        "greeting",
        "activated",
        platforms=f"[{SUBDIR}]",
        extra="variables: {ROBOT: arm 1}\n",
    )
    alone.multiplat("lock", "-q", cwd=project)
    base = machine_base(tmp_path / "base")
    if form == "archive":
        base = archive(base, tmp_path / "base.tar")
    make = ("image", "--platform", SUBDIR, "-o", "layout", "--base", base)
    done = alone.multiplat(*make, cwd=project)
    assert " layers on the base's 1: " in done.stderr
    assert "warning" not in done.stderr
    _, _, configuration = image_documents(project / "layout")
    root = root_filesystem(project / "layout", tmp_path / "root")
    assert run_in(root, configuration, "greet") == "hello from greeting\n"
    code = "import json, os, sys; print(json.dumps([sys.prefix, dict(os.environ)]))"
    prefix, environ = json.loads(run_in(root, configuration, f"python{MINOR}", "-c", code))
    assert prefix == "/opt/env"
    expected = {
        "PATH": "/opt/env/bin:/bin",
        "FROM_BASE": "1",
        "FROM_PACKAGE": "a $HOME",
        "ROBOT": "arm 1",
        "CONDA_PREFIX": "/opt/env",
        "CONDA_DEFAULT_ENV": "/opt/env",
        "CONDA_SHLVL": "1",
        "ACTIVATED": "on ",
        "ORDER": "Zaz",
    }
    assert expected.items() <= environ.items()


@pytest.mark.slow
def test_one_package_moves_one_layer(alone: Host, project: Path, tmp_path: Path) -> None:
    """Of forty packages one changes, one goes, one comes: each moves one layer and the last."""

    def package(number: int, version: str = "1.0") -> Package:
        files = {f"share/{number}": version.encode() * number}
        return Package(f"data-{number}", version, noarch="generic", files=files)

    def layers(packages: list[Package]) -> set[str]:
        channel = build_channel(tmp_path / "channel", packages)
        write(project, channel, *(item.name for item in packages), platforms="[linux-64]")
        alone.multiplat("lock", "-q", "--update-all", cwd=project)
        image = alone.json("image", "--platform", "linux-64", cwd=project)
        assert image["layers"][-1]["title"] == "the environment itself"
        titles = ", ".join(layer["title"].removeprefix("conda: ") for layer in image["layers"][:-1])
        assert sorted(titles.split(", ")) == sorted(item.name for item in packages)
        return {layer["digest"] for layer in image["layers"][:-1]}

    plain = [package(number) for number in range(40)]
    before = layers(plain)
    assert len(before) == 14  # of sixteen, by the digests of these names
    for packages in (
        [*plain[:7], package(7, "1.1"), *plain[8:]],
        [*plain[:23], *plain[24:]],
        [*plain, package(40)],
    ):
        after = layers(packages)
        assert (len(after - before), len(before - after)) == (1, 1)


def test_large_packages_have_their_own(alone: Host, project: Path, tmp_path: Path) -> None:
    """From ten megabytes on; the small ones stay together."""
    large = Package("large", noarch="generic", files={"share/large": bytes(10 << 20)})
    small = [Package(name, noarch="generic", files={f"share/{name}": b"1"}) for name in "ab"]
    channel = build_channel(tmp_path / "channel", [large, *small])
    _lock(alone, project, channel, "large", "a", "b")
    image = alone.json("image", "--platform", "linux-64", cwd=project)
    titles = [layer["title"] for layer in image["layers"]]
    assert titles == ["conda: large", "conda: a", "conda: b", "the environment itself"]


#: Runs a command and says how many kilobytes it needed at most.
_PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.mark.slow
def test_memory(alone: Host, project: Path, tmp_path: Path) -> None:
    """A package with a file of 200 MB needs little more memory than one with a file of one."""
    packages = [
        Package(name, noarch="generic", files={f"share/{name}": bytes(size << 20)})
        for name, size in (("small", 1), ("large", 200))
    ]
    channel = build_channel(tmp_path / "channel", packages)

    def peak(name: str) -> int:
        _lock(alone, project, channel, name)
        make = ("image", "-q", "--platform", "linux-64", "-o", f"{name}.tar")
        done = subprocess.run(
            [sys.executable, "-c", _PEAK, *alone.command, *make],
            cwd=project,
            env=alone.environ(),
            capture_output=True,
            text=True,
            check=True,
        )
        return int(done.stdout)

    assert peak("large") < peak("small") + 50_000


def test_without_a_shell(alone: Host, project: Path, two_platforms: Path) -> None:
    """Variables are there; activation scripts, which nothing can run, are named."""
    _lock(alone, project, two_platforms, *ALL, extra="variables: {ROBOT: arm 1}\n")
    done = alone.multiplat("image", "--platform", "linux-64", "-o", "layout", cwd=project)
    assert done.stderr == (
        "warning: installation scripts of packages were not run\n"
        "  bin/.scripted-post-link.sh\n"
        "warning: activation scripts will not run: the image has no shell\n"
        "  /opt/env/etc/conda/activate.d/Zero.sh\n"
        "  /opt/env/etc/conda/activate.d/activated.sh\n"
        "  /opt/env/etc/conda/activate.d/~last.sh\n"
        " no base image: the C library that conda packages need is missing\n"
        " 7 layers: 0.0 MB\n"
        " wrote layout with the 6 packages of default/linux-64\n"
    )
    _, _, configuration = image_documents(project / "layout")
    assert "Entrypoint" not in configuration["config"]
    assert configuration["config"]["Cmd"] == ["/opt/env/bin/python"]
    assert "ROBOT=arm 1" in configuration["config"]["Env"]


def _base(folder: Path, *processes: dict[str, Any], architecture: str = "amd64") -> Path:
    """A base whose images have these processes, and a shell's name."""
    tar = tar_of({"bin/sh": b"x"})
    return layout(
        folder,
        [
            ({**AMD64, "architecture": architecture, "config": process}, [tar])
            for process in processes
        ],
    )


AMD64 = {"architecture": "amd64", "os": "linux"}


def test_base(alone: Host, project: Path, two_platforms: Path, tmp_path: Path) -> None:
    """What it says stays, but for what it says of itself; its layers come first, as they are."""
    _lock(alone, project, two_platforms, *ALL)
    process = {
        "Env": ["A=1", "PATH=/x", "CONDA_PREFIX=/base", "CONDA_SHLVL=1"],
        "Entrypoint": ["/tini"],
        "Cmd": ["sh"],
        "User": "1000",
        "WorkingDir": "/w",
        "Labels": {"org.opencontainers.image.version": "12", "maintainer": "m"},
    }
    base = _base(tmp_path / "base", process)
    make = ("image", "-q", "--platform", "linux-64", "-o", "layout", "--base", base)
    alone.multiplat(*make, "--label", "org.opencontainers.image.version=3=4", cwd=project)
    _, manifest, configuration = image_documents(project / "layout")
    _, base_manifest, base_configuration = image_documents(base)
    assert manifest["layers"][0] == base_manifest["layers"][0]
    diffs = configuration["rootfs"]["diff_ids"]
    assert diffs[:1] == base_configuration["rootfs"]["diff_ids"]
    labels = configuration["config"].pop("Labels")
    assert labels.pop("conda-multiplat.content-hash")
    digest = hashlib.sha256(json.dumps(base_manifest).encode()).hexdigest()
    assert labels == {
        "conda-multiplat.environment": "default",
        "conda-multiplat.platform": "linux-64",
        "conda-multiplat.sbom": "/opt/env/share/sbom/sbom-linux-64.cdx.json",
        "maintainer": "m",
        "org.opencontainers.image.base.digest": f"sha256:{digest}",
        "org.opencontainers.image.title": "demo",
        "org.opencontainers.image.version": "3=4",
    }
    assert configuration["config"] == {
        "Env": [
            "PATH=/opt/env/bin:/x",
            "A=1",
            "CONDA_PREFIX=/opt/env",
            "CONDA_SHLVL=2",
            "CONDA_PREFIX_1=/base",
            "FROM_PACKAGE=a $HOME",
            "CONDA_DEFAULT_ENV=/opt/env",
        ],
        "Entrypoint": ["/opt/env/libexec/conda-multiplat/entrypoint"],
        "Cmd": ["sh"],
        "User": "1000",
        "WorkingDir": "/w",
    }


def test_bases_that_are_none(
    alone: Host, project: Path, two_platforms: Path, tmp_path: Path
) -> None:
    """What can't be a base is named, and nothing is written."""
    _lock(alone, project, two_platforms, "prefixed")
    changed, cut = _base(tmp_path / "changed", {}), _base(tmp_path / "cut", {})
    layer = image_documents(changed)[1]["layers"][0]["digest"]
    (changed / "blobs" / layer.replace(":", "/")).write_bytes(b"another")
    manifest = image_documents(cut)[0]["manifests"][0]["digest"]
    (cut / "blobs" / manifest.replace(":", "/")).write_bytes(b"{}")
    away = _base(tmp_path / "away", {})
    index = json.loads((away / "index.json").read_text("utf-8"))
    index["manifests"][0]["digest"] = "sha256:../../../etc/passwd"
    (away / "index.json").write_text(json.dumps(index), encoding="utf-8")
    (tmp_path / "no").mkdir()
    (tmp_path / "text").write_text("text", encoding="utf-8")
    strange = {
        "Env": "Env in its configuration does not consist of texts",
        "Labels": "Labels in its configuration does not consist of texts",
    }
    cases = {
        **{
            _base(tmp_path / key, {key: [1]}): (2, f"can't be a base image: {message}")
            for key, message in strange.items()
        },
        changed: (2, f"can't be a base image: the content of {layer} does not match its digest"),
        cut: (2, f"can't be a base image: the content of {manifest} does not match its digest"),
        away: (2, "can't be a base image: 'sha256:../../../etc/passwd' is not a SHA-256 digest"),
        _base(tmp_path / "arm", {}, architecture="arm64"): (2, "has no image for linux/amd64"),
        _base(tmp_path / "two", {}, {"User": "1"}): (2, "has 2 images for linux/amd64"),
        tmp_path / "no": (2, "is not an OCI layout: it has no index.json"),
        tmp_path / "text": (3, "can't be read: "),
        tmp_path / "nowhere": (3, "can't be read: "),
    }
    for base, (code, message) in cases.items():
        make = ("image", "--platform", "linux-64", "-o", "layout", "--base", base)
        document = alone.json(*make, cwd=project, code=code)
        assert message in document["error"], base
        assert sorted(path.name for path in project.iterdir()) == [
            ".git",
            "conda-lock.yml",
            "environment.yml",
        ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--platform", "osx-arm64"], "images can be built only for Linux, not for osx-arm64"),
        (["--tag", "Robot:1"], "--tag 'Robot:1' is not TAG or NAME:TAG"),
        (["--tag", "a b"], "--tag 'a b' is not TAG or NAME:TAG"),
        (
            ["--base", "made", "-o", "made"],
            "made is the base image: the new image would overwrite it",
        ),
        (["--label", "=1"], "--label '=1' is not KEY=VALUE"),
        (["--label", "a"], "--label 'a' is not KEY=VALUE"),
        (["-o", "taken"], "taken exists and is not an image: it is not replaced"),
        (["-o", "taken.tar"], "taken.tar exists and is not an image: it is not replaced"),
    ],
)
def test_refused(
    alone: Host, project: Path, two_platforms: Path, arguments: list[str], message: str
) -> None:
    """What can't be is said, with exit code 2; what was there stays."""
    _lock(alone, project, two_platforms, "prefixed")
    for name in ("taken", "taken.tar"):
        (project / name).mkdir()
        (project / name / "file").touch()
    platform = () if "--platform" in arguments else ("--platform", "linux-64")
    document = alone.json("image", *platform, *arguments, cwd=project, code=2)
    assert document["error"].startswith(message)
    assert (project / "taken/file").exists()


def test_an_image_is_replaced(alone: Host, project: Path, two_platforms: Path) -> None:
    """The old one is there until the new one is; nothing else is left."""
    _lock(alone, project, two_platforms, "prefixed")
    make = ("image", "-q", "--platform", "linux-64", "-o", "layout")
    alone.multiplat(*make, cwd=project)
    before = _digests(project / "layout")
    alone.multiplat(*make, "--tag", "other", cwd=project)
    after = _digests(project / "layout")
    assert {name for name in before if before[name] != after.get(name)} == {"index.json"}
    names = [".git", "conda-lock.yml", "environment.yml", "layout"]
    assert sorted(path.name for path in project.iterdir()) == names


def test_source_date_epoch(alone: Host, project: Path, two_platforms: Path) -> None:
    """The time that builds take stands where a time does; a wrong one is refused."""
    _lock(alone, project, two_platforms, *ALL)
    make = ("image", "-q", "--platform", "linux-64", "-o", "layout")
    alone.multiplat(*make, cwd=project, env={"SOURCE_DATE_EPOCH": "1000000000"})
    _, _, configuration = image_documents(project / "layout")
    assert configuration["created"] == "2001-09-09T01:46:40Z"
    members = {member.name: member for tar in layer_tars(project / "layout") for member in tar}
    assert members["opt/env/bin/greet"].mtime == 1_000_000_000
    done = alone.multiplat(*make, cwd=project, env={"SOURCE_DATE_EPOCH": "today"}, code=2)
    assert (
        done.stderr == "error: SOURCE_DATE_EPOCH is 'today', not a number of seconds since 1970\n"
    )


def test_lock_that_points_elsewhere(alone: Host, project: Path, two_platforms: Path) -> None:
    """A lock whose packages are from elsewhere than the manifest says makes no image."""
    _lock(alone, project, two_platforms, "prefixed")
    lock = project / "conda-lock.yml"
    text = lock.read_text("utf-8")
    lock.write_text(text.replace(two_platforms.as_uri(), "https://example.com/x"), "utf-8")
    document = alone.json("image", "--platform", "linux-64", cwd=project, code=2)
    assert "conda-lock.yml" in document["error"]
    assert not (project / "demo-linux-64.tar").exists()


def test_damaged_cache(alone: Host, project: Path, two_platforms: Path) -> None:
    """A file of the cache that somebody has altered, its size being right, comes into no image."""
    _lock(alone, project, two_platforms, *ALL)
    make = ("image", "-q", "--platform", "linux-64", "-o", "layout")
    alone.multiplat(*make, cwd=project)
    before = _digests(project / "layout")
    file = alone.pkgs / "multiplat/packages/greeting-data-1.0-0/share/greeting.txt"
    file.write_bytes(file.read_bytes().upper())
    alone.multiplat(*make, cwd=project)
    assert _digests(project / "layout") == before


def test_dry_run(alone: Host, project: Path, two_platforms: Path) -> None:
    """It says what would be made, and makes nothing."""
    _lock(alone, project, two_platforms, *ALL)
    done = alone.multiplat("image", "-d", "--platform", "linux-64", cwd=project)
    assert done.stderr == " would write demo-linux-64.tar with the 6 packages of default/linux-64\n"
    assert not (project / "demo-linux-64.tar").exists()
