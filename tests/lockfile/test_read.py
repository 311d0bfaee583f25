"""Locks as files: they are read as they were written, and broken ones are reported."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from conda_multiplat.actions.lock.plan import Plan
from conda_multiplat.lockfile.digests import has_changed, in_sync, is_newer
from conda_multiplat.lockfile.model import LockChannel, LockFile, PlatformLock
from conda_multiplat.lockfile.read import (
    TextLoader,
    as_unmerged,
    packages_sha256,
    read_head,
    read_lock,
)
from conda_multiplat.lockfile.write import render, scalar
from conda_multiplat.machine.project import load_project
from conda_multiplat.manifest.read import Source, read_manifest
from conda_multiplat.manifest.targets import targets
from conda_multiplat.solving.requests import RECIPES, digest, request
from conda_multiplat.vocabulary.errors import LockFileError
from conda_multiplat.vocabulary.names import VirtualPackage
from conda_multiplat.vocabulary.pip_entries import entry_name
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord

CASES = Path(__file__).parents[1] / "cases" / "locks"
NASTY = [
    "1e5", "0x1f", "0o17", "017", "1_000", "on", "Yes", "NO", "y", "~", "null", "true", ".inf",
    "12:30:45", "2024-01-01", "it's", 'say "x"', "a: b", "a #b", "a:", "- a", "*a", "&a", "!a",
    "{a}", "[a]", ">=1,<2", "* *_mkl", "%a", "@a", "`a", "é", "1.10", "1!2.0", "=1", "<<", "",
    "0" * 64, "1" * 60 + "e123", "123e" + "4" * 28, "deadbeef" * 8,
]  # fmt: skip


def _record(name: str, **changes: object) -> CondaRecord:
    url = f"https://conda.example.com/main/noarch/{name}-1.0-h0_0.conda"
    record = CondaRecord(name, "1.0", "h0_0", url, "0" * 32, "ab" * 32)
    return record._replace(**changes)  # type: ignore[arg-type]


def _lock(*records: CondaRecord) -> LockFile:
    promised = (VirtualPackage("__cuda", "12.4"), VirtualPackage("__unix", "0"))
    other = PlatformLock.of("c" * 64, [_record("only-osx")], promised[1:], ["only-osx"])
    return LockFile(
        environment="gpu",
        sources=("environment.yml", "more.yml"),
        channels=(LockChannel("conda-forge"), LockChannel("https://x.example.com", ("TOKEN",))),
        platforms={
            "linux-64": PlatformLock.of("b" * 64, records, promised, ["a", "b >=1"]),
            "osx-arm64": other,
        },
        channel_priority="strict",
        recipe=1,
    )


LOCK = _lock(
    _record("a", depends=("__cuda >=12", "b >=1", "c")),
    _record("b", depends=("__unix",), md5=None),
    _record("c", category="dev"),
)


def test_round_trip() -> None:
    """A lock is read as it was written, and written again with the same text."""
    text = render(LOCK)
    assert read_lock(text, "gpu.conda-lock.yml") == LOCK
    assert render(read_lock(text, "gpu.conda-lock.yml")) == text


def test_constraints_survive_as_needs() -> None:
    """A lock keeps what ``constrains`` says about virtual packages."""
    lock = _lock(_record("cuda-version", constrains=("__cuda >=12", "cudatoolkit 12.*")))
    needs = read_lock(render(lock), "f").platforms["linux-64"].needs
    assert [(need.spec, need.record, need.binding) for need in needs] == [
        ("__cuda >=12", "cuda-version", False)
    ]


def test_fast_reader_and_yaml_agree() -> None:
    """Reading by layout gives the same as YAML, whatever the values are."""
    records = [_record(f"p{n}", version=text, build=text) for n, text in enumerate(NASTY)]
    text = render(_lock(*records))
    by_layout = read_lock(text, "f")
    assert by_layout.intact
    edited = read_lock(text.replace("packages-sha256: ", "packages-sha256: x"), "f")
    assert not edited.intact
    assert edited.platforms == by_layout.platforms
    data = yaml.safe_load(text)
    versions = {package["name"]: package["version"] for package in data["package"]}
    assert [versions[f"p{n}"] for n in range(len(NASTY))] == NASTY


@pytest.mark.parametrize("text", NASTY)
def test_scalars_are_text_for_every_reader(text: str) -> None:
    """YAML 1.1 and 1.2 read no value as a number, a date or a boolean."""
    written = scalar(text)
    assert yaml.safe_load(written) == text
    if not written.startswith("'"):
        with pytest.raises(ValueError, match="could not convert"):
            float(written)


def test_one_platform(tmp_path: Path) -> None:
    """Reading one platform gives the same as reading all, and nothing else."""
    some = read_lock(render(LOCK), "f", ["osx-arm64"])
    assert dict(some.platforms) == {"osx-arm64": LOCK.platforms["osx-arm64"]}


@pytest.mark.slow
def test_conda_lock_parses_it(tmp_path: Path) -> None:
    """conda-lock's own models accept every key, if there is an MD5."""
    lock = _lock(*(record._replace(md5="0" * 32) for record in LOCK.platforms["linux-64"].records))
    path = tmp_path / "conda-lock.yml"
    path.write_text(render(lock), encoding="utf-8")
    code = (
        "import json, pathlib, sys; from conda_lock.lockfile import parse_conda_lock_file as p;"
        "lock = p(pathlib.Path(sys.argv[1]));"
        "rows = [[x.name, x.platform, sorted(x.categories)] for x in lock.package];"
        "print(json.dumps(sorted(rows)))"
    )
    command = [sys.executable, "-W", "ignore", "-c", code, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        ["a", "linux-64", ["main"]],
        ["b", "linux-64", ["main"]],
        ["c", "linux-64", ["dev"]],
        ["only-osx", "osx-arm64", ["main"]],
    ]


