"""pixi's manifests as ours: random ones, checked against a second version of pixi's rules."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from conda_multiplat.importers.merge import Part, merge
from conda_multiplat.importers.pixi.platforms import PixiPlatform, read_platform
from conda_multiplat.importers.pixi.reader import read_pixi
from conda_multiplat.importers.pixi.specs import conda_spec, pypi_entries
from conda_multiplat.importers.toml_lines import Places
from conda_multiplat.importers.values import conda_meaning, request_differences
from conda_multiplat.importers.write_manifest import render
from conda_multiplat.manifest.model import Manifest
from conda_multiplat.manifest.read import Source, read_manifest
from conda_multiplat.manifest.targets import target
from conda_multiplat.vocabulary.names import families

SUBDIRS = ("linux-64", "linux-aarch64", "osx-arm64", "win-64")
GPU = {"name": "gpu", "platform": "linux-64", "cuda": "12.4"}
SELECTORS = (*SUBDIRS, "linux", "unix", "win", "gpu", "g*")
FEATURES = ("one", "two", "three")


def _random_tables(chance: random.Random) -> dict[str, Any]:
    names = chance.sample(["python", "numpy", "scipy", "a", "b", "c"], chance.randint(0, 4))
    return {
        kind: {name: chance.choice(["*", ">=1", "2.*", "==3"]) for name in names}
        for kind in ("dependencies", "host-dependencies")
        if chance.random() < 0.6
    }


def _random_feature(chance: random.Random) -> dict[str, Any]:
    feature = _random_tables(chance)
    if chance.random() < 0.5:
        selectors = chance.sample(SELECTORS, chance.randint(1, 3))
        feature["target"] = {selector: _random_tables(chance) for selector in selectors}
    if chance.random() < 0.4:
        feature["channels"] = chance.sample(["forge", "main", "extra"], chance.randint(1, 3))
    if chance.random() < 0.3:
        feature["system-requirements"] = {"cuda": chance.choice(["11.8", "12.9"])}
    return feature


def _random_manifest(chance: random.Random) -> dict[str, Any]:
    platforms: list[Any] = chance.sample(SUBDIRS, chance.randint(1, 4))
    if chance.random() < 0.5:
        platforms.insert(chance.randint(0, len(platforms)), GPU)
    features = {name: _random_feature(chance) for name in FEATURES}
    for feature in features.values():
        if chance.random() < 0.3:
            named = [platform if isinstance(platform, str) else "gpu" for platform in platforms]
            feature["platforms"] = chance.sample(named, chance.randint(1, len(named)))
    environments = {
        name: {
            "features": chance.sample(FEATURES, chance.randint(0, 3)),
            "no-default-feature": chance.random() < 0.3,
        }
        for name in chance.sample(["x", "y", "z", "default"], chance.randint(1, 4))
    }
    root = _random_feature(chance)
    root.pop("channels", None)
    workspace = {"name": "w", "channels": ["main", "forge"], "platforms": platforms}
    return {**root, "workspace": workspace, "feature": features, "environments": environments}


def _matches(selector: str, platform: PixiPlatform) -> bool:
    words = {platform.name, platform.subdir, *families(platform.subdir)}
    return selector in words or (selector == "g*" and platform.name.startswith("g"))


def _wanted(feature: Mapping[str, Any], platform: PixiPlatform) -> dict[str, str]:
    """What pixi takes of a feature: targets over the rest, host over run."""
    tables = [feature]
    tables += [t for s, t in feature.get("target", {}).items() if _matches(s, platform)]
    requirements: dict[str, str] = {}
    for kind in ("dependencies", "host-dependencies"):
        for table in tables:
            requirements.update(table.get(kind, {}))
    return requirements


def _platforms(data: Mapping[str, Any], features: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The platform of each subdir that an environment of these features is solved for."""
    every = [read_platform(value, []) for value in data["workspace"]["platforms"]]
    lists = [feature["platforms"] for feature in features if "platforms" in feature]
    named = {name for names in lists for name in names}
    exact = {platform.subdir for platform in every if platform and platform.name in named}
    chosen: dict[str, PixiPlatform] = {}
    for platform in every:
        if platform and all(platform.name in names or platform.subdir in names for names in lists):
            if platform.subdir in exact and platform.name not in named:
                continue
            if platform.subdir not in chosen or platform.name == platform.subdir:
                chosen[platform.subdir] = platform
    return chosen


def _written(data: Mapping[str, Any]) -> Manifest:
    """The manifest that is written for a pixi manifest, as it is read again."""
    imported = merge([Part(read_pixi("pixi.toml", "", data, check_spec=lambda _: None))])
    text = render(imported, ["pixi.toml"])
    got = read_manifest([Source("environment.yml", text)], host_subdirs=())
    assert list(request_differences(imported.manifest, got)) == []
    return got


