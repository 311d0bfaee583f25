"""Manifests as files: what valid ones request, and every problem of invalid ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conda_multiplat.manifest.model import Manifest
from conda_multiplat.manifest.read import Source, read_manifest
from conda_multiplat.manifest.targets import targets
from conda_multiplat.vocabulary.errors import ManifestError
from conda_multiplat.vocabulary.pip_entries import entry_name

CASES = Path(__file__).parents[1] / "cases" / "manifests"
GOOD = sorted((CASES / "good").glob("*.yml"))
BAD = sorted((CASES / "bad").glob("*.yml"))
HOST = ("osx-arm64",)


def check_spec(spec: str) -> str | None:
    """The conda engine's parser as a port: here it knows one mistake."""
    return "unknown operator '>>'" if ">>" in spec else None


def read(*files: tuple[str, str]) -> Manifest:
    """The manifest of files given as (name, text), read on an Apple machine."""
    sources = [Source(name, text) for name, text in files]
    return read_manifest(sources, host_subdirs=HOST, check_spec=check_spec, entry_name=entry_name)


def problems(*files: tuple[str, str]) -> str:
    """What is wrong with the files, as a person reads it."""
    with pytest.raises(ManifestError) as raised:
        read(*files)
    return "\n".join(str(problem) for problem in raised.value.problems)


def asked_for(manifest: Manifest) -> dict[str, dict[str, list[str]]]:
    """Each target and all that is asked of it, as JSON."""
    return {
        str(target): {
            "virtual_packages": [str(package) for package in target.virtual_packages],
            "assumed": sorted(target.assumed),
            "conda": [line.text for line in target.view.conda],
            "pypi": [line.text for line in target.view.pypi],
            "channels": [channel.value for channel in target.view.channels],
        }
        for target in targets(manifest)
    }


def text_of(path: Path) -> str:
    """A case's text, its lines ending as on Unix however it was checked out."""
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_bad_manifest(path: Path) -> None:
    """Every problem of an invalid manifest is reported at once, in order, with place and hint."""
    assert problems((path.name, text_of(path))) + "\n" == text_of(path.with_suffix(".txt"))


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_bad_manifest_with_crlf(path: Path) -> None:
    """Places and messages are the same where lines end as on Windows."""
    text = text_of(path).replace("\n", "\r\n")
    assert problems((path.name, text)) + "\n" == text_of(path.with_suffix(".txt"))


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_good_manifest(path: Path, newline: str) -> None:
    """A good manifest gives its targets with what each is promised and asked for."""
    manifest = read((path.name, text_of(path).replace("\n", newline)))
    assert asked_for(manifest) == json.loads(text_of(path.with_suffix(".json")))


def test_what_the_design_example_says() -> None:
    """The name, the order of environments and what `install` tries first come from the file."""
    path = CASES / "good" / "robot.yml"
    manifest = read((path.name, text_of(path)))
    assert manifest.files == ("robot.yml",)
    assert manifest.name == "robot"
    assert manifest.platforms == ("linux-64", "osx-arm64")
    assert manifest.platforms_given
    assert list(manifest.environments) == ["default", "cuda12", "dev"]
    assert manifest.prefer == ("cuda12", "default")
    assert manifest.environments["cuda12"].extends == ("default",)
    assert manifest.warnings == ()


def test_variables_of_each_platform() -> None:
    """A variable has the value of the line that its platform keeps, and none without a line."""
    path = CASES / "good" / "comment-selectors.yml"
    assert read((path.name, text_of(path))).variables == {
        "linux-64": {"MUJOCO_GL": "egl"},
        "linux-aarch64": {"MUJOCO_GL": "egl"},
        "osx-arm64": {"MUJOCO_GL": "cgl"},
        "win-64": {},
    }


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1", "1"),
        ("1.10", "1.10"),
        ("yes", "yes"),
        ("2024-06-04", "2024-06-04"),
        ('"a: #b"', "a: #b"),
        ("", ""),
        ("~", ""),
        ("${HOME}/x", "${HOME}/x"),
    ],
)
def test_variables_stay_as_written(written: str, value: str) -> None:
    """A variable's value is the text in the file, whatever YAML would make of it."""
    manifest = read(("e.yml", f"dependencies: []\nvariables:\n  A: {written}\n"))
    assert manifest.variables == {"osx-arm64": {"A": value}}