FOREIGN = """\
version: 1
metadata:
  content_hash:
    linux-64: abc
  channels:
  - url: conda-forge
    used_env_vars: []
  platforms:
  - linux-64
  sources:
  - environment.yml
package:
- name: zlib
  version: 1.3.1
  manager: conda
  platform: linux-64
  dependencies:
    __glibc: '>=2.17'
    libgcc: '>=13'
  url: https://conda.example.com/conda-forge/linux-64/zlib-1.3.1-hb9d3cd8_2.conda
  hash:
    md5: c9f075ab2f33b3bbee9e62d4ad0a6cd8
    sha256: 5d7c0e5f0005f74112a34a7425179f4eb6e73c92f5d109e6af4ddeca407c92ab
  category: dev
  optional: true
- name: zlib
  version: 1.3.1
  manager: conda
  platform: linux-64
  dependencies: {}
  url: https://conda.example.com/conda-forge/linux-64/zlib-1.3.1-hb9d3cd8_2.conda
  hash:
    md5: c9f075ab2f33b3bbee9e62d4ad0a6cd8
  category: docs
  optional: true
- name: robosuite
  version: 1.4.0
  manager: pip
  platform: linux-64
  dependencies: {}
  url: https://files.example.com/robosuite-1.4.0.tar.gz
  hash:
    sha256: 5d7c0e5f0005f74112a34a7425179f4eb6e73c92f5d109e6af4ddeca407c92ab
  category: main
  optional: false
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_locks_of_others(end: str) -> None:
    """conda-lock's files are read: several categories, PyPI entries, no metadata of ours, CRLF."""
    lock = read_lock(FOREIGN.replace("\n", end), "conda-lock.yml")
    assert (lock.recipe, lock.intact, lock.environment) == (0, True, "default")
    platform = lock.platforms["linux-64"]
    assert [(record.name, record.version, record.build) for record in platform.records] == [
        ("zlib", "1.3.1", "hb9d3cd8_2")
    ]
    sha256 = "5d7c0e5f0005f74112a34a7425179f4eb6e73c92f5d109e6af4ddeca407c92ab"
    url = "https://files.example.com/robosuite-1.4.0.tar.gz"
    assert platform.pypi == (PypiRecord("robosuite", "1.4.0", url, sha256),)


def test_package_section_may_come_first() -> None:
    """YAML's keys have no order."""
    head, packages = FOREIGN.split("package:", maxsplit=1)
    lock = read_lock(f"package:{packages}{head}", "conda-lock.yml")
    assert lock == read_lock(FOREIGN, "conda-lock.yml")