@pytest.mark.parametrize("start", range(0, 300, 50))
def test_any_manifest(start: int) -> None:
    """Each environment has pixi's platforms, and on each pixi's requirements, channels and CUDA."""
    for seed in range(start, start + 50):
        data = _random_manifest(random.Random(seed))
        manifest = _written(data)
        for name, table in data["environments"].items():
            features = [data["feature"][feature] for feature in table["features"]]
            features += [] if table["no-default-feature"] else [data]
            platforms = _platforms(data, features)
            if not platforms:
                assert name == "default" or name not in manifest.environments, seed
            if not platforms or not features:
                continue  # no platform has all features; or nothing is asked for, from nowhere
            assert set(manifest.platforms_of(name)) == set(platforms), (seed, name)
            for subdir, platform in platforms.items():
                _check(manifest, name, features, platform, f"{seed} {name}/{subdir}", data)


def _saying_something(specs: set[str]) -> set[str]:
    """Without the bare names of packages that other specs say more of."""
    more = {spec.partition("[")[0] for spec in specs if "[" in spec}
    return specs - more


def _check(
    manifest: Manifest,
    name: str,
    features: Sequence[Mapping[str, Any]],
    platform: PixiPlatform,
    where: str,
    data: Mapping[str, Any],
) -> None:
    goal = target(manifest, name, platform.subdir)
    requirements = {
        conda_meaning(f"{package} {'' if version == '*' else version}".strip())
        for feature in features
        for package, version in _wanted(feature, platform).items()
    }
    got = {conda_meaning(line.text) for line in goal.view.conda}
    assert _saying_something(got) == _saying_something(requirements), where
    top = data["workspace"]["channels"]
    channels = [channel for feature in features for channel in feature.get("channels", top)]
    expected = list(dict.fromkeys(channels or top))
    assert [channel.value for channel in goal.view.channels] == expected, where
    cuda = [
        feature["system-requirements"]["cuda"]
        for feature in features
        if "system-requirements" in feature
    ]
    cuda = cuda if not platform.subdir.startswith("osx") else []
    expected = max([*cuda, *platform.promises.values()], default=None)
    got = next((p.version for p in goal.virtual_packages if p.name == "__cuda"), None)
    assert got == expected, where


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("*", "p"),
        ("3.12.*", "p 3.12.*"),
        (">=1, <2", "p >=1,<2"),
        ("1.2", "p 1.2"),
        ("~=1.2", "p ~=1.2"),
        ("~=2,<5", "p >=2,<5"),
        ({"version": "1.*", "channel": "c"}, "c::p 1.*"),
        ({"version": "*", "channel": "https://c.example.com/x/"}, "https://c.example.com/x::p"),
        ({"version": "1.2", "build": "py_0"}, "p 1.2 py_0"),
        ({"version": ">=1,<2", "build": "*cuda*"}, "p >=1,<2 *cuda*"),
        ({"version": ">=1|<3", "build": "x_0"}, "p >=1|<3 x_0"),
        ({"build": "*openblas"}, "p=*=*openblas"),
        ({"version": "(1.2|1.3),!=1.2.5"}, "p[version='(1.2|1.3),!=1.2.5']"),
        ({"version": "1", "sha256": "0" * 64}, f"p[version='1',sha256='{'0' * 64}']"),
        ({"workspace": True, "build": "py_0"}, "p 9.* py_0"),
    ],
    ids=str,
)
def test_conda_specs(value: object, expected: str) -> None:
    """Versions and tables become MatchSpecs, in words where conda reads those as the same."""
    assert conda_spec("p", value, {"p": "9.*"}).entries == (expected,)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("*", ["p"]),
        (">=1", ["p >=1"]),
        ("1.2", ["p ==1.2"]),
        ({"version": "~=1.2", "extras": ["a", "b"]}, ["p[a,b] ~=1.2"]),
        (
            {"version": "*", "index": "https://i.example.com"},
            ["--extra-index-url https://i.example.com", "p"],
        ),
        (
            {"git": "https://g.example.com/p.git", "tag": "v1"},
            ["p @ git+https://g.example.com/p.git@v1"],
        ),
        (
            {"url": "https://f.example.com/p.zip", "subdirectory": "s"},
            ["p @ https://f.example.com/p.zip#subdirectory=s"],
        ),
        ({"path": "p", "editable": True, "extras": ["x"]}, ["-e ./p[x]"]),
        ({"path": "../p-1.0-py3-none-any.whl"}, ["../p-1.0-py3-none-any.whl"]),
        ({"version": "*", "env-markers": "os_name == 'nt'"}, ["p; os_name == 'nt'"]),
        (
            {"git": "https://g.example.com/p", "env-markers": "os_name == 'nt'"},
            ["p @ git+https://g.example.com/p ; os_name == 'nt'"],
        ),
    ],
    ids=str,
)
def test_pypi_entries(value: object, expected: list[str]) -> None:
    """Versions and tables of PyPI's side become entries of ``pip:``."""
    assert list(pypi_entries("p", value).entries) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("linux-64", PixiPlatform("linux-64", "linux-64")),
        ({"name": "osx-64"}, PixiPlatform("osx-64", "osx-64")),
        (
            {"platform": "linux-64", "glibc": "2.17", "cuda": "12.0"},
            PixiPlatform(
                "linux-64-cuda-12-0-glibc-2-17", "linux-64", {"glibc": "2.17", "cuda": "12.0"}
            ),
        ),
        (
            {"platform": "osx-arm64", "osx": "13.0"},
            PixiPlatform("osx-arm64", "osx-arm64", {"osx": "13.0"}),
        ),
        (
            {
                "name": "j",
                "platform": "win-64",
                "cuda": {"driver": "12.0", "arch": "8.6"},
                "windows": "11",
            },
            PixiPlatform("j", "win-64", {"cuda": "12.0", "cuda_arch": "8.6", "win": "11"}),
        ),
        (
            {"platform": "linux-64", "__archspec": "0=skylake"},
            PixiPlatform("linux-64-archspec-skylake", "linux-64", {"archspec": "skylake"}),
        ),
        ("linux-65", None),
        ({"name": "jetson"}, None),
    ],
    ids=str,
)
def test_platforms(value: object, expected: PixiPlatform | None) -> None:
    """Platforms have a name, given or derived as pixi does, a subdir and virtual packages."""
    assert read_platform(value, []) == expected