def test_requirements_know_their_place_name_and_category() -> None:
    """A dependency has its file, line and column, its package's name and the file's category."""
    path = CASES / "good" / "specs.yml"
    view = read((path.name, text_of(path))).view("default", "linux-64")
    shown = [(line.name, str(line.at), line.category) for line in (*view.conda, *view.pypi)]
    assert shown == [
        ("scipy", "specs.yml:4:5", "test"),
        ("numpy", "specs.yml:5:5", "test"),
        ("python", "specs.yml:6:5", "test"),
        ("openssl", "specs.yml:7:5", "test"),
        ("pandas", "specs.yml:8:5", "test"),
        ("robo-suite", "specs.yml:13:9", "test"),
        ("torch", "specs.yml:14:9", "test"),
        ("", "specs.yml:15:9", "test"),
        ("", "specs.yml:16:9", "test"),
        ("", "specs.yml:17:9", "test"),
        ("", "specs.yml:18:9", "test"),
        ("jax", "specs.yml:19:9", "test"),
    ]


def test_category_of_environments_lines() -> None:
    """The file's category is that of its own dependencies, not of the environments' in it."""
    text = """\
category: dev
dependencies: [python]
multiplat: {environments: {docs: {dependencies: [sphinx]}}}
"""
    view = read(("e.yml", text)).view("docs", "osx-arm64")
    assert [(line.name, line.category) for line in view.conda] == [
        ("python", "dev"),
        ("sphinx", "main"),
    ]


def test_empty_name_and_keys_are_nothing() -> None:
    """Keys without a value are ignored, and the file is still valid."""
    manifest = read(("e.yml", "name:\nchannels:\nplatforms:\ndependencies:\nmultiplat:\n"))
    assert manifest.name is None
    assert manifest.platforms == HOST
    assert list(manifest.environments) == ["default"]


def test_host_platforms_where_no_file_names_any() -> None:
    """Without `platforms`, the caller's are used, and the manifest states that."""
    source = Source("e.yml", "dependencies: []\n")
    manifest = read_manifest([source], host_subdirs=["win-64", "linux-64"])
    assert manifest.platforms == ("win-64", "linux-64")
    assert not manifest.platforms_given


def test_unknown_top_level_keys_are_warnings() -> None:
    """An unknown key of the file is ignored with a warning that names its place (CEP 24)."""
    text = "dependancies: []\ncolour: red\ndependencies: []\nprefix: ~/x\nchanels: [a]\n"
    assert read(("e.yml", text)).warnings == (
        "e.yml:1:1: unknown key 'dependancies' is ignored (did you mean 'dependencies'?)",
        "e.yml:2:1: unknown key 'colour' is ignored",
        "e.yml:5:1: unknown key 'chanels' is ignored (did you mean 'channels'?)",
    )


def test_keys_of_conda_lock() -> None:
    """For conda-lock's own keys, the warning names their place here."""
    text = "pip-repositories: [https://example.com/simple]\nallow-pypi-requests: false\n"
    assert read(("e.yml", f"{text}dependencies: []\n")).warnings == (
        "e.yml:1:1: unknown key 'pip-repositories' is ignored "
        "(write `- --extra-index-url URL` under `pip:`)",
        "e.yml:2:1: unknown key 'allow-pypi-requests' is ignored "
        "(write `- --index-url URL` under `pip:`)",
    )


def test_specs_are_not_parsed_without_ports() -> None:
    """Without parsers for them, specs and entries of `pip:` are taken as they are."""
    source = Source("e.yml", "dependencies: [numpy >>1, pip: [--nonsense]]\n")
    view = read_manifest([source], host_subdirs=HOST).view("default", "osx-arm64")
    assert [line.text for line in view.conda] == ["numpy >>1"]
    assert [(line.text, line.name) for line in view.pypi] == [("--nonsense", "")]