@pytest.mark.parametrize(
    "form",
    [
        lambda text: json.dumps(yaml.load(text, TextLoader)),
        lambda text: yaml.safe_dump(yaml.load(text, TextLoader), default_flow_style=True),
        lambda text: text.replace("package:", '"package":'),
        lambda text: text.replace("package:", "? package\n:"),
        lambda text: "".join(f"  {line}" for line in text.splitlines(keepends=True)),
        lambda text: text.replace("\n", "\r"),
        lambda text: f"%YAML 1.1\n---\n{text}...\n",
        lambda text: text.replace("dependencies: {}", "dependencies: &no {}", 1).replace(
            "dependencies: {}", "dependencies: *no"
        ),
    ],
    ids=["JSON", "flow", "quoted", "complex key", "indented", "CR", "marks", "anchors"],
)
def test_any_form_of_yaml(form: Callable[[str], str]) -> None:
    """A lock may have been written again by another program: what YAML says counts."""
    assert read_lock(form(FOREIGN), "f") == read_lock(FOREIGN, "f")


def test_category_main_is_kept() -> None:
    """``main`` counts, whichever of a package's entries comes last."""
    first, *rest = FOREIGN.replace("category: docs", "category: main").split("- name: zlib\n")
    assert len(rest) == 2
    locks = [read_lock("- name: zlib\n".join([first, *order]), "f") for order in (rest, rest[::-1])]
    assert [lock.platforms["linux-64"].records[0].category for lock in locks] == ["main", "main"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            FOREIGN.replace("version: 1\n", "version: 2\n", 1),
            "f:1: lock version 2; this conda-multiplat reads version 1",
        ),
        (
            FOREIGN.split("package:", maxsplit=1)[0],
            "f: no `package:` section: the file is truncated or not a lock",
        ),
        (FOREIGN.replace("metadata:", "meta:"), "f: no `metadata:` section"),
        (FOREIGN + ">>>>>>> theirs\n", "f:46: conflict marker '>>>>>>>'"),
        (FOREIGN + "- [", "f:47: not YAML: did not find expected node content"),
        (
            FOREIGN.replace("manager: pip\n", "x: y\n"),
            "f:36:3: manager is missing; it must be text",
        ),
        ("package: []\n", "f: no `metadata:` section"),
        (
            FOREIGN.removeprefix("version: 1\n") + "version: 3\n",
            "f:45: lock version 3; this conda-multiplat reads version 1",
        ),
        (FOREIGN + "package: []\n", "f:46: 'package' appears twice"),
        (
            FOREIGN.replace("metadata:\n", "metadata:\n  sources: []\n"),
            "f:11: 'sources' appears twice",
        ),
        (
            FOREIGN.replace("    md5:", "    sha256: 1\n    md5:", 1),
            "f:24: 'sha256' appears twice",
        ),
        (FOREIGN.replace("  url: h", "  url: x\n  url: h", 1), "f:21: 'url' appears twice"),
        (
            json.dumps(yaml.safe_load(FOREIGN))[:-1] + ', "package": []}',
            "f:1: 'package' appears twice",
        ),
        ("", "f: no `package:` section: the file is truncated or not a lock"),
        ("a: [b]\n", "f: no `package:` section: the file is truncated or not a lock"),
        ("- a\n", "f: no `package:` section: the file is truncated or not a lock"),
        ("<p>Log in\n<p a='>\n", "f: no `package:` section: the file is truncated or not a lock"),
        (FOREIGN + "||||||| base\n", "f:46: conflict marker '|||||||'"),
        (FOREIGN + "=======\r\n", "f:46: conflict marker '======='"),
        (FOREIGN + "\x01", "f:46: not YAML: control characters are not allowed"),
        (
            FOREIGN.replace("metadata:\n", "metadata:\n  custom_metadata: [a]\n", 1),
            "f: `custom_metadata` is not a mapping",
        ),
        (
            FOREIGN.replace(
                "metadata:\n",
                "metadata:\n  custom_metadata: {multiplat.channel-priority: 1st}\n",
                1,
            ),
            "f:3:49: unknown channel priority '1st'",
        ),
    ],
    ids=[
        *("newer", "cut off", "no metadata", "conflict", "not YAML", "no manager", "no head"),
        "newer, said below",
        *("packages twice", "sources twice", "hash twice", "URL twice", "JSON twice"),
        *("empty", "other keys", "list", "HTML"),
        *("base of a conflict", "conflict with CRLF", "control character", "metadata of a list"),
        "priority",
    ],
)  # fmt: skip
def test_broken_locks(text: str, problem: str) -> None:
    """Each kind of broken file is reported with its place, the reason and what to do."""
    with pytest.raises(LockFileError) as raised:
        read_lock(text, "f")
    shown, hint = str(raised.value.problems[0]).split("\n")
    assert shown == problem
    assert hint.endswith(
        "run `conda multiplat lock --update-all`, which does not read the old lock"
    )


