"""Files of conda's and of PyPI's packages in one prefix: each is its owner's, and none is lost."""

from __future__ import annotations

import hashlib
import os
import random
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import PYTHON, SUBDIR, Package, Symlink, build_channel, python_package
from support.pypi_index import Index, write_project
from support.server import Rules, serve
from support.sizes import without_sizes
from support.terminal import Terminal
from uv import find_uv_bin

SITE = f"lib/python{'.'.join(PYTHON.split('.')[:2])}/site-packages"
ONLY = f"[{SUBDIR}]"


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """An index with a wheel of a program, as PyPI's ninja is one, and what needs it."""
    projects = Index(tmp_path / "index")
    projects.wheel("ninja", "1.11", more={"bin/ninja": "#!/bin/sh\necho of PyPI, and longer\n"})
    projects.wheel("builder", requires=["ninja"])
    return projects


@pytest.fixture
def pypi(index: Index) -> Iterator[Rules]:
    """The index, served."""
    with serve(index.root) as server:
        yield server


def _ninja(name: str = "ninja", **files: bytes) -> Package:
    content = {path.replace("__", "/"): text for path, text in files.items()}
    return Package(
        name,
        "1.12",
        subdir=SUBDIR,
        files=content or {"bin/ninja": b"#!/bin/sh\necho of conda\n"},
        executables=[path for path in content or ["bin/ninja"] if path.startswith("bin/")],
    )


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    """Python, and a ninja that does not depend on it."""
    return build_channel(tmp_path / "programs", [python_package(), _ninja()])


def _pip(server: Rules, *entries: str) -> str:
    lines = [f"--index-url {server.url}/simple", *entries]
    return "pip:\n" + "\n".join(f"      - {line}" for line in lines)


