"""Editing a manifest's text: all bytes outside of the changed lines stay, or none is changed."""

from __future__ import annotations

import difflib
import random
import shlex
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker, default_environment
from support.conda_lock_says import conda_lock_says
from support.edits import generated

from conda_multiplat.cli.main import main
from conda_multiplat.manifest.edit.bounds import bounded, is_bare, is_spaced
from conda_multiplat.manifest.edit.draft import Change, Draft
from conda_multiplat.manifest.edit.platforms import platforms_of, with_platforms, without_platforms
from conda_multiplat.manifest.edit.requirements import put, take
from conda_multiplat.manifest.model import View
from conda_multiplat.manifest.read import Source
from conda_multiplat.vocabulary.errors import ManifestError
from conda_multiplat.vocabulary.names import FAMILIES, families
from conda_multiplat.vocabulary.pip_entries import entry_name
from conda_multiplat.vocabulary.selector_writer import Selection
from conda_multiplat.vocabulary.yaml_nodes import Loader
from conda_multiplat.vocabulary.yaml_scalars import list_item

CASES = Path(__file__).parents[1] / "cases"
GOLDEN = sorted((CASES / "edit").iterdir())
GOOD = sorted((CASES / "manifests" / "good").glob("*.yml"))
HOST = ("linux-64",)