def _again(text: str, *changes: tuple[str, str]) -> str:
    """Return a lock that contains the last package twice, the second time changed."""
    start = text.rindex("- name: ")
    entry = text[start:]
    for old, new in changes:
        assert old in entry
        entry = entry.replace(old, new)
    return text + entry


@pytest.mark.parametrize(
    ("name", "manager", "changes"),
    [
        ("only-osx", "conda", []),
        ("only-osx", "conda", [("-1.0-h0_0", "-1.1-h0_0"), ("'1.0'", "'1.1'")]),
        ("only-osx", "conda", [("category: main", "category: dev")]),
        ("only-osx", "conda", [("name: only-osx", "name: Only-OSX")]),
        ("only-osx", "pip", [("name: only-osx", "name: Only_osx")]),
        ("only-osx", "pip", [("abab", "cdcd")]),
    ],
)
@pytest.mark.parametrize("platforms", [None, ["osx-arm64"]])
def test_second_package_of_ours(
    name: str, manager: str, changes: list[tuple[str, str]], platforms: list[str] | None
) -> None:
    """A duplicate is found even if the digests match, and its place is that in the file."""
    head, section = TEXT.split("package:\n", maxsplit=1)
    if manager == "pip":
        start = section.rindex("- name: ")
        section = section[:start] + section[start:].replace("manager: conda", "manager: pip")
    section = _again(f"package:\n{section}", *changes)
    digest = re.compile(r"(packages-sha256: ).*")
    head = digest.sub(rf"\g<1>{packages_sha256(section)}", head)
    with pytest.raises(LockFileError) as raised:
        read_lock(head + section, "f", platforms)
    whose = "PyPI" if manager == "pip" else "conda"
    line = (head + section)[: (head + section).rindex("- name: ")].count("\n") + 1
    assert str(raised.value.problems[0]).split("\n")[0] == (
        f"f:{line}:9: {whose} package {name} is locked more than once for osx-arm64"
    )
    assert raised.value.exit_code == 2
    assert read_lock(head + section, "f", ["linux-64"]).platforms.keys() == {"linux-64"}


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ([], True),
        ([("category: main", "category: docs")], False),
        ([("category: main", "category: docs"), ("files.example", "evil.example")], True),
        ([("category: main", "category: docs"), ("sha256: 5d", "sha256: 6d")], True),
        ([("category: main", "category: docs"), ("sha256: 5d", "md5: 6d")], False),
        ([("platform: linux-64", "platform: osx-arm64")], False),
    ],
)
def test_second_package_of_others(changes: list[tuple[str, str]], refused: bool) -> None:
    """conda-lock writes one entry per category, all of the same archive; others are refused."""
    text = _again(FOREIGN, *changes)
    if not refused:
        assert [package.name for package in read_lock(text, "f").platforms["linux-64"].pypi] == [
            "robosuite"
        ]
        return
    with pytest.raises(LockFileError) as raised:
        read_lock(text, "f")
    assert [str(problem).split("\n")[0] for problem in raised.value.problems] == [
        "f:46:9: PyPI package robosuite is locked more than once for linux-64"
    ]


def test_golden_digests() -> None:
    """Recipe 1 always gives these digests: an update of ours must not make a lock stale."""
    folder = CASES / "recipe-1"
    source = Source("environment.yml", (folder / "environment.yml").read_text(encoding="utf-8"))
    manifest = read_manifest([source], host_subdirs=(), entry_name=entry_name)
    digests = {target.subdir: digest(target, recipe=1) for target in targets(manifest)}
    golden = json.loads((folder / "digests.json").read_text(encoding="utf-8"))
    assert digests == golden