def test_a_spec_is_parsed_once_for_all_platforms() -> None:
    """The MatchSpec parser is asked once about each text, however many platforms have it."""
    asked: list[str] = []

    def check(spec: str) -> str | None:
        asked.append(spec)
        return None

    text = "platforms: [linux-64, osx-64, win-64]\ndependencies: [python, numpy]\n"
    read_manifest([Source("e.yml", text)], host_subdirs=HOST, check_spec=check)
    assert asked == ["python", "numpy"]


def test_error_names_the_files() -> None:
    """The error's own line names all files that were read together."""
    with pytest.raises(ManifestError) as raised:
        read(("a.yml", "dependencies: []\n"), ("b.yml", ""))
    assert str(raised.value) == "a.yml, b.yml can't be used"
    assert raised.value.exit_code == 2


COMBINED = (
    (
        "base.yml",
        """\
name: robot
channels: [example, conda-forge]
platforms: [linux-64]
dependencies:
  - python 3.12.*
  - numpy
  - numpy <3
  - scipy
  - pip: [robosuite, torch==2.4, --pre]
variables: {A: base, B: base}
multiplat:
  prefer: [cuda12]
  virtual-packages: {linux: {glibc: "2.28", cuda: "12.4"}}
  environments:
    cuda12: {dependencies: [pytorch-gpu]}
""",
    ),
    (
        "dev.yml",
        """\
channels: [conda-forge]
platforms: [osx-arm64, linux-64]
category: dev
dependencies:
  - NumPy >=1.26
  - pytest
  - pip: [Torch==2.5, -e .]
variables: {B: dev, C: dev}
multiplat:
  prefer: [default]
  virtual-packages: {linux: {glibc: "2.34"}}
  environments:
    docs: {extends: [cuda12], dependencies: [sphinx]}
""",
    ),
)


def test_a_later_file_overrides_package_by_package() -> None:
    """What a later file says of a package replaces all that earlier files say of it."""
    manifest = read(*COMBINED)
    view = manifest.view("default", "linux-64")
    assert [(line.text, line.at.file, line.category) for line in (*view.conda, *view.pypi)] == [
        ("python 3.12.*", "base.yml", "main"),
        ("scipy", "base.yml", "main"),
        ("NumPy >=1.26", "dev.yml", "dev"),
        ("pytest", "dev.yml", "dev"),
        ("robosuite", "base.yml", "main"),
        ("--pre", "base.yml", "main"),
        ("Torch==2.5", "dev.yml", "dev"),
        ("-e .", "dev.yml", "dev"),
    ]
    assert [channel.value for channel in view.channels] == ["example", "conda-forge"]


def test_what_several_files_say_together() -> None:
    """Platforms, environments, promises and variables are united, a later file's values winning."""
    manifest = read(*COMBINED)
    assert manifest.files == ("base.yml", "dev.yml")
    assert manifest.name == "robot"
    assert manifest.platforms == ("linux-64", "osx-arm64")
    assert list(manifest.environments) == ["default", "cuda12", "docs"]
    assert manifest.environments["default"].promises == {"linux": {"glibc": "2.34", "cuda": "12.4"}}
    assert manifest.variables["linux-64"] == {"A": "base", "B": "dev", "C": "dev"}
    assert manifest.prefer == ("cuda12", "default")
    docs = manifest.view("docs", "osx-arm64")
    assert [line.name for line in docs.conda][-2:] == ["pytorch-gpu", "sphinx"]


def test_the_last_name_counts() -> None:
    """Of several files' names the last one is the environment's."""
    files = [(f"{n}.yml", f"name: {n}\ndependencies: []\n") for n in ("a", "b")]
    assert read(*files, ("c.yml", "dependencies: []\n")).name == "b"