def test_places() -> None:
    """Tables, keys and items of lists are found on their lines; what is not, where it lies."""
    text = (
        '[a.b]\nkey = 1\n"quoted key" = 2\ndotted.inner = { deep = 3 }\n\n'
        "[c]\nlist = [\n  'x',\n  \"y\",\n]\n"
    )
    places = Places("f.toml", text)
    places_by_name = {
        "a": places.at("a"),
        "key": places.at("a", "b", "key"),
        "quoted": places.at("a", "b", "quoted key"),
        "inner": places.at("a", "b", "dotted", "inner"),
        "deep": places.at("a", "b", "dotted", "inner", "deep"),
        "missing": places.at("a", "b", "missing"),
        "item": places.item("y", "c", "list"),
        "no item": places.item("z", "c", "list"),
        "nowhere": places.at("d"),
    }
    assert {name: at.line for name, at in places_by_name.items()} == {
        "a": 1,
        "key": 2,
        "quoted": 3,
        "inner": 4,
        "deep": 4,
        "missing": 1,
        "item": 9,
        "no item": 7,
        "nowhere": 0,
    }


FIRST, SECOND = "https://i.example.com/whl/cu124", "https://i.example.com/simple/"


@pytest.mark.parametrize(
    ("one", "two", "table", "sources"),
    [
        (FIRST, FIRST, "feature", {"p-q": FIRST}),
        (FIRST, None, "feature", {"p-q": FIRST}),
        (FIRST, SECOND, "feature", {}),
        (FIRST, "", "feature", {}),
        (FIRST, FIRST, "target", {"p-q": FIRST}),
        (FIRST, SECOND, "target", {}),
        ("./wheels", None, "feature", {}),
    ],
)
def test_indexes_of_packages(
    one: str, two: str | None, table: str, sources: dict[str, str]
) -> None:
    """An index is a source if all lines for a package have it; else it is a listed line."""
    lines = [{"version": "*", "index": index} if index else "*" for index in (one, two)]
    second = {"pypi-dependencies": {"P.Q": lines[1]}} if two is not None else {}
    data = {
        "workspace": {"name": "w", "channels": ["forge"], "platforms": ["linux-64", "win-64"]},
        "dependencies": {"python": "3.12.*"},
        "pypi-dependencies": {"p_q": lines[0], "plain": "*", "r": {"index": SECOND}},
    }
    if table == "feature":
        data |= {"feature": {"f": second}, "environments": {"e": ["f"]}}
    else:
        data |= {"target": {"win-64": second}}
    imported = read_pixi("pixi.toml", "", data, check_spec=lambda _: "")
    text = render(imported, ["pixi.toml"])
    manifest = read_manifest([Source("environment.yml", text)], host_subdirs=())
    urls = dict(manifest.pypi.indexes)
    expected = {**sources, "r": SECOND}
    assert {name: urls[index] for name, index in manifest.pypi.sources} == expected
    assert len(urls) == len(set(expected.values()))
    listed = [lost.what for lost in imported.lost if "for this package only" in lost.what]
    assert bool(listed) == (not sources)
    assert ("--extra-index-url" in text) == (not sources)


_NONE = "for a conda package that is not a PyPI project: multiplat: {pypi-names: {NAME: null}}"


@pytest.mark.parametrize(
    ("table", "lost"),
    [
        (False, "conda-pypi-map = false"),
        ({}, "conda-pypi-map = false"),
        ({"conda-forge": False}, "conda-pypi-map of conda-forge: false"),
    ],
)
def test_no_mapping(table: object, lost: str) -> None:
    """A mapping that is switched off has no counterpart: it is listed, with what to write."""
    workspace = {"channels": ["conda-forge"], "platforms": ["linux-64"], "conda-pypi-map": table}
    data = {"workspace": workspace, "dependencies": {"zlib": "*"}}
    imported = read_pixi("pixi.toml", "", data, check_spec=lambda _: "")
    assert [(loss.what, loss.instead) for loss in imported.lost] == [(lost, _NONE)]
    assert not imported.manifest.pypi_names
