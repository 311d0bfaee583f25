"""Thousands of files with something wrong in them: each command ends as it should on all of them.

Each file that we read is changed by its bytes, its lines or the values in its tree; a lock also
with digests that hold, as somebody makes them who changes it on purpose. Whatever the file is then,
a command says what is wrong with it, or does its work: it never blames itself, never crashes, and
changes nothing where it fails.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
import tomli
import yaml
from support.hostile import Grounds, put
from support.hosts import TESTS, standalone
from support.mutations import bytes_changed, lines_changed, sealed, toml, tree_changed
from support.packages import SUBDIR
from support.tally import rounds, tallied

pytestmark = pytest.mark.faults

#: Files that are tried of each kind, and commands on each of them.
_FILES, _COMMANDS = 16, 2

_TOMLS = TESTS / "cases" / "import"
_READ = """\
check
check --json
check --strict
list
list --json
tree
tree --invert zlib --json
why zlib
info
info --json
hook-check environment.yml
shell-hook --no-install --shell bash
diff conda-lock.yml dev.conda-lock.yml
diff dev.conda-lock.yml conda-lock.yml --json
diff --textconv conda-lock.yml
licenses
licenses --denied --json"""
_WRITE = """\
lock
lock --update-all --json
render --kind explicit
render --kind environment
render --kind sbom
render --existing
add --no-install cuda
add --no-lock cuda --platform linux-64
remove --no-install zlib
platform add --no-lock win-64
platform remove --no-lock osx-arm64
install -n demo
install --dry-run --json
import environment.yml -o out.yml
hook-lock environment.yml
hook-render conda-lock.yml
modulefile --kind tcl
list --installed --verify --json"""
_LOCK = """\
import conda-lock.yml -o out.yml
merge-driver dev.conda-lock.yml conda-lock.yml more.conda-lock.yml conda-lock.yml
merge-driver conda-lock.yml dev.conda-lock.yml more.conda-lock.yml dev.conda-lock.yml
install --download-only
install --verify"""
_PIP = """\
check
check --strict --json
list
tree
info
import environment.yml -o out.yml
import environment.yml@linux-64 --dry-run
hook-check environment.yml
add --no-lock zlib<3
add --no-lock --pypi robot<9
remove --no-lock numpy
remove --no-lock --pypi robot
platform remove osx-arm64 --no-lock"""
_FOREIGN = """\
import conda-lock.yml -o out.yml
check -f ../environment.yml
diff conda-lock.yml ../conda-lock.yml
diff ../conda-lock.yml conda-lock.yml --json"""
_RENDERED = """\
check
render --existing
hook-check environment.yml
hook-render environment.yml
info"""
_PREFIX = """\
list --installed
list --installed --verify --json
install
install --dry-run
install --verify
shell-hook --shell fish
shell-hook --shell nu
shell-hook --no-install --shell xonsh
modulefile --kind lmod
modulefile --kind tcl
import --from-name demo --dry-run
import --from-name demo -o out.yml
info"""
_CHANNEL = """\
lock --update-all
lock --update-all --json
why zlib
licenses
render --kind sbom
add --no-install cuda"""
_TOML = """\
import {} -o out.yml
import {} --dry-run --json"""


def _as_yaml(tree: Any) -> str:
    return str(yaml.safe_dump(tree, sort_keys=False, width=1 << 30))


def _as_sealed(tree: Any) -> str:
    text = _as_yaml(tree)
    try:
        return sealed(text)
    except (KeyError, TypeError, AttributeError):  # nothing is left to put digests into
        return text


def _as_json(tree: Any) -> str:
    return json.dumps(tree, indent=2)


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        path: where it is, from the host's home, the project, the channel or the prefix.
        commands: those that read it, a line each.
        load: its text as a tree; ``None`` where it has none.
        dump: the tree as text.
        whole: change its tree only: who changes its bytes, breaks its digests.
    """

    path: str
    commands: str
    load: Callable[[str], Any] | None = None
    dump: Callable[[Any], str] = _as_yaml
    whole: bool = False


