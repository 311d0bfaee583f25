"""``pack`` and ``unpack``: one file that makes the environment where there is no network."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shlex
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import rattler
from packaging.utils import parse_wheel_filename
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR, Package, build, build_channel, python_package, real_packages
from support.pypi_index import Index, write_project
from support.server import Rules, serve

_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
#: Whoever asks a server fails.
NO_NETWORK = {name: "http://127.0.0.1:9" for proxy in _PROXIES for name in (proxy, proxy.upper())}
#: A network of its own, with nothing in it.
_APART = ("unshare", "--user", "--map-root-user", "--net")
CONDA = ("python", "greeting", "prefixed", "scripted")
ARCHIVE = f"demo.{SUBDIR}.tar"


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """Wheels, and what is none."""
    projects = Index(tmp_path / "served")
    projects.wheel(
        "robot", "1.5", requires=["purely"], more={"bin/robot": "#!python\nprint('go')\n"}
    )
    projects.wheel("purely")
    projects.sdist("sourced")
    return projects


@pytest.fixture
def served(index: Index) -> Iterator[Rules]:
    """A channel of real packages under ``/chan``, and the index under ``/simple``."""
    build_channel(index.root / "chan", real_packages())
    with serve(index.root) as rules:
        yield rules


def _write(project: Path, server: Rules, *entries: str, extra: str = "", **more: str) -> None:
    """A manifest of conda's packages and, where there are ``entries``, PyPI's."""
    lines = (f"--index-url {server.url}/simple", *entries) if entries else ()
    pip = "pip:\n" + "\n".join(f"      - {line}" for line in lines)
    listed = (*CONDA, pip) if entries else CONDA
    write(
        project, f"{server.url}/chan", *listed, extra=extra, **{"platforms": f"[{SUBDIR}]", **more}
    )


def _packed(
    host: Host,
    project: Path,
    server: Rules,
    away: Path,
    *entries: str,
    extra: str = "",
    more: Sequence[str] = (),
) -> Path:
    """An archive, in a folder of its own; the servers are gone."""
    _write(project, server, *entries, extra=extra)
    for name in more:
        manifest = project / "environment.yml"
        text = manifest.read_text(encoding="utf-8")
        manifest.write_text(text.replace("  - python\n", f"  - python\n  - {name}\n"), "utf-8")
    host.multiplat("lock", "-q", cwd=project)
    away.mkdir()
    host.multiplat("pack", "-q", "-o", away, cwd=project)
    shutil.rmtree(server.root)
    return away / ARCHIVE


def _extracted(archive: Path, folder: Path) -> Path:
    """An archive as plain tar extracts it."""
    folder.mkdir()
    subprocess.run(["tar", "-xf", archive], cwd=folder, check=True)
    return folder


def _without_network(host: Host, *arguments: str, cwd: Path) -> str:
    """What a command says where the system has no network; where it can't be so, no proxy."""
    if subprocess.run([*_APART, "true"], capture_output=True, check=False).returncode:
        return host.multiplat(*arguments, cwd=cwd, env=NO_NETWORK).stderr
    door = ("multiplat",) if host.is_conda else ()
    command = [*_APART, *host.command, *door, *arguments]
    done = subprocess.run(
        command, cwd=cwd, env=host.environ(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def _run(prefix: Path, code: str) -> str:
    program = prefix / "bin/python"
    return subprocess.run([program, "-c", code], capture_output=True, text=True, check=True).stdout


@pytest.mark.slow
def test_pack_and_unpack(
    door: Host, alone: Host, project: Path, tmp_path: Path, served: Rules
) -> None:
    """Packed in one home, unpacked in another that has nothing, with no network: as locked."""
    extra = "variables: {ROBOT: arm 1}\n"
    archive = _packed(alone, project, served, tmp_path / "away", "robot", extra=extra)
    shutil.rmtree(project)
    done = _without_network(door, "unpack", ARCHIVE, cwd=archive.parent)
    prefix = door.envs / "demo"
    assert done.endswith(
        f" {prefix} has the 5 packages + 2 from PyPI of default\n next: conda activate demo\n"
    )
    code = "import sys, greeting, robot; print(sys.prefix); greeting.main()"
    assert _run(prefix, code) == f"{prefix}\nhello from greeting\n"
    done = door.multiplat("list", "--installed", "--exit-code", "-n", "demo", cwd=tmp_path)
    assert done.stderr == f" {prefix}: 7 packages, all as locked\n"
    record = json.loads((prefix / "conda-meta/greeting-1.0-0.json").read_text(encoding="utf-8"))
    assert record["url"] == f"{served.url}/chan/noarch/greeting-1.0-0.conda"
    state = json.loads((prefix / "conda-meta/state").read_text(encoding="utf-8"))
    assert state["env_vars"] == {"ROBOT": "arm 1"}
    again = _without_network(door, "unpack", ARCHIVE, cwd=archive.parent)
    assert again == f" {prefix} is as packed: 5 packages + 2 from PyPI\n"
    words = ("python", "-c", "import robot; print(robot.VERSION)")
    enter = ("run", "--no-install", "-n", "demo", "--")
    ran = door.multiplat(*enter, *words, cwd=tmp_path, env=NO_NETWORK)
    assert ran.stdout == "1.5\n"


@pytest.mark.slow
def test_as_install_leaves_it(alone: Host, project: Path, tmp_path: Path, served: Rules) -> None:
    """All that an installed environment has, the unpacked one has too, and no more but its lock."""
    _write(project, served, "robot")
    alone.multiplat("lock", "-q", cwd=project)
    alone.multiplat("install", "-q", "-p", tmp_path / "env", cwd=project)
    installed = _files(tmp_path / "env")
    shutil.rmtree(tmp_path / "env")
    alone.multiplat("pack", "-q", cwd=project)
    alone.multiplat("unpack", "-q", ARCHIVE, "-p", tmp_path / "env", cwd=project)
    unpacked = _files(tmp_path / "env")
    kept = {f"conda-meta/packed/{name}" for name in ("environment.yml", "conda-lock.yml")}
    # uv notes of a wheel on this disk which one it was, of one with a URL the URL
    notes = ("uv_cache.json", "direct_url.json")
    assert {n for n in set(unpacked) - set(installed) if not n.endswith(notes)} == kept
    assert {n for n in set(installed) - set(unpacked) if not n.endswith(notes)} == set()
    differing = {n for n in set(installed) & set(unpacked) if unpacked[n] != installed[n]}
    # the history's revisions differ by their time, in seconds, and by the command
    free = {n for n in differing if n.endswith((".dist-info/RECORD", ".pyc", "/history"))}
    assert differing - free == {"conda-meta/multiplat"}


def _files(prefix: Path) -> dict[str, bytes]:
    return {
        path.relative_to(prefix).as_posix(): path.read_bytes()
        for path in prefix.rglob("*")
        if path.is_file()
    }


def _pip_package() -> Package:
    """A pip that is the tests' own, wherever that is."""
    import pip

    source = Path(pip.__file__)
    code = f"{source.read_text(encoding='utf-8')}\n__path__ = [{str(source.parent)!r}]\n"
    files = {"site-packages/pip/__init__.py": code.encode()}
    return Package("pip", noarch="python", depends=["python"], files=files)


@pytest.mark.slow
@pytest.mark.parametrize("with_pip", [False, True], ids=["no pip", "pip"])
def test_what_the_readme_says_for_any_conda(
    conda: Host, alone: Host, project: Path, tmp_path: Path, served: Rules, with_pip: bool
) -> None:
    """Each of its commands, as it stands there, makes the environment with no network."""
    build_channel(served.root / "chan", [*real_packages(), _pip_package()])
    extra = "variables: {ROBOT: arm 1}\n"
    more = ("pip",) if with_pip else ()
    archive = _packed(alone, project, served, tmp_path / "away", "robot", extra=extra, more=more)
    folder = _extracted(archive, archive.parent / "there")
    text = (folder / "README.md").read_text(encoding="utf-8")
    section = text.split("\n## With any conda\n")[1].split("\n## ")[0]
    commands = [line.strip() for line in section.splitlines() if line.startswith("    ")]
    programs = [command.split()[0] for command in commands]
    last = "conda" if with_pip else "python"
    assert programs == ["tar", "sha256sum", "conda", "conda", last]
    prefix = conda.envs / "demo"
    stands_for = {"python": sys.executable, "PREFIX": str(prefix)}
    for command in commands:
        program, *words = shlex.split(command)
        if program == "conda":
            yes = ["-y"] if words[0] == "create" else []
            conda.run(*words, *yes, cwd=folder, env=NO_NETWORK)
        else:
            typed = [stands_for.get(word, word) for word in (program, *words)]
            subprocess.run(typed, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    code = "import sys, greeting, robot, purely; print(sys.prefix, robot.VERSION)"
    assert _run(prefix, code) == f"{prefix} 1.5\n"
    shown = conda.run("env", "config", "vars", "list", "-p", prefix).stdout
    assert shown == "ROBOT = arm 1\n"
    alone.multiplat("list", "--installed", "--exit-code", "-p", prefix, cwd=project)
    assert alone.json("install", "-p", prefix, cwd=project, env=NO_NETWORK)["changes"] == []


def test_pixi_packs_layout(alone: Host, project: Path, tmp_path: Path, served: Rules) -> None:
    """What pixi-unpack does with it, by its engine: all folders of the channel, and all wheels."""
    archive = _packed(alone, project, served, tmp_path / "away", "robot")
    folder = _extracted(archive, archive.parent / "there")
    assert json.loads((folder / "pixi-pack.json").read_text(encoding="utf-8")) == {
        "version": "1",
        "platform": SUBDIR,
    }
    channel = rattler.Channel((folder / "channel").as_uri())
    records = []
    for place in (folder / "channel").iterdir():
        data = json.loads((place / "repodata.json").read_text(encoding="utf-8"))
        assert sorted(data["packages.conda"]) == sorted(p.name for p in place.glob("*.conda"))
        for name, entry in data["packages.conda"].items():
            content = (place / name).read_bytes()
            assert entry["sha256"] == hashlib.sha256(content).hexdigest()
            assert entry["size"] == len(content)
        read = rattler.SparseRepoData(channel, place.name, place / "repodata.json")
        records += read.load_all_records()
    prefix = tmp_path / "env"
    asyncio.run(
        rattler.install(
            records, target_prefix=prefix, cache_dir=tmp_path / "cache", show_progress=False
        )
    )
    assert _run(prefix, "import greeting; greeting.main()") == "hello from greeting\n"
    wheels = [parse_wheel_filename(path.name)[0] for path in (folder / "pypi").iterdir()]
    assert sorted(wheels) == ["purely", "robot"]


@pytest.mark.slow
def test_environment_to_solve(
    conda: Host, alone: Host, project: Path, tmp_path: Path, served: Rules
) -> None:
    """Conda solves the environment from the channel alone, and pip takes the wheels."""
    build_channel(served.root / "chan", [*real_packages(), _pip_package()])
    archive = _packed(alone, project, served, tmp_path / "away", "robot", more=["pip"])
    folder = _extracted(archive, archive.parent / "there")
    options = ("--offline", "-p", tmp_path / "env", "--file", "environment.yml")
    conda.run("env", "create", *options, cwd=folder, env=NO_NETWORK)
    code = "import robot, purely; print(robot.VERSION)"
    assert _run(tmp_path / "env", code) == "1.5\n"


def test_same_bytes(conda: Host, alone: Host, project: Path, tmp_path: Path, served: Rules) -> None:
    """Whenever, wherever and by whomever it is packed; nothing in it says any of that."""
    archive = _packed(alone, project, served, tmp_path / "away", "robot")
    first = hashlib.sha256(archive.read_bytes()).hexdigest()
    build_channel(served.root / "chan", real_packages())
    index = Index(served.root / "again")
    index.wheel("robot", "1.5", requires=["purely"], more={"bin/robot": "#!python\nprint('go')\n"})
    index.wheel("purely")
    shutil.move(served.root / "again" / "files", served.root)
    moved = tmp_path / "elsewhere" / "project"
    shutil.copytree(project, moved)
    done = conda.json("pack", "-o", "other.tar", cwd=moved)
    assert done["archives"] == [
        {
            "file": str(moved / "other.tar"),
            "environment": "default",
            "platform": SUBDIR,
            "skipped": [],
            "packages": 5,
            "pypi": 2,
            "left_out": [],
            "bytes": archive.stat().st_size,
            "sha256": first,
        }
    ]
    assert (moved / "other.tar").read_bytes() == archive.read_bytes()
    with tarfile.open(archive) as tar:
        members = tar.getmembers()
    assert [member.name for member in members] == sorted(member.name for member in members)
    about = {(m.mode, m.mtime, m.uid, m.gid, m.uname, m.gname, m.type) for m in members}
    assert about == {(0o644, 0, 0, 0, "", "", tarfile.REGTYPE)}


def _three_platforms(root: Path) -> None:
    packages = [
        Package("tool", subdir=subdir, depends=["data"], files={"share/tool": subdir.encode()})
        for subdir in ("linux-64", "osx-arm64", "win-64")
    ]
    data = Package("data", noarch="generic", files={"share/data": b"data\n"})
    build_channel(root / "chan", [*packages, data])


def test_for_other_platforms(alone: Host, project: Path, tmp_path: Path) -> None:
    """One archive each; what several have is fetched once; none is unpacked elsewhere."""
    _three_platforms(tmp_path / "served")
    with serve(tmp_path / "served") as server:
        write(project, f"{server.url}/chan", "tool")
        alone.multiplat("lock", "-q", cwd=project)
        server.seen.clear()
        platforms = ("linux-64", "osx-arm64", "win-64")
        done = alone.multiplat("pack", "--platform", *platforms, cwd=project)
        paths = [path for path in server.seen if path.endswith(".conda")]
    assert len(paths) == len(set(paths)) == 4
    files = [f"demo.{platform}.tar" for platform in platforms]
    wrote = [line.split(":")[0] for line in done.stderr.splitlines() if "wrote" in line]
    assert wrote == [f" wrote {file}" for file in files]
    assert done.stderr.endswith(" next: conda multiplat unpack demo.linux-64.tar\n")
    for platform, file in zip(platforms, files, strict=True):
        folder = _extracted(project / file, tmp_path / platform)
        listed = (folder / f"conda-{platform}.lock").read_text(encoding="utf-8")
        assert f"\n./channel/{platform}/tool-1.0-0.conda#" in listed
        assert [path.name for path in (folder / "channel").iterdir() if path.is_dir()]
    other = next(platform for platform in platforms if platform != SUBDIR)
    refused = alone.multiplat("unpack", f"demo.{other}.tar", cwd=project, code=1)
    assert refused.stderr == (
        f"error: demo.{other}.tar is for {other}, and this machine is {SUBDIR}\n"
        f"  pack one for it: conda multiplat pack --platform {SUBDIR}\n"
    )
    refused = alone.multiplat(
        "pack", "--platform", *platforms, "-o", "one.tar", cwd=project, code=2
    )
    assert refused.stderr == (
        "error: 3 archives would all be written to one.tar\n"
        "  give an existing folder with -o, or one --platform\n"
    )


@pytest.mark.slow
def test_what_would_have_to_be_built(
    alone: Host, project: Path, tmp_path: Path, served: Rules
) -> None:
    """It is refused by name; or left out, which the archive and `unpack` say."""
    write_project(project / "ours", "ours", "0.1")
    _write(project, served, "robot", "sourced", "-e ./ours")
    alone.multiplat("lock", "-q", cwd=project)
    done = alone.multiplat("pack", cwd=project, code=1)
    assert done.stderr == (
        "error: 2 packages of default would have to be built where there is no network\n"
        "  ours 0.1 is a folder: ./ours#editable\n"
        f"  sourced 1.0 is a source archive: {served.url}/files/sourced-1.0.tar.gz\n"
        "  build a wheel of it, and name that in the manifest: pip: ./dist/NAME.whl\n"
        "  --wheels-only packs the rest, and lists in the archive what was left out\n"
    )
    assert not (project / ARCHIVE).exists()
    alone.multiplat("pack", "--wheels-only", cwd=project)
    shutil.rmtree(served.root)
    folder = _extracted(project / ARCHIVE, tmp_path / "there")
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert text.endswith(
        "\n## Locked, but not included, since it would have to be built\n\n"
        "    ours 0.1 is a folder: ./ours#editable\n"
        f"    sourced 1.0 is a source archive: {served.url}/files/sourced-1.0.tar.gz\n"
    )
    done = alone.multiplat("unpack", ARCHIVE, cwd=project, env=NO_NETWORK)
    assert "warning: not packed: ours 0.1 is a folder: ./ours#editable\n" in done.stderr
    assert _run(alone.envs / "demo", "import robot; print(robot.VERSION)") == "1.5\n"
    listed = alone.json("list", "--installed", "-n", "demo", cwd=tmp_path)["packages"]
    states = {package["name"]: package["state"] for package in listed}
    assert {name for name, state in states.items() if state != "locked"} == {"ours", "sourced"}


@pytest.mark.slow
def test_wheel_of_the_project(
    alone: Host, project: Path, tmp_path: Path, index: Index, served: Rules
) -> None:
    """A wheel on this disk goes along, and the files that the manifest is made of."""
    (project / "dist").mkdir()
    shutil.copy(index.wheel("mine", "2.0"), project / "dist")
    (project / "more.txt").write_text("purely\n", encoding="utf-8")
    entries = ("./dist/mine-2.0-py3-none-any.whl", "-r more.txt")
    archive = _packed(alone, project, served, tmp_path / "away", *entries)
    folder = _extracted(archive, tmp_path / "there")
    assert {path.name for path in (folder / "project").rglob("*") if path.is_file()} == {
        *("environment.yml", "conda-lock.yml", "more.txt"),
    }
    shutil.rmtree(project)
    alone.multiplat("unpack", archive, cwd=tmp_path, env=NO_NETWORK)
    assert _run(alone.envs / "demo", "import mine, purely; print(mine.VERSION)") == "2.0\n"
    alone.multiplat("list", "--installed", "--exit-code", "-n", "demo", cwd=tmp_path)


def test_environment_of_several_files(
    alone: Host, project: Path, tmp_path: Path, served: Rules
) -> None:
    """Files that lie elsewhere keep their places to each other; an environment has its own lock."""
    extra = "multiplat: {environments: {data: {dependencies: [greeting-data]}}}\n"
    (project / "base").mkdir()
    _write(project / "base", served, file="base.yml")
    _write(project, served, extra=extra)
    files = ("-f", "environment.yml", "base/base.yml")
    alone.multiplat("lock", "-q", *files, cwd=project)
    alone.multiplat("pack", "-q", "-e", "data", cwd=project)
    archive = project / f"demo-data.{SUBDIR}.tar"
    folder = _extracted(archive, tmp_path / "there")
    assert (folder / "project/base/base.yml").is_file()
    assert (folder / "project/data.conda-lock.yml").is_file()
    done = alone.multiplat("unpack", archive, cwd=tmp_path, env=NO_NETWORK)
    assert "has the 5 packages of data\n" in done.stderr
    done = alone.multiplat(
        "list", "--installed", "--exit-code", "-p", alone.envs / "demo-data", cwd=tmp_path
    )
    assert "warning" not in done.stderr


@pytest.mark.slow
def test_nothing_secret(alone: Host, project: Path, tmp_path: Path, served: Rules) -> None:
    """Logins and tokens fetch, and are nowhere in the archive."""
    served.login = "me:hidden-word"
    url = served.url.replace("://", "://me:hidden-word@")
    pip = f"pip:\n      - --index-url {url}/simple\n      - robot"
    write(project, f"{url}/chan", *CONDA, pip, platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", "-q", cwd=project)
    alone.multiplat("pack", "-q", cwd=project)
    shutil.rmtree(served.root)
    assert b"hidden-word" not in (project / ARCHIVE).read_bytes()
    folder = _extracted(project / ARCHIVE, tmp_path / "there")
    manifest = (folder / "project/environment.yml").read_text(encoding="utf-8")
    assert f"  - {served.url}/chan\n" in manifest
    alone.multiplat("unpack", "-q", ARCHIVE, cwd=project, env=NO_NETWORK)
    alone.multiplat("list", "--installed", "--exit-code", "-n", "demo", cwd=tmp_path)


def test_from_condas_cache(alone: Host, project: Path, served: Rules) -> None:
    """What conda has of a package is taken if it is the one; nobody is asked for it then."""
    _write(project, served)
    alone.multiplat("lock", "-q", cwd=project)
    for name in ("noarch/greeting-1.0-0.conda", f"{SUBDIR}/prefixed-1.0-h0_0.conda"):
        shutil.copy(served.root / "chan" / name, alone.pkgs)
    (alone.pkgs / "prefixed-1.0-h0_0.conda").write_bytes(b"another")
    served.seen.clear()
    alone.multiplat("pack", "-q", cwd=project)
    names = {path.rsplit("/", 1)[-1] for path in served.seen}
    assert "greeting-1.0-0.conda" not in names
    assert "prefixed-1.0-h0_0.conda" in names
    assert (alone.pkgs / "greeting-1.0-0.conda").exists()


@pytest.mark.slow
def test_through_a_mirror(
    alone: Host, project: Path, tmp_path: Path, index: Index, real_channel: Path
) -> None:
    """Where a mirror stands for PyPI, the locked file comes from there."""
    shutil.copytree(index.root, tmp_path / "mirror")
    place = "packages/ab/cd/" + "e" * 60
    (index.root / place).mkdir(parents=True)
    for page in index.root.glob("simple/*/index.html"):
        text = page.read_text(encoding="utf-8").replace("../../files/", f"../../{place}/")
        page.write_text(text, encoding="utf-8")
    for file in (index.root / "files").iterdir():
        file.rename(index.root / place / file.name)
    write(project, real_channel, "python", "pip:\n      - robot", platforms=f"[{SUBDIR}]")
    with serve(index.root) as pypi:
        env = {"CONDA_MULTIPLAT_PYPI_INDEX": f"{pypi.url}/simple"}
        alone.multiplat("lock", "-q", cwd=project, env=env)
    with serve(tmp_path / "mirror") as mirror:
        env = {"CONDA_MULTIPLAT_PYPI_INDEX": f"{mirror.url}/simple"}
        alone.multiplat("pack", "-q", cwd=project, env=env)
    alone.multiplat("unpack", "-q", ARCHIVE, cwd=project, env=NO_NETWORK)
    assert _run(alone.envs / "demo", "import robot; print(robot.VERSION)") == "1.5\n"


@pytest.mark.parametrize(
    ("file", "kind"),
    [("greeting-1.0-0.conda", "conda"), ("robot-1.5-py3-none-any.whl", "wheel")],
)
def test_other_bytes_are_not_packed(
    alone: Host, project: Path, served: Rules, file: str, kind: str
) -> None:
    """A server that has another file by now: it is named, and there is no archive."""
    _write(project, served, "robot")
    alone.multiplat("lock", "-q", cwd=project)
    served.replace[file] = b"another"
    done = alone.multiplat("pack", cwd=project, code=3)
    digest = hashlib.sha256(b"another").hexdigest()
    assert "error: packages differ from the lock\n" in done.stderr
    assert f"/{file}: sha256 is {digest}, the lock has " in done.stderr, kind
    assert [path.name for path in project.glob("*.tar*")] == []


def test_what_cannot_be_had(alone: Host, project: Path, served: Rules) -> None:
    """Every one is named; offline no server is asked."""
    _write(project, served)
    alone.multiplat("lock", "-q", cwd=project)
    served.status["greeting-1.0-0.conda"] = 404
    done = alone.multiplat("pack", cwd=project, code=3)
    assert "error: locked packages can't be fetched\n" in done.stderr
    assert "404 Not Found" in done.stderr
    served.seen.clear()
    done = alone.multiplat("pack", cwd=project, code=3, env={"CONDA_OFFLINE": "1"})
    assert "greeting-1.0-0.conda: conda's `offline` is set\n" in done.stderr
    assert served.seen == []


def test_lock_of_elsewhere(alone: Host, project: Path, served: Rules) -> None:
    """Packages from where the manifest does not say are fetched for no archive."""
    _write(project, served)
    alone.multiplat("lock", "-q", cwd=project)
    served.seen.clear()
    write(project, "https://conda.example/other", *CONDA, platforms=f"[{SUBDIR}]")
    done = alone.multiplat("pack", cwd=project, code=2)
    assert "conda-lock.yml has packages from places that default/" in done.stderr
    assert served.seen == []


def test_dry_run(alone: Host, project: Path, tmp_path: Path, served: Rules) -> None:
    """Of both: nothing is fetched, nothing is written."""
    _write(project, served, "robot")
    alone.multiplat("lock", "-q", cwd=project)
    served.seen.clear()
    done = alone.multiplat("pack", "-d", cwd=project)
    assert done.stderr.startswith(
        f" would write {ARCHIVE}: 5 packages + 2 from PyPI of default/{SUBDIR} (download size "
    )
    assert served.seen == []
    assert not (project / ARCHIVE).exists()
    alone.multiplat("pack", "-q", cwd=project)
    done = alone.multiplat("unpack", "-d", ARCHIVE, cwd=project)
    prefix = alone.envs / "demo"
    assert done.stderr.endswith(
        f" {ARCHIVE} is as it was packed: 5 packages + 2 from PyPI\n"
        f" would change 5 packages + 2 from PyPI in {prefix}\n"
    )
    assert not prefix.exists()


@pytest.mark.slow
def test_into_what_is_there(
    conda: Host, alone: Host, project: Path, tmp_path: Path, served: Rules
) -> None:
    """An environment that others made is taken only by its name; what it has more of goes."""
    archive = _packed(alone, project, served, tmp_path / "away")
    channel = build_channel(tmp_path / "channel", [Package("own", files={"share/own": b"own\n"})])
    options = ("-y", "--offline", "--override-channels", "-c", channel.as_uri())
    conda.run("create", "-n", "demo", *options, "own")
    done = conda.multiplat("unpack", archive, cwd=tmp_path, code=1)
    prefix = conda.envs / "demo"
    assert f"error: {prefix} was not made by conda multiplat\n" in done.stderr
    assert "  choose another with -n NAME or -p PREFIX\n" in done.stderr
    assert (prefix / "share/own").exists()
    conda.multiplat("unpack", archive, "-n", "demo", cwd=tmp_path)
    assert not (prefix / "share/own").exists()
    conda.multiplat("list", "--installed", "--exit-code", "-n", "demo", cwd=tmp_path)


def test_into_what_a_project_installed(alone: Host, project: Path, tmp_path: Path) -> None:
    """The project's own environment stays the project's; another platform is said before that."""
    own = Package("own", noarch="generic", files={"share/own": b"own\n"})
    channel = build_channel(tmp_path / "channel", [own])
    write(project, channel, "own", platforms=f"[{SUBDIR}]")
    for command in ("lock", "pack", "install"):
        alone.multiplat(command, "-q", cwd=project)
    done = alone.multiplat("unpack", ARCHIVE, cwd=project, code=1)
    assert done.stderr == (
        f"error: {alone.envs / 'demo'} was not made by `conda multiplat unpack`\n"
        f"  it was made from {project / 'conda-lock.yml'}\n"
        "  choose another with -n NAME or -p PREFIX\n"
    )
    other = "osx-arm64" if SUBDIR != "osx-arm64" else "linux-64"
    done = alone.multiplat("unpack", ARCHIVE, cwd=project, code=1, env={"CONDA_SUBDIR": other})
    assert done.stderr.startswith(f"error: {ARCHIVE} is for {SUBDIR}, and this machine is ")


def test_machine_that_cannot_run_it(alone: Host, project: Path, tmp_path: Path) -> None:
    """It is said before anything is changed."""
    needy = Package("needy", subdir=SUBDIR, depends=["__cuda >=12"], files={"share/x": b"x"})
    channel = build_channel(tmp_path / "channel", [needy])
    extra = f'multiplat: {{virtual-packages: {{{SUBDIR}: {{cuda: "12.4"}}}}}}\n'
    write(project, channel, "needy", platforms=f"[{SUBDIR}]", extra=extra)
    alone.multiplat("lock", "-q", cwd=project)
    alone.multiplat("pack", "-q", cwd=project)
    folder = _extracted(project / ARCHIVE, tmp_path / "there")
    assert "    __cuda >=12 (needy)\n" in (folder / "README.md").read_text(encoding="utf-8")
    env = {"CONDA_OVERRIDE_CUDA": "11.8"}
    done = alone.multiplat("unpack", ARCHIVE, cwd=project, code=1, env=env)
    assert f"error: this machine can't run default for {SUBDIR}\n" in done.stderr
    assert not (alone.envs / "demo").exists()
    env = {"CONDA_OVERRIDE_CUDA": "12.4"}
    alone.multiplat("unpack", "-q", ARCHIVE, cwd=project, env=env)


@pytest.mark.slow
def test_folder_is_as_good(alone: Host, project: Path, tmp_path: Path, served: Rules) -> None:
    """What tar has extracted is verified as the archive is, and nothing of it is copied."""
    archive = _packed(alone, project, served, tmp_path / "away", "robot")
    folder = _extracted(archive, tmp_path / "there")
    (folder / "notes.txt").write_text("mine\n", encoding="utf-8")
    alone.multiplat("unpack", "-q", folder, cwd=tmp_path, env=NO_NETWORK)
    assert _run(alone.envs / "demo", "import robot; print(robot.VERSION)") == "1.5\n"
    wheel = folder / "pypi/robot-1.5-py3-none-any.whl"
    wheel.write_bytes(wheel.read_bytes()[:-1] + b"x")
    done = alone.multiplat("unpack", folder, "-n", "again", cwd=tmp_path, code=2)
    assert done.stderr.startswith("error: there is not as it was packed\n  pypi/robot-1.5-py3")
    assert not (alone.envs / "again").exists()


def test_place_that_is_none(alone: Host, project: Path, served: Rules) -> None:
    """No folder is made, and nothing is left of an archive that can't be written."""
    _write(project, served)
    alone.multiplat("lock", "-q", cwd=project)
    for place in ("none/here.tar", "none/"):
        done = alone.multiplat("pack", "-o", place, cwd=project, code=2)
        assert done.stderr == "error: there is no folder none\n  create it first\n"
    done = alone.multiplat("unpack", "none.tar", cwd=project, code=3)
    assert done.stderr == "error: there is no none.tar\n"
    assert build(python_package(), project / "x").exists()  # packages are no packed environments
    file = next((project / "x" / SUBDIR).iterdir())
    done = alone.multiplat("unpack", file, cwd=project, code=2)
    assert " is not a packed environment: " in done.stderr


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_what_is_no_pack_stays(
    alone: Host, project: Path, tmp_path: Path, served: Rules, dry: list[str]
) -> None:
    """A file of another kind is not replaced; an earlier archive, or an empty file, is."""
    _write(project, served)
    alone.multiplat("lock", "-q", cwd=project)
    other = tmp_path / "other.tar"
    with tarfile.open(other, "w") as tar:
        tar.add(project / "environment.yml")
    for path in (project / "environment.yml", other):
        before = path.read_bytes()
        refused = alone.multiplat("pack", *dry, "-o", path, cwd=project, code=2)
        assert "exists and is not a packed environment: it is not replaced\n" in refused.stderr
        assert path.read_bytes() == before
    (tmp_path / "new.tar").touch()
    for _ in range(2):
        alone.multiplat("pack", *dry, "-q", "-o", tmp_path / "new.tar", cwd=project)
    assert ((tmp_path / "new.tar").stat().st_size > 0) is not bool(dry)