def _tree(prefix: Path) -> dict[str, str]:
    """The files of a prefix with their content; without what Python compiles, and conda's notes."""
    contents = {}
    for path in sorted(prefix.rglob("*")):
        name = path.relative_to(prefix).as_posix()
        if path.is_symlink():
            contents[name] = f"-> {path.readlink()}"
        elif path.is_file() and not name.endswith(".pyc"):
            contents[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return contents


def _locked(host: Host, project: Path, channel: Path, *dependencies: str, extra: str = "") -> str:
    """What ``lock`` says of a manifest."""
    write(project, channel, "python", *dependencies, platforms=ONLY, extra=extra)
    return host.multiplat("lock", cwd=project).stderr


@pytest.mark.slow
def test_both_owners_are_named(alone: Host, project: Path, channel: Path, pypi: Rules) -> None:
    """Nothing is changed, and the hint that it gives is one that works."""
    stderr = _locked(alone, project, channel, "ninja", _pip(pypi, "builder"))
    assert (
        " ! ninja is locked twice: conda's 1.12 and PyPI's 1.11, which builder needs  "
        f"(default/{SUBDIR})\n"
        "   install refuses them if both contain the same file\n"
        "   to keep only conda's, write `multiplat: {pypi-names: {ninja: ninja}}`; "
        "to keep both, write `ninja: null` there\n"
    ) in stderr
    twice = alone.json("lock", cwd=project)["locked_twice"]
    assert [(pair["conda"], pair["pypi"], pair["needed_by"]) for pair in twice] == [
        ("ninja", "ninja", ["builder"])
    ]
    done = alone.multiplat("install", cwd=project, code=3)
    prefix = alone.envs / "demo"
    assert done.stderr.splitlines() == [
        f"error: conda and PyPI packages have the same files in {prefix}",
        "  bin/ninja: conda's ninja, PyPI's ninja",
        "  nothing was changed",
        "  to have conda's ninja in place of PyPI's ninja, write multiplat: {pypi-names: "
        "{ninja: ninja}}; then lock again",
        "  to have PyPI's, remove what asks for conda's ninja from the dependencies",
    ]
    assert not prefix.exists()
    extra = "multiplat: {pypi-names: {ninja: ninja}}\n"
    stderr = _locked(alone, project, channel, "ninja", _pip(pypi, "builder"), extra=extra)
    assert "twice" not in stderr
    alone.multiplat("install", cwd=project)
    assert b"of conda" in (prefix / "bin/ninja").read_bytes()
    assert (prefix / SITE / "builder.py").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("conda", "more", "path"),
    [
        ("bin/tool", {"{info}/entry_points.txt": "[console_scripts]\ntool=x:main\n"}, "bin/tool"),
        ("bin/tool", {"{info}/entry_points.txt": "[gui_scripts]\ntool=x:main\n"}, "bin/tool"),
        ("bin/tool", {"bin/tool": "#!python\n"}, "bin/tool"),
        ("share/a/b", {"share/a/b": "of PyPI"}, "share/a/b"),
        ("share/a", {"share/a/b": "of PyPI"}, "share/a/b"),
        ("share/a/b", {"share/a": "of PyPI"}, "share/a"),
        (f"{SITE}/shared/it.py", {"site-packages/shared/it.py": ""}, f"{SITE}/shared/it.py"),
        ("lib/plugin", {"lib64/plugin": "of PyPI"}, "lib64/plugin"),
    ],
)
def test_every_kind_of_file(
    alone: Host,
    project: Path,
    tmp_path: Path,
    index: Index,
    pypi: Rules,
    conda: str,
    more: dict[str, str],
    path: str,
) -> None:
    """Scripts, data, modules, folders; projects of other names than conda's package."""
    files = {conda: b"of conda", "lib64": Symlink("lib")}
    owner = Package("owner", subdir=SUBDIR, files=files)
    index.wheel("stranger", more=more)
    own = build_channel(tmp_path / "own", [python_package(), owner])
    _locked(alone, project, own, "owner")
    alone.multiplat("install", cwd=project)
    prefix = alone.envs / "demo"
    before = _tree(prefix)
    _locked(alone, project, own, "owner", _pip(pypi, "stranger"))
    done = alone.multiplat("install", cwd=project, code=3)
    assert f"  {path}: conda's owner, PyPI's stranger\n" in done.stderr
    assert _tree(prefix) == before
    done = alone.multiplat("install", "-p", tmp_path / "another", cwd=project, code=3)
    assert f"  {path}: conda's owner, PyPI's stranger\n" in done.stderr
    assert not (tmp_path / "another").exists()


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"{stem}.data/data/conda-meta/history": "x"}, "conda-meta/history"),
        ({"{stem}.data/data/link/evil-1.0-0.json": "{}"}, "link/evil-1.0-0.json"),
    ],
    ids=["data", "by a link"],
)
def test_conda_meta_is_condas(
    alone: Host,
    project: Path,
    tmp_path: Path,
    index: Index,
    pypi: Rules,
    more: dict[str, str],
    path: str,
) -> None:
    """No wheel brings a record or a history."""
    files = {"share/x": b"", "link": Symlink("conda-meta")}
    own = build_channel(
        tmp_path / "own", [python_package(), Package("owner", subdir=SUBDIR, files=files)]
    )
    index.wheel("evil", more={name.format(stem="evil-1.0"): text for name, text in more.items()})
    _locked(alone, project, own, "owner")
    alone.multiplat("install", cwd=project)
    prefix = alone.envs / "demo"
    before = _tree(prefix)
    _locked(alone, project, own, "owner", _pip(pypi, "evil"))
    done = alone.multiplat("install", cwd=project, code=3)
    assert done.stderr.splitlines()[-4:] == [
        f"error: PyPI packages have files in {prefix / 'conda-meta'}, which belongs to conda",
        f"  {path}: PyPI's evil",
        "  nothing was changed",
        "  remove what asks for PyPI's evil",
    ]
    assert _tree(prefix) == before


def test_history_is_not_removed(
    alone: Host, project: Path, channel: Path, index: Index, pypi: Rules
) -> None:
    """Whatever a PyPI package that goes names as its own in its ``RECORD``."""
    index.wheel("evil")
    _locked(alone, project, channel, _pip(pypi, "evil"))
    alone.multiplat("install", cwd=project)
    prefix = alone.envs / "demo"
    with (prefix / SITE / "evil-1.0.dist-info/RECORD").open("a", encoding="utf-8") as file:
        file.write("../../../conda-meta/history,,\n")
    before = (prefix / "conda-meta/history").read_bytes()
    _locked(alone, project, channel)
    alone.multiplat("install", cwd=project)
    assert not (prefix / SITE / "evil.py").exists()
    assert (prefix / "conda-meta/history").read_bytes().startswith(before)