@pytest.mark.parametrize(
    ("folder", "environment"),
    [
        ("recipe-1", "default"),
        ("recipe-1-environments", "default"),
        ("recipe-1-environments", "dev"),
    ],
)
def test_golden_locks(folder: str, environment: str) -> None:
    """A lock of recipe 1 always stays intact, in sync and byte for byte the same.

    These are older than the digest of the head, which is the one line that they would get.
    """
    manifest_text = (CASES / folder / "environment.yml").read_text(encoding="utf-8")
    name = "conda-lock.yml" if environment == "default" else f"{environment}.conda-lock.yml"
    text = (CASES / folder / name).read_text(encoding="utf-8")
    source = Source("environment.yml", manifest_text)
    manifest = read_manifest([source], host_subdirs=(), entry_name=entry_name)
    lock = read_lock(text, name)
    assert (lock.recipe, lock.intact, lock.environment) == (1, True, environment)
    digests = {
        target.subdir: digest(target, recipe=1) for target in targets(manifest, [environment])
    }
    assert digests == {subdir: platform.content_hash for subdir, platform in lock.platforms.items()}
    assert all(in_sync(lock, target) for target in targets(manifest, [environment]))
    assert re.sub("    multiplat.metadata-sha256: .*\n", "", render(lock)) == text
    hidden = ("user", "password", "abc-123", "robot:", "tk-1", "/t/", "@")
    assert [secret for secret in hidden if secret in text] == []


def test_golden_lock_of_recipe_2() -> None:
    """The same for recipe 2, which includes the metadata of local projects."""
    folder = CASES / "recipe-2"
    project = load_project([folder / "environment.yml"], host_subdirs=())
    text = (folder / "conda-lock.yml").read_text(encoding="utf-8")
    lock = read_lock(text, "conda-lock.yml")
    assert (lock.recipe, lock.intact) == (2, True)
    digests = {target.subdir: digest(target, recipe=2) for target in targets(project.manifest)}
    assert digests == json.loads((folder / "digests.json").read_text(encoding="utf-8"))
    assert all(in_sync(lock, target) for target in targets(project.manifest))
    assert render(lock) == text


def test_in_sync() -> None:
    """A target is in sync with a complete lock of this recipe and of the same request."""
    text = "platforms: [linux-64, win-64]\ndependencies: [b]\n"
    manifest = read_manifest([Source("environment.yml", text)], host_subdirs=())
    first, second = targets(manifest)
    solved = {
        target.subdir: PlatformLock.of(digest(target), (), (), ()) for target in (first, second)
    }
    lock = LOCK._replace(environment="default", platforms=solved)
    assert in_sync(lock, first)
    assert in_sync(lock, second)
    changed = {"linux-64": solved["linux-64"]._replace(content_hash="0")}
    for other in (
        lock._replace(intact=False),
        lock._replace(recipe=0),
        lock._replace(platforms={"win-64": solved["win-64"]}),
        lock._replace(platforms=changed),
    ):
        assert not in_sync(other, first)


@pytest.mark.parametrize(
    ("recipe", "newer", "changed"), [(0, False, False), (1, False, True), (9, True, False)]
)
def test_what_is_known_of_a_digest(recipe: int, newer: bool, changed: bool) -> None:
    """Only a digest of a known recipe can tell that the manifest has changed."""
    text = "platforms: [linux-64]\ndependencies: [b]\n"
    (target,) = targets(read_manifest([Source("environment.yml", text)], host_subdirs=()))
    lock = LOCK._replace(recipe=recipe, platforms={"linux-64": PlatformLock.of("0", (), (), ())})
    assert not in_sync(lock, target)
    assert (is_newer(lock), has_changed(lock, target)) == (newer, changed)


@pytest.mark.parametrize(
    ("recipe", "kept", "solved", "new"),
    [(1, True, False, 1), (1, True, True, 2), (1, False, False, 2), (0, True, False, 2)],
)
def test_update_of_ours_rewrites_nothing(recipe: int, kept: bool, solved: bool, new: int) -> None:
    """If nothing changes, a lock keeps its recipe, whichever one new locks have."""
    manifest = CASES / "recipe-2" / "environment.yml"
    asked = targets(load_project([manifest], host_subdirs=()).manifest)
    plan = Plan("default", asked, LOCK._replace(recipe=recipe))
    plan.kept.update(LOCK.platforms if kept else {})
    if solved:
        plan.requests.append(request(asked[0], default_channels=(), channel_priority=""))
    assert plan.recipe == new