@pytest.mark.parametrize(
    ("first", "second", "channels"),
    [
        ("[a, b]", "[b]", ["a", "b"]),
        ("[b]", "[a, b]", ["a", "b"]),
        ("[a, b]", "[a, b]", ["a", "b"]),
        ("[a, b]", "[]", ["a", "b"]),
        ("", "[a, b]", ["a", "b"]),
    ],
)
def test_channels_with_a_common_order(first: str, second: str, channels: list[str]) -> None:
    """Of two files' channels the longer list holds, where the other one is its end."""
    files = [
        (name, f"channels: {written}\ndependencies: []\n")
        for name, written in (("a.yml", first), ("b.yml", second))
    ]
    view = read(*files).view("default", "osx-arm64")
    assert [channel.value for channel in view.channels] == channels


@pytest.mark.parametrize(
    ("first", "second"), [("a, b", "b, a"), ("a, b", "a"), ("a", "b"), ("a", "a, b")]
)
def test_channels_without_a_common_order(first: str, second: str) -> None:
    """Channels whose order two files leave open are a problem, told where the later list is."""
    files = [
        (name, f"channels: [{written}]\ndependencies: []\n")
        for name, written in (("a.yml", first), ("b.yml", second))
    ]
    assert problems(*files) == (
        f"b.yml:1:12: these channels and those of a.yml:1:12 ({first}) have no common order\n"
        "    write the same list in both files, or in one only the end of the other's"
    )


def test_an_environment_in_two_files() -> None:
    """An environment is declared in one file: the later place names the earlier one."""
    text = "dependencies: []\nmultiplat: {environments: {dev: {dependencies: [pytest]}}}\n"
    assert problems(("a.yml", text), ("b.yml", "\n" + text)) == (
        "b.yml:3:28: environment 'dev' is declared in a.yml:2:28 too\n    declare it in one file"
    )


def test_problems_of_all_files_are_sorted() -> None:
    """Problems of several files are told together, by file and then by line."""
    bad = "platforms: [linux-46]\ndependencies: [numpy >>1]\n"
    text = problems(("b.yml", bad), ("a.yml", bad), ("c.yml", ""))
    places = [line.split(": ")[0] for line in text.splitlines() if not line.startswith(" ")]
    assert places == ["a.yml:1:13", "a.yml:2:16", "b.yml:1:13", "b.yml:2:16", "c.yml"]


def test_kinds_of_selectors_are_counted_file_by_file() -> None:
    """One file may have comment selectors and another one dictionary selectors."""
    manifest = read(
        ("a.yml", "platforms: [linux-64, win-64]\ndependencies:\n  - gdb  # [linux]\n"),
        ("b.yml", "dependencies:\n  - sel(win): pywin32\n"),
    )
    assert [line.text for line in manifest.view("default", "linux-64").conda] == ["gdb"]
    assert [line.text for line in manifest.view("default", "win-64").conda] == ["pywin32"]


def test_selectors_without_effect() -> None:
    """What holds on every platform can't have a selector: it would be ignored in silence."""
    text = """\
platforms:
  - linux-64
  - win-64  # [win]
dependencies: []
multiplat:
  virtual-packages:
    linux-64: {cuda: "12"}  # [linux]
  prefer: [default]  # [linux]
"""
    with pytest.raises(ManifestError) as raised:
        read(("environment.yml", text))
    assert [str(problem).splitlines()[0] for problem in raised.value.problems] == [
        "environment.yml:3: a selector has no effect in platforms",
        "environment.yml:7: a selector has no effect in virtual-packages",
        "environment.yml:8: a selector has no effect in prefer",
    ]


def test_one_key_under_two_selectors_inside_an_environment() -> None:
    """A key may occur once for each platform, in environments as at the top level."""
    text = """\
platforms: [linux-64, win-64]
dependencies: []
multiplat:
  environments:
    dev:
      dependencies: [a]  # [linux]
      dependencies: [b]  # [win]
"""
    manifest = read(("environment.yml", text))
    names = [line.name for line in manifest.view("dev", "linux-64").conda]
    assert (names, [line.name for line in manifest.view("dev", "win-64").conda]) == (["a"], ["b"])