@pytest.mark.slow
def test_built_projects(
    alone: Host, project: Path, tmp_path: Path, index: Index, pypi: Rules
) -> None:
    """What has to be built is built before it is compared."""
    index.sdist("made")
    write_project(project / "here", "here", "0.1")
    files = {f"{SITE}/made.py": b"of conda", f"{SITE}/here.py": b"of conda"}
    owner = Package("owner", subdir=SUBDIR, files=files)
    own = build_channel(tmp_path / "own", [python_package(), owner])
    _locked(alone, project, own, "owner", _pip(pypi, "made", "./here"))
    done = alone.multiplat("install", cwd=project, code=3)
    assert f"  {SITE}/here.py: conda's owner, PyPI's here\n" in done.stderr
    assert f"  {SITE}/made.py: conda's owner, PyPI's made\n" in done.stderr
    assert not (alone.envs / "demo").exists()


@pytest.mark.slow
def test_conda_comes_later(alone: Host, project: Path, channel: Path, pypi: Rules) -> None:
    """A conda package that comes does not push aside a PyPI package that stays."""
    _locked(alone, project, channel, _pip(pypi, "ninja"))
    alone.multiplat("install", cwd=project)
    before = _tree(alone.envs / "demo")
    _locked(alone, project, channel, "ninja", _pip(pypi, "ninja"))
    done = alone.multiplat("install", cwd=project, code=3)
    assert "  bin/ninja: conda's ninja, PyPI's ninja\n" in done.stderr
    assert _tree(alone.envs / "demo") == before
    _locked(alone, project, channel, "ninja")
    alone.multiplat("install", cwd=project)
    assert b"of conda" in (alone.envs / "demo/bin/ninja").read_bytes()
    _locked(alone, project, channel, _pip(pypi, "ninja"))
    alone.multiplat("install", cwd=project)
    assert b"of PyPI" in (alone.envs / "demo/bin/ninja").read_bytes()