def test_every_recipe_has_golden_locks() -> None:
    """Each recipe is tested with locks of its time."""
    assert {f"recipe-{recipe}" for recipe in RECIPES} <= {folder.name for folder in CASES.iterdir()}


TEXT = render(LOCK)


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ("  version: '1.0'\n", "  version: '1.1'\n", "a b c"),
        ("package:\n", "package:\n# a comment\n", "a b c"),
        ("  optional: false\n", "", "a b c"),
        (TEXT[TEXT.index("- name: b") :], "", "a"),
        (TEXT[TEXT.index("- name: a") :], "", ""),
    ],
    ids=["version", "comment", "line", "records", "all records"],
)
def test_edited_locks(old: str, new: str, names: str) -> None:
    """A changed package section is read, and recognised as edited."""
    assert old in TEXT
    edited = read_lock(TEXT.replace(old, new, 1), "f")
    assert not edited.intact
    assert " ".join(record.name for record in edited.platforms["linux-64"].records) == names


@pytest.mark.parametrize(
    "end",
    sorted({*range(0, len(TEXT), 17), *(n for n, letter in enumerate(TEXT) if letter == "\n")}),
)
def test_every_truncation_is_seen(end: int) -> None:
    """Wherever the text is cut off, it is either not a lock or not intact."""
    with suppress(LockFileError):
        assert not read_lock(TEXT[:end], "f").intact


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("platforms", "expected"),
    [
        (None, ["linux-64", "osx-arm64"]),
        ([], []),
        (["osx-arm64", "linux-64"], ["linux-64", "osx-arm64"]),
        (["linux"], []),
        (["win-64"], []),
    ],
)
def test_some_platforms(platforms: list[str] | None, expected: list[str], end: str) -> None:
    """Some platforms can be read of an intact or edited lock, with any line ends."""
    intact = read_lock(TEXT.replace("\n", end), "f", platforms)
    edited = read_lock((TEXT + "# edited\n").replace("\n", end), "f", platforms)
    assert list(intact.platforms) == list(edited.platforms) == expected
    assert intact.platforms == edited.platforms
    assert (intact.intact, edited.intact) == (True, False)


@pytest.mark.parametrize("marker", ["<<<<<<< HEAD", "=======", ">>>>>>> branch"])
@pytest.mark.parametrize("above", ["version: 1\n", "  - osx-arm64\n", "package:\n"])
def test_conflict_markers(marker: str, above: str) -> None:
    """A merge conflict is reported with the line of its first marker."""
    text = TEXT.replace(above, f"{above}{marker}\n", 1) + ">>>>>>> other\n"
    line = text.splitlines().index(marker) + 1
    with pytest.raises(LockFileError) as raised:
        read_lock(text, "f")
    assert raised.value.lines() == [
        "error: f has a merge conflict",
        f"  f:{line}: conflict marker '{marker.split(maxsplit=1)[0]}'",
        "      merge the manifest, then take one side (`git checkout --ours FILE`) and run "
        "`conda multiplat lock`; or run `conda multiplat lock --update-all`, which does not read "
        "the old lock",
    ]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "restore it from version control, or "),
        (TEXT.replace("version: 1\n", "version: 2\n", 1), "update conda-multiplat, or "),
    ],
)
def test_hints(text: str, hint: str) -> None:
    """The hints for a broken lock and for a newer one differ."""
    with pytest.raises(LockFileError, match=r"^f can't be read$") as raised:
        read_lock(text, "f")
    relock = "run `conda multiplat lock --update-all`, which does not read the old lock"
    assert [problem.hint for problem in raised.value.problems] == [hint + relock]
    assert raised.value.exit_code == 2


def test_one_platform_of_a_foreign_lock() -> None:
    """One platform of conda-lock's file is read the same, alone or with the others."""
    text = FOREIGN.replace("  - linux-64\n", "  - osx-64\n  - linux-64\n", 1)
    whole = read_lock(text, "f")
    assert list(whole.platforms) == ["osx-64", "linux-64"]
    assert read_lock(text, "f", ["linux-64"]).platforms == {"linux-64": whole.platforms["linux-64"]}
    assert whole.channels == (LockChannel("conda-forge"),)
    assert whole.sources == ("environment.yml",)