@pytest.mark.parametrize("case", GOLDEN, ids=lambda folder: folder.name)
def test_golden(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder for each style: a manifest, a command, and the manifest after it, byte for byte."""
    (tmp_path / ".git").mkdir()
    file = tmp_path / "environment.yml"
    file.write_bytes((case / "before.yml").read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONDA_SUBDIR", "linux-64")
    command = shlex.split((case / "command").read_text(encoding="utf-8"))
    assert main([*command, "--no-lock", "-q"]) == 0
    assert file.read_bytes().decode() == (case / "after.yml").read_bytes().decode()
    assert main([*command, "--no-lock", "-q"]) in (0, 2)  # again: there already, or gone already
    assert file.read_bytes() == (case / "after.yml").read_bytes()


def _draft(text: str) -> Draft:
    return Draft((Source("environment.yml", text),), HOST)


def _asks(draft: Draft) -> Iterator[Change]:
    """All that can be asked of a manifest: each name and a new one, on platforms of all kinds."""
    for environment in draft.manifest.environments:
        every = draft.reach(environment)
        selections = [Selection(every, every)]
        selections += [Selection(frozenset([platform]), every) for platform in sorted(every)]
        for family in FAMILIES:
            inside = frozenset(platform for platform in every if family in families(platform))
            selections += [Selection(inside, every, family)] if inside else []
        names = {(False, "fresh"), (True, "fresh")}
        for subdir in every:
            names |= {
                (False, line.name)
                for line in draft.own_requirements(environment, subdir, pypi=False)
            }
            lines = draft.own_requirements(environment, subdir, pypi=True)
            names |= {(True, line.name or line.text) for line in lines}
        for pypi, name in sorted(names):
            yield from (Change(environment, name, pypi, selection) for selection in selections)


def _texts(view: View, change: Change) -> list[str]:
    lines = view.pypi if change.pypi else view.conda
    return sorted(line.text for line in lines if change.name == (line.name or line.text))


def _others(draft: Draft, change: Change) -> dict[tuple[str, str], list[str]]:
    """What is said of all other names, by environment and platform."""
    return {
        (name, subdir): sorted(
            [f"conda {line.text}" for line in view.conda if change.pypi or line.name != change.name]
            + [
                f"pypi {line.text}"
                for line in view.pypi
                if not change.pypi or (line.name or line.text) != change.name
            ]
        )
        for name, environment in draft.manifest.environments.items()
        for subdir, view in environment.views.items()
        if subdir in draft.reach(name)
    }


def _check(before: Draft, after: Draft, change: Change, text: str | None) -> None:
    """What must hold of every edit, seen from outside."""
    assert _others(before, change) == _others(after, change), change
    for subdir in change.selection.among:
        was, now = (
            _texts(draft.manifest.environments[change.environment].views[subdir], change)
            for draft in (before, after)
        )
        inside = subdir in change.selection.platforms
        assert now == (([text] if text else []) if inside else was), (change, subdir)
    old, new = before.sources[0].text, after.sources[0].text
    assert ("\r\n" in old) == ("\r\n" in new)
    assert "\n" not in (new.replace("\r\n", "") if "\r\n" in old else "")
    changed = list(difflib.ndiff(old.splitlines(True), new.splitlines(True)))
    removed = [line for line in changed if line.startswith("-")]
    mentions = [line for line in removed if _mentions(line, change)]
    assert len(removed) <= len(mentions) + 2, (change, removed)  # `dependencies:`, `- pip:`, a list
    assert len([line for line in changed if line.startswith("+")]) <= len(removed) + 4


def _mentions(line: str, change: Change) -> bool:
    return change.name.lower().replace("_", "-") in line.lower().replace("_", "-")


def _edit(text: str) -> tuple[int, int]:
    """Put and take everything; returns how many edits were made, and how many were refused."""
    draft = _draft(text)
    edits = 0
    refused: list[ManifestError] = []
    for change in _asks(draft):
        nameless = change.pypi and not entry_name(change.name)
        spec = change.name if nameless else f"{change.name}>=9"
        for new in (spec, None):
            try:
                after = put(draft, change, new) if new else take(draft, change)
            except ManifestError as error:
                refused.append(error)
                continue
            edits += 1
            _check(draft, after, change, new)
            if new and change.name == "fresh":
                again = take(after, change).sources[0].text
                assert again == text or "[]" in again
    assert all(refusal.hints[0] == "no file was changed" for refusal in refused)
    return edits, len(refused)


@pytest.mark.slow
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("path", GOOD, ids=lambda file: file.stem)
def test_every_edit_of_every_manifest(path: Path, newline: str) -> None:
    """Each either says what it was to say, and all else as before, or is refused."""
    edits, _ = _edit(path.read_text(encoding="utf-8").replace("\n", newline))
    assert edits > 10


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(0, 60, 2))
def test_generated_manifests(seed: int) -> None:
    """The same for generated manifests in all styles."""
    edits, refused = _edit(generated(random.Random(seed)))
    assert edits > 20
    assert refused < 2 * edits


@pytest.mark.parametrize("path", GOOD, ids=lambda file: file.stem)
def test_platforms_come_and_go(path: Path) -> None:
    """A platform that is added and removed again leaves the text, where there was a list."""
    text = path.read_text(encoding="utf-8")
    draft = _draft(text)
    for environment in draft.manifest.environments:
        known = platforms_of(draft, environment) or draft.manifest.platforms_of(environment)
        after = with_platforms(draft, environment, ["linux-s390x"], known)
        assert platforms_of(after, environment) == (*known, "linux-s390x")
        back = without_platforms(after, environment, ["linux-s390x"])
        assert platforms_of(back, environment) == known
        if platforms_of(draft, environment):
            assert back.sources[0].text == text


REFUSED = {
    "anchored item": (
        "dependencies:\n  - &it numpy\nmultiplat: {environments: {dev: {dependencies: [*it]}}}\n",
        "this item has an anchor or a tag, or spans several lines",
    ),
    "several lines": (
        "dependencies:\n  - >-\n    numpy\n    >=2\n",
        "this item has an anchor or a tag, or spans several lines",
    ),
    "tagged item": (
        "dependencies:\n  - !!str numpy\n",
        "this item has an anchor or a tag, or spans several lines",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_updates(name: str) -> None:
    """An edit that is not possible is refused, with the place and the reason."""
    text, message = REFUSED[name]
    draft = _draft(text)
    every = draft.reach("default")
    change = Change("default", "numpy", pypi=False, selection=Selection(every, every))
    with pytest.raises(ManifestError) as caught:
        put(draft, change, "numpy 2")
    (problem,) = caught.value.problems
    assert (problem.location.line, problem.location.column, problem.message) == (2, 5, message)
    assert problem.hint == "write 'numpy 2' by hand, then run `conda multiplat lock`"


def test_list_that_two_share() -> None:
    """A list with an anchor is in two places at once: a line in it would change both."""
    draft = _draft(
        "dependencies: &both\n  - numpy\nmultiplat:\n  environments:\n    dev:\n"
        "      dependencies: *both\n"
    )
    every = draft.reach("dev")
    change = Change("dev", "scipy", pypi=False, selection=Selection(every, every))
    with pytest.raises(ManifestError) as caught:
        put(draft, change, "scipy")
    assert caught.value.lines() == [
        "error: environment.yml can't be edited",
        "  `scipy` could not be added without changing other parts of the file",
        "  an anchor, or a selector on a line around it, ties it to other lines",
        "  no file was changed",
        "  change it by hand, then run `conda multiplat lock`",
    ]


def test_lists_that_selectors_choose() -> None:
    """Of two lists under one key, which whole lines choose from, only the last can be edited."""
    draft = _draft(
        "platforms: [linux-64, osx-arm64]\n"
        "dependencies:  # [linux]\n  - numpy  # [linux]\n"
        "dependencies:  # [osx]\n  - numpy  # [osx]\n"
    )
    every = draft.reach("default")
    change = Change("default", "scipy", pypi=False, selection=Selection(every, every))
    _check(draft, put(draft, change, "scipy"), change, "scipy")
    with pytest.raises(ManifestError) as caught:
        take(draft, replace(change, name="numpy"))
    assert caught.value.lines() == [
        "error: environment.yml can't be edited",
        "  environment.yml:3:5: this line is in a list that a later one with the same key hides",
        "      change it by hand, then run `conda multiplat lock`",
        "  no file was changed",
    ]


@pytest.mark.parametrize(
    ("text", "plain", "in_brackets"),
    [
        ("numpy >=2", "numpy >=2", "numpy >=2"),
        ("numpy>=1,<2", "numpy>=1,<2", '"numpy>=1,<2"'),
        ("b[c,d]>=1", "b[c,d]>=1", '"b[c,d]>=1"'),
        ("x[version='>=1']", "x[version='>=1']", "\"x[version='>=1']\""),
        ("a; sys_platform == 'linux'", "a; sys_platform == 'linux'", "a; sys_platform == 'linux'"),
        ('a; extra == "b, c"', 'a; extra == "b, c"', "'a; extra == \"b, c\"'"),
        ("yes", '"yes"', '"yes"'),
        ("1.0", '"1.0"', '"1.0"'),
        ("-e .", "-e .", "-e ."),
        ("*", '"*"', '"*"'),
        ("a # b", '"a # b"', '"a # b"'),
        ("a: b", '"a: b"', '"a: b"'),
    ],
)
def test_quotes_where_they_are_needed(text: str, plain: str, in_brackets: str) -> None:
    """YAML reads back what was written, in both kinds of lists."""
    assert (list_item(text, flow=False), list_item(text, flow=True)) == (plain, in_brackets)
    for style in (None, "'", '"'):
        assert yaml.load(f"- {list_item(text, flow=False, style=style)}", Loader=Loader) == [text]
        assert yaml.load(f"[{list_item(text, flow=True, style=style)}]", Loader=Loader) == [text]


def test_bounds() -> None:
    """Only a bare requirement gets a bound, in the file's own style."""
    specs = ("numpy", "a::numpy", "numpy 2", "x[build=a]")
    assert [is_bare(spec, pypi=False) for spec in specs] == [True, True, False, False]
    entries = ("torch", "torch[a]; os_name == 'nt'", "torch>=2", "torch @ file:///a", "-e .")
    assert [is_bare(entry, pypi=True) for entry in entries] == [True, True, False, False, False]
    assert bounded("a::numpy", "2.0", pypi=False, spaced=True) == "a::numpy >=2.0"
    assert bounded("torch[a]; os_name == 'nt'", "2.5+cpu", pypi=True, spaced=False) == (
        "torch[a]>=2.5; os_name == 'nt'"
    )
    assert is_spaced(["a", "python 3.12.*", "b >=1", "c=1"], pypi=False)
    assert not is_spaced(["a>=1", "b=2", "c >1"], pypi=False)
    assert is_spaced([], pypi=False)
    assert not is_spaced(["x[a]>=1", "b >=1"], pypi=True)
    assert is_spaced(["x >=1"], pypi=True)


@pytest.mark.slow
def test_conda_lock_reads_edits() -> None:
    """What was added and removed on some platforms, conda-lock reads as we do, line for line."""
    text = (
        "platforms: [linux-64, linux-aarch64, osx-64, osx-arm64, win-64]\ndependencies:\n"
        "  - python\n  - numpy >=1.26  # as CI has it\n  - gdb  # [linux]\n"
    )
    questions, expected = [], []
    for seed in range(60):
        chance = random.Random(seed)
        draft = _draft(text)
        every = draft.reach("default")
        for name in chance.choices(["python", "numpy", "gdb", "fresh"], k=3):
            some = frozenset(chance.sample(sorted(every), chance.randint(1, 4)))
            change = Change("default", name, pypi=False, selection=Selection(some, every))
            draft = put(draft, change, f"{name} 1") if seed % 3 else take(draft, change)
        for subdir in sorted(every):
            questions.append([draft.sources[0].text, subdir])
            own = draft.own_requirements("default", subdir, pypi=False)
            expected.append(sorted(requirement.text for requirement in own))
    lines = conda_lock_says("lines", questions)
    dependencies = [yaml.safe_load("\n".join(kept))["dependencies"] for kept in lines]
    assert [sorted(names or []) for names in dependencies] == expected


#: What markers are asked of on three platforms, told here a second time.
_MACHINES = {
    "linux-64": {"sys_platform": "linux", "platform_machine": "x86_64"},
    "osx-arm64": {"sys_platform": "darwin", "platform_machine": "arm64"},
    "win-64": {"sys_platform": "win32", "platform_machine": "AMD64"},
}
_MARKED = [
    "tool>=1; sys_platform == 'win32'",
    "tool>=1; sys_platform != 'win32'",
    "tool; platform_machine == 'arm64' and python_version >= '3.9'",
    "./tool ; sys_platform == 'linux'",
]


def _counting(draft: Draft, subdir: str) -> list[str]:
    """What the entries of ``pip:`` ask for on a platform, by their markers."""
    environment = {**default_environment(), "python_version": "3.12", **_MACHINES[subdir]}
    texts = [line.text for line in draft.own_requirements("default", subdir, pypi=True)]
    markers = [(text, text.partition(";")[2].strip()) for text in texts]
    return [text for text, marker in markers if not marker or Marker(marker).evaluate(environment)]


@pytest.mark.parametrize("entry", _MARKED)
@pytest.mark.parametrize("new", ["tool>=9", "tool>=9; sys_platform == 'darwin'", None])
def test_markers_and_selectors(entry: str, new: str | None) -> None:
    """After any change, no line is left that applies nowhere."""
    platforms = sorted(_MACHINES)
    name = entry if entry.startswith("./") else "tool"
    text = (
        f"platforms: [{', '.join(platforms)}]\n"
        f'dependencies:\n  - python\n  - pip:\n      - other\n      - "{entry}"\n'
    )
    for count in (1, 2, 3):
        for some in map(frozenset, combinations(platforms, count)):
            before = _draft(text)
            change = Change("default", name, True, Selection(some, frozenset(platforms)))
            after = put(before, change, new) if new else take(before, change)
            for subdir in platforms:
                was, now = _counting(before, subdir), _counting(after, subdir)
                entries = [new] if new and ("darwin" not in new or subdir == "osx-arm64") else []
                assert now == (["other", *entries] if subdir in some else was), (some, subdir)
            kept = {
                line.at: line.text
                for subdir in platforms
                for line in after.own_requirements("default", subdir, pypi=True)
                if line.text != new
            }
            alive = {line for subdir in platforms for line in _counting(after, subdir)}
            assert set(kept.values()) <= alive, after.sources[0].text