def _overwrite(prefix: Path, index: Index) -> None:
    """What an earlier version did: PyPI's ninja over conda's."""
    wheel = index.root / "files" / "ninja-1.11-py3-none-any.whl"
    command = [find_uv_bin(), "pip", "install", "-q", "--no-deps", "--no-index", "--no-config"]
    options = ["--break-system-packages", "--python", prefix / "bin/python"]
    subprocess.run([*command, *options, f"ninja @ {wheel.as_uri()}"], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("kept", ["conda", "pypi", "both gone"])
def test_earlier_versions_are_mended(
    alone: Host, project: Path, channel: Path, index: Index, pypi: Rules, kept: str
) -> None:
    """A prefix in which a wheel has overwritten conda's program: whoever stays has it whole."""
    _locked(alone, project, channel, "ninja", _pip(pypi, "builder"), extra=_PROVIDED)
    alone.multiplat("install", cwd=project)
    prefix = alone.envs / "demo"
    _overwrite(prefix, index)
    if kept == "conda":
        _locked(alone, project, channel, "ninja", _pip(pypi, "builder"), extra=_PROVIDED)
    elif kept == "pypi":
        _locked(alone, project, channel, _pip(pypi, "builder"))
    else:
        _locked(alone, project, channel)
    alone.multiplat("install", cwd=project)
    program = prefix / "bin/ninja"
    if kept == "both gone":
        assert not program.exists()
    else:
        assert {"conda": b"of conda", "pypi": b"of PyPI"}[kept] in program.read_bytes()
    there = [path.name for path in (prefix / SITE).glob("ninja-*")]
    assert there == (["ninja-1.11.dist-info"] if kept == "pypi" else [])
    alone.multiplat("list", "--installed", "--exit-code", "--verify", cwd=project)


_PROVIDED = "multiplat: {pypi-names: {ninja: ninja}}\n"


@pytest.mark.parametrize("harm", ["missing", "altered", "in place", "same size"])
def test_damage_is_seen_and_mended(alone: Host, project: Path, channel: Path, harm: str) -> None:
    """list, install and its dry run; a file that is one with the cache's is fetched anew."""
    _locked(alone, project, channel, "ninja")
    alone.multiplat("install", cwd=project)
    program = alone.envs / "demo" / "bin/ninja"
    content = program.read_bytes()
    if harm in ("missing", "altered"):
        program.unlink()
    if harm == "altered":
        program.write_bytes(b"something else")
    if harm == "in place":
        program.write_bytes(content * 2)
    if harm == "same size":
        program.write_bytes(content.replace(b"conda", b"nobod"))
    verify = ("--verify",) if harm == "same size" else ()
    word = "missing" if harm == "missing" else "altered"
    done = alone.multiplat("list", "--installed", *verify, cwd=project)
    assert f"bin/ninja {word}\n" in done.stdout
    alone.multiplat("list", "--installed", "--exit-code", *verify, cwd=project, code=1)
    done = alone.multiplat("install", "--dry-run", *verify, cwd=project)
    assert f"   ~ ninja  1.12 (bin/ninja {word})\n" in without_sizes(done.stderr)
    if verify:
        done = alone.multiplat("install", cwd=project)
        assert " is as locked: 2 packages\n" in done.stderr
    changed = alone.json("install", *verify, cwd=project)["changes"]
    assert [(change["kind"], change["name"]) for change in changed] == [("mended", "ninja")]
    assert program.read_bytes() == content
    assert alone.json("install", "--verify", cwd=project)["changes"] == []


def test_doctor_sees_damage(conda: Host, project: Path, channel: Path) -> None:
    """And what install will do about it."""
    _locked(conda, project, channel, "ninja")
    conda.multiplat("install", cwd=project)
    prefix = conda.envs / "demo"
    (prefix / "bin/ninja").unlink()
    stdout = conda.run("doctor", "-p", prefix).stdout
    assert "  ~ ninja 1.12 (bin/ninja missing)\n" in stdout
    assert "`conda multiplat install` makes it as locked: mends 1." in stdout


def test_scripts_may_change_files(alone: Host, project: Path, tmp_path: Path) -> None:
    """What a package's own script makes of files is not taken for damage, nor mended for ever."""
    script = b'#!/bin/sh\necho more >> "$PREFIX/share/list"; rm "$PREFIX/share/gone"\n'
    path = "bin/.lister-post-link.sh"
    files = {path: script, "share/list": b"one\n", "share/gone": b"two\n"}
    lister = Package("lister", subdir=SUBDIR, files=files, executables=[path])
    own = build_channel(tmp_path / "own", [lister])
    write(project, own, "lister", platforms=ONLY)
    alone.multiplat("lock", cwd=project)
    alone.multiplat("install", cwd=project)
    assert alone.json("install", cwd=project)["changes"] == []
    listed = alone.envs / "demo/share/list"
    listed.unlink()
    assert [change["kind"] for change in alone.json("install", cwd=project)["changes"]] == [
        "mended"
    ]
    assert listed.exists()
    assert alone.json("install", cwd=project)["changes"] == []


@pytest.mark.slow
def test_shared_files_of_pypi(
    alone: Host, project: Path, channel: Path, index: Index, pypi: Rules
) -> None:
    """A file that two PyPI packages have stays with the one that stays."""
    for name in ("one", "two"):
        index.wheel(
            name, more={"site-packages/space/__init__.py": "", f"site-packages/space/{name}": ""}
        )
    _locked(alone, project, channel, _pip(pypi, "one", "two"))
    alone.multiplat("install", cwd=project)
    _locked(alone, project, channel, _pip(pypi, "two"))
    alone.multiplat("install", cwd=project)
    space = alone.envs / "demo" / SITE / "space"
    assert sorted(path.name for path in space.iterdir()) == ["__init__.py", "two"]


@pytest.mark.slow
def test_pip_over_conda(
    alone: Host, project: Path, tmp_path: Path, index: Index, pypi: Rules
) -> None:
    """What was put by hand over a conda package of the same project goes, and conda's is mended."""
    files = {
        f"{SITE}/library.py": b"VERSION = 'of conda'\n",
        f"{SITE}/library-1.0.dist-info/METADATA": b"Name: library\nVersion: 1.0\n",
    }
    library = Package("library", subdir=SUBDIR, depends=["python"], files=files)
    own = build_channel(tmp_path / "own", [python_package(), library])
    wheel = index.wheel("library", "2.0", more={"site-packages/library_new.py": ""})
    _locked(alone, project, own, "library", _pip(pypi, "ninja"))
    alone.multiplat("install", cwd=project)
    prefix = alone.envs / "demo"
    before = _tree(prefix)
    command = [find_uv_bin(), "pip", "install", "-q", "--no-deps", "--no-index", "--no-config"]
    options = ["--break-system-packages", "--python", prefix / "bin/python", "--reinstall"]
    subprocess.run([*command, *options, f"library @ {wheel.as_uri()}"], check=True)
    assert (prefix / SITE / "library_new.py").exists()
    alone.multiplat("install", cwd=project)
    after = _tree(prefix)
    noted = {"conda-meta/history", "conda-meta/multiplat"}
    assert {
        path for path in before.keys() | after.keys() if before.get(path) != after.get(path)
    } <= noted


@pytest.mark.slow
def test_another_python(alone: Host, project: Path, channel: Path, pypi: Rules) -> None:
    """What was installed for the Python before this one goes with it."""
    _locked(alone, project, channel, _pip(pypi, "builder"))
    alone.multiplat("install", cwd=project)
    prefix = alone.envs / "demo"
    old = prefix / "lib/python3.2/site-packages"
    old.mkdir(parents=True)
    for path in (prefix / SITE).glob("builder*"):
        path.rename(old / path.name)
    alone.multiplat("install", cwd=project)
    assert (prefix / SITE / "builder.py").exists()
    assert not list(old.glob("builder*"))


# --- every transition from one owner to another ------------------------------------------------

#: Who has the files of a slot. Those of one name share paths; ``both`` have paths of their own.
STATES = ("nobody", "conda 1", "conda 2", "pypi 1", "pypi 2", "both 1", "both 2")


@dataclass(frozen=True)
class Slot:
    """A conda package and a PyPI package that get into each other's way, unless both are there."""

    conda: str
    pypi: str
    before: str
    after: str
    paths: dict[str, frozenset[str]]

    def files(self, owner: str, version: str) -> dict[str, str]:
        """Path -> content, of a package; its name and version are in each."""
        paths = self.paths[f"{owner} {version}"]
        return {path: f"{owner} {getattr(self, owner)} {version} {path}\n" for path in paths}

    def packages(self, state: str) -> list[tuple[str, str]]:
        """The owners of a state, with their versions."""
        kind, _, number = state.partition(" ")
        if kind == "both":
            return [("conda", f"3.{number}"), ("pypi", f"3.{number}")]
        return [] if kind == "nobody" else [(kind, f"{number}.0")]


def _slots(seed: int) -> list[Slot]:
    chosen = random.Random(seed)
    slots = []
    for number, (before, after) in enumerate((b, a) for b in STATES for a in STATES):
        conda = f"slot{number}"
        same_name = chosen.random() < 0.5
        pool = [
            f"{chosen.choice(['bin', 'share', 'share/deep/er', SITE])}/s{number}{letter}"
            for letter in "abcdef"
        ]
        paths = {
            f"{owner} {version}": frozenset(chosen.sample(pool, chosen.randrange(1, 5)))
            for owner in ("conda", "pypi")
            for version in ("1.0", "2.0")
        }
        for version in ("3.1", "3.2"):
            paths[f"conda {version}"] = frozenset(chosen.sample(pool[:3], 2))
            paths[f"pypi {version}"] = frozenset(chosen.sample(pool[3:], 2))
        pypi = conda if same_name else f"other{number}"
        slots.append(Slot(conda, pypi, before, after, paths))
    return slots


def _build(slots: Sequence[Slot], folder: Path, index: Index) -> Path:
    packages = [python_package()]
    for slot in slots:
        for key in slot.paths:
            owner, version = key.split()
            files = slot.files(owner, version)
            if owner == "conda":
                content = {path: text.encode() for path, text in files.items()}
                packages.append(Package(slot.conda, version, subdir=SUBDIR, files=content))
            else:
                index.wheel(
                    slot.pypi,
                    version,
                    more={
                        path.replace(SITE, "site-packages"): text for path, text in files.items()
                    },
                )
    return build_channel(folder, packages)


def _ask(
    slots: Sequence[Slot], which: str, server: Rules, both: tuple[Slot, str, str] | None = None
) -> list[str]:
    """The dependencies of a state of all slots; ``both`` are a slot's two packages instead."""
    packages = [
        (slot, *package) for slot in slots for package in slot.packages(getattr(slot, which))
    ]
    if both:
        slot, *versions = both
        packages = [package for package in packages if package[0] is not slot]
        packages += [
            (slot, owner, number) for owner, number in zip(("conda", "pypi"), versions, strict=True)
        ]
    conda = [f"{slot.conda} =={version}" for slot, owner, version in packages if owner == "conda"]
    pypi = [f"{slot.pypi}=={version}" for slot, owner, version in packages if owner == "pypi"]
    return [*conda, *([_pip(server, *pypi)] if pypi else [])]


def _expected(slots: Sequence[Slot], which: str) -> dict[str, str]:
    return {
        path: hashlib.sha256(text.encode()).hexdigest()
        for slot in slots
        for owner, version in slot.packages(getattr(slot, which))
        for path, text in slot.files(owner, version).items()
    }


def _of_slots(prefix: Path) -> dict[str, str]:
    """What a prefix has beyond its Python and what tools note: the packages' files."""
    python = {f"bin/python{PYTHON.rpartition('.')[0]}", "bin/python", "bin/python3", "pyvenv.cfg"}
    python |= {f"{SITE}/README.txt", "CACHEDIR.TAG", ".lock"}  # the latter are rattler's and uv's
    return {
        path: content
        for path, content in _tree(prefix).items()
        if not path.startswith("conda-meta/") and ".dist-info/" not in path
        if path not in python and not path.endswith(".py")
    }


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_each_file_is_its_owners(alone: Host, project: Path, tmp_path: Path, seed: int) -> None:
    """From every owner to every other, in one install: the locked owners' files and no others."""
    slots = _slots(seed)
    index = Index(tmp_path / "slots")
    channel = _build(slots, tmp_path / "channel", index)
    prefix = alone.envs / "demo"
    with serve(index.root) as server:
        for which in ("before", "after", "before"):
            _locked(alone, project, channel, *_ask(slots, which, server))
            alone.multiplat("install", cwd=project)
            assert _of_slots(prefix) == _expected(slots, which)
            alone.multiplat("list", "--installed", "--exit-code", "--verify", cwd=project)
        _locked(alone, project, channel)
        alone.multiplat("install", cwd=project)
        assert _of_slots(prefix) == {}
        assert not list((prefix / SITE).glob("*.dist-info"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_no_file_has_two_owners(alone: Host, project: Path, tmp_path: Path, seed: int) -> None:
    """One that would have two is refused from any state, and nothing is changed."""
    chosen = random.Random(seed)
    slots = chosen.sample(_slots(seed), 6)
    index = Index(tmp_path / "slots")
    channel = _build(slots, tmp_path / "channel", index)
    prefix = alone.envs / "demo"
    with serve(index.root) as server:
        _locked(alone, project, channel, *_ask(slots, "before", server))
        alone.multiplat("install", cwd=project)
        before = _tree(prefix)
        slot = chosen.choice(slots)
        pair = next(
            (mine, theirs)
            for mine in ("1.0", "2.0", "3.1")
            for theirs in ("1.0", "2.0", "3.1")
            if slot.paths[f"conda {mine}"] & slot.paths[f"pypi {theirs}"]
        )
        _locked(alone, project, channel, *_ask(slots, "before", server, (slot, *pair)))
        done = alone.multiplat("install", cwd=project, code=3)
        assert f"conda's {slot.conda}, PyPI's {slot.pypi}\n" in done.stderr
        assert _tree(prefix) == before
        shutil.rmtree(prefix)
        alone.multiplat("install", cwd=project, code=3)
        assert not os.path.lexists(prefix)


@pytest.mark.slow
def test_one_voice(
    alone: Host, project: Path, channel: Path, index: Index, pypi: Rules, tmp_path: Path
) -> None:
    """On a terminal and elsewhere: our list and one bar of both sides, and no line of uv's."""
    index.sdist("made")
    _locked(alone, project, channel, "ninja", _pip(pypi, "builder", "made"), extra=_PROVIDED)
    command = ["env", "TERM=xterm", *alone.command, "install", "-p", str(tmp_path / "env")]
    with Terminal(command, env=alone.environ(), cwd=project) as terminal:
        assert terminal.exit_code() == 0
    # Each conda and each PyPI package is a step twice: aside, and in the environment.
    bar, end, rest = terminal.shown.rpartition("8/8")
    assert end, terminal.shown
    assert set(re.findall(r"\d+/\d+", bar)) <= {f"{done}/8" for done in range(9)}
    shown = re.sub(r" in \d+\.\d s$", "", rest, flags=re.MULTILINE)
    assert without_sizes(shown).splitlines()[-6:] == [
        "   + ninja           1.12",
        f"   + python          {PYTHON}",
        "   + builder (PyPI)  1.0",
        "   + made (PyPI)     1.0",
        f" {tmp_path / 'env'} has the 2 packages + 2 from PyPI of default",
        f" next: conda activate {tmp_path / 'env'}",
    ], rest
    done = alone.multiplat("install", "-p", tmp_path / "other", cwd=project)
    assert done.stderr.splitlines()[0] == " installing 2 packages from PyPI"
    for word in ("Using", "Resolved", "Prepared", "Installed", "files/builder", "=="):
        assert word not in done.stderr + terminal.shown