@pytest.mark.parametrize(
    ("depends", "dependencies"),
    [
        ((), {}),
        (("zlib",), {"zlib": ""}),
        (("zlib *",), {"zlib": ""}),
        (("zlib * h1_0",), {"zlib": "* h1_0"}),
        (("Zlib>=1.2",), {"zlib": ">=1.2"}),
        (("a >=1", "b 2.*", "a <2"), {"a": ">=1,<2", "b": "2.*"}),
        (("a >=1", "a >=1"), {"a": ">=1"}),
        (("a", "a *"), {"a": ""}),
        (("_openmp_mutex >=4.5", "_openmp_mutex * *_llvm"), {"_openmp_mutex": ">=4.5 *_llvm"}),
        (("a * *_x", "a"), {"a": "* *_x"}),
    ],
)
def test_dependencies(depends: tuple[str, ...], dependencies: dict[str, str]) -> None:
    """A record's dependencies have one constraint for each name, which includes all of them."""
    assert _record("x", depends=depends).dependencies == dependencies


@pytest.mark.parametrize("key", ["name", "version", "url", "hash"])
def test_record_lacks_a_key(key: str) -> None:
    """A record without a required key is refused."""
    data = {name: value for name, value in _record("a").to_dict("win-64").items() if name != key}
    with pytest.raises(KeyError, match=f"^'{key}'$"):
        CondaRecord.from_dict(data)


def test_custom_metadata_is_text() -> None:
    """Keys and values of ``custom_metadata`` are text, as its readers require."""
    custom = yaml.safe_load(TEXT)["metadata"]["custom_metadata"]
    assert all(isinstance(text, str) for pair in custom.items() for text in pair)
    assert custom["created_by"] == "conda-multiplat"
    assert custom["multiplat.needs.linux-64"] == (
        '{"__cuda >=12": {"depends": ["a"]}, "__unix": {"depends": ["b"]}}'
    )


def test_lock_of_a_solution() -> None:
    """A new lock is sorted by name, and each requested MatchSpec occurs once."""
    platform = PlatformLock.of("ab", [_record("b"), _record("a")], (), ["b", "a", "b"])
    assert [record.name for record in platform.records] == ["a", "b"]
    assert platform.requested == ("a", "b")


@pytest.mark.parametrize("size", [1, 7, 4096, 10**6])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_head_by_itself(size: int, end: str) -> None:
    """The head of a complete lock is read alone, whatever the blocks and line ends are."""
    data = TEXT.replace("\n", end).encode()
    blocks = [data[at : at + size] for at in range(0, len(data), size)]
    head = read_head(blocks, "conda-lock.yml", whole=True)
    assert head is not None
    assert head.environment == LOCK.environment
    assert {name: platform.content_hash for name, platform in head.platforms.items()} == {
        name: platform.content_hash for name, platform in LOCK.platforms.items()
    }
    assert not any(platform.records for platform in head.platforms.values())
    changed = [*blocks, b"# a line more\n"]
    assert read_head(changed, "conda-lock.yml", whole=True) is None
    assert read_head(changed, "conda-lock.yml", whole=False) == head


@pytest.mark.parametrize(
    "text", ["", "package: []\n", "metadata: {}\npackage: []\n", "<<<<<<< a\npackage: []\n"]
)
def test_no_head_of_ours(text: str) -> None:
    """Files that are not our locks are left to the reader that reports what is wrong."""
    assert read_head([text.encode()], "conda-lock.yml", whole=False) is None


def test_left_unmerged() -> None:
    """One side of a merge is kept with the reason above it, and is not intact."""
    text = render(LOCK)
    left = as_unmerged(text, "a: 1 in ours, 2 in theirs")
    assert left == as_unmerged(as_unmerged(text, "older"), "a: 1 in ours, 2 in theirs")
    for damaged in (left, left.replace("\n", "\r\n")):
        lock = read_lock(damaged, "f")
        assert lock == LOCK._replace(intact=False, unmerged="a: 1 in ours, 2 in theirs")
        assert lock.unmerged == "a: 1 in ours, 2 in theirs"
        assert read_head([damaged.encode()], "f", whole=False) is None
    assert read_lock(text, "f").unmerged == ""