_KINDS = {
    "manifest": Kind("project/environment.yml", f"{_READ}\n{_WRITE}", yaml.safe_load),
    "pip": Kind("project/keys/environment.yml", _PIP, yaml.safe_load),
    "requirements": Kind("project/keys/requirements.txt", _PIP),
    "local": Kind("project/keys/here/pyproject.toml", _PIP, tomli.loads, toml),
    "lock": Kind("project/conda-lock.yml", f"{_READ}\n{_WRITE}\n{_LOCK}", yaml.safe_load),
    "sealed": Kind(
        "project/conda-lock.yml", f"{_READ}\n{_WRITE}\n{_LOCK}", yaml.safe_load, _as_sealed, True
    ),
    "sealed-pip": Kind(
        "project/keys/conda-lock.yml",
        f"{_PIP}\nrender --kind explicit\nrender --kind environment\ninstall -n demo",
        yaml.safe_load,
        _as_sealed,
        True,
    ),
    "foreign": Kind("project/foreign/conda-lock.yml", _FOREIGN, yaml.safe_load),
    "explicit": Kind(f"project/conda-{SUBDIR}.lock", _RENDERED),
    "pinned": Kind("project/environment-osx-arm64.yml", _RENDERED, yaml.safe_load),
    "sbom": Kind(f"project/sbom-{SUBDIR}.cdx.json", _RENDERED, json.loads, _as_json),
    "condarc": Kind("home/.condarc", f"{_READ}\n{_WRITE}", yaml.safe_load),
    "record": Kind("prefix/conda-meta/zlib-1.3-0.json", _PREFIX, json.loads, _as_json),
    "marker": Kind("prefix/conda-meta/multiplat", _PREFIX, json.loads, _as_json),
    "state": Kind("prefix/conda-meta/state", _PREFIX, json.loads, _as_json),
    "history": Kind("prefix/conda-meta/history", _PREFIX),
    "pixi-lock": Kind("project/pixi/pixi.lock", _TOML.replace("{}", "pixi.toml"), yaml.safe_load),
    "repodata": Kind("channel/noarch/repodata.json", _CHANNEL, json.loads, _as_json),
    **{
        f"toml-{path.name.split('.')[0]}": Kind(
            f"project/{path.name}", _TOML.replace("{}", path.name), tomli.loads, toml
        )
        for path in sorted(_TOMLS.glob("*.toml"))
    },
}


@pytest.fixture(scope="module")
def grounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grounds]:
    """The project that all files are of."""
    folder = tmp_path_factory.mktemp("grounds")
    place = Grounds(standalone(folder / "home"), folder, sorted(_TOMLS.glob("*.toml")))
    yield place
    place.close()


def _changed(kind: Kind, content: bytes, random: Random) -> bytes:
    how = 2 if kind.whole else random.randrange(3 if kind.load else 2)
    if how == 2 and kind.load:
        tree = tree_changed(kind.load(content.decode()), random)
        return kind.dump(tree).encode("utf-8", "surrogatepass")
    return (bytes_changed, lines_changed)[how](content, random)


@pytest.mark.parametrize("name", _KINDS)
def test_mutations(request: pytest.FixtureRequest, grounds: Grounds, name: str) -> None:
    """A file with something wrong in it, for the commands that read it."""
    kind = _KINDS[name]
    path = grounds.place(kind.path)
    content = path.read_bytes()
    folder = grounds.folder_of(path)
    with tallied(request, f"mutated files, {name}") as tally:
        for count in range(rounds(_FILES)):
            changed = _changed(kind, content, tally.random)
            for command in tally.random.sample(kind.commands.splitlines(), _COMMANDS):
                put(path, changed)
                with tally.attempt(f"file {count}, {command}"):
                    grounds.require(*command.split(), cwd=folder)
                grounds.tree.restore()


def test_commands_work(grounds: Grounds) -> None:
    """Each of the commands does its work where nothing is wrong: else nothing would be shown."""
    unmerged = {"merge-driver"}  # there is no merge
    tried = {  # several kinds of file are read by the same commands
        (grounds.folder_of(grounds.place(kind.path)), command): None
        for kind in _KINDS.values()
        for command in kind.commands.splitlines()
    }
    for folder, command in tried:
        ended = grounds.require(*command.split(), cwd=folder)
        stale = folder.name == "keys" or command.split()[0] in unmerged
        assert ended.code == 0 or (ended.code in (1, 3) and stale), (command, ended)
        grounds.tree.restore()
