"""``exclude-newer``: what is too new isn't seen, and `check` verifies that offline."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.git import repository
from support.hosts import Host
from support.manifests import locked, write
from support.packages import Package, write_repodata
from support.pypi_index import Index
from support.random_packages import random_packages
from support.server import Rules, serve

from conda_multiplat.engines.conda.rattler_versions import KNOWS_INDEXED
from conda_multiplat.engines.pypi.uv import uv_version
from conda_multiplat.lockfile.exclude_newer import Cooldown, Times
from conda_multiplat.lockfile.read import read_lock
from conda_multiplat.lockfile.write import render

DAY = 86400
NOW = int(time.time())
LINUX = "[linux-64]"
_OLD_AND_NEW = (("1.0", 90), ("2.0", 1))
_TIMES = ("timestamp", "indexed_timestamp")


def _at(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _of(name: str, version: str, days: float | None, *depends: str) -> Package:
    """A package that was published so many days ago; ``None``: nobody says when."""
    times = {} if days is None else {"timestamp": int((NOW - days * DAY) * 1000)}
    return Package(name, version, noarch="generic", depends=depends, metadata=times)


def _channel(folder: Path, *packages: Package) -> Path:
    """A channel with no other times than the packages say in ``metadata``."""
    write_repodata(folder, packages)
    known = {(package.subdir, package.file_name): package for package in packages}
    for file in folder.glob("*/repodata.json"):
        data = json.loads(file.read_text(encoding="utf-8"))
        for name, record in data["packages.conda"].items():
            own = known[file.parent.name, name].metadata
            record.pop("timestamp", None)
            record.update({key: own[key] for key in _TIMES if key in own})
        file.write_text(json.dumps(data), encoding="utf-8")
        file.with_name("repodata.json.zst").unlink()
    return folder


def _extra(**keys: Any) -> str:
    named = {key.replace("_", "-"): value for key, value in keys.items()}
    return f"multiplat: {json.dumps(named)}\n"


def _custom(project: Path) -> dict[str, Any]:
    data = yaml.safe_load((project / "conda-lock.yml").read_text(encoding="utf-8"))
    return dict(data["metadata"]["custom_metadata"])


def _said(project: Path) -> dict[str, Any]:
    """What the lock keeps of what was said."""
    return dict(json.loads(_custom(project)["multiplat.exclude-newer.linux-64"]))


def _changed(project: Path, change: Callable[[Cooldown], Cooldown]) -> None:
    """Write another cooldown into a lock, as somebody would who knows its digests."""
    path = project / "conda-lock.yml"
    lock = read_lock(path.read_text(encoding="utf-8"), path.name)
    platforms = {
        subdir: platform._replace(cooldown=change(platform.cooldown))
        for subdir, platform in lock.platforms.items()
    }
    path.write_text(render(lock._replace(platforms=platforms)), encoding="utf-8")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Where a channel is to be."""
    return tmp_path / "own"


@pytest.fixture
def tools(own: Path) -> Path:
    """A tool and its part, of which there are new ones."""
    return _channel(
        own,
        _of("tool", "1.0", 100, "part"),
        _of("tool", "2.0", 3, "part"),
        _of("part", "1.0", 100),
        _of("part", "2.0", 20),
        _of("part", "3.0", 1),
    )


@pytest.fixture
def pypi(tmp_path: Path) -> Iterator[Rules]:
    """An index that says when files were uploaded."""
    index = Index(tmp_path / "index", dated=True)
    index.wheel("robot", "1.0", requires=["arm"], uploaded=_at(NOW - 100 * DAY))
    index.wheel("robot", "2.0", requires=["arm"], uploaded=_at(NOW - 3 * DAY))
    index.wheel("arm", "1.0", uploaded=_at(NOW - 100 * DAY))
    index.wheel("arm", "2.0", uploaded=_at(NOW - DAY))
    with serve(index.root) as server:
        yield server


def _pip(server: Rules, *entries: str) -> str:
    lines = [f"--index-url {server.url}/simple", *entries]
    return "pip:\n" + "\n".join(f"      - {line}" for line in lines)


def _with_python(channel: Path) -> Path:
    return _channel(channel, _of("python", "3.12.4", 100), _of("python", "3.12.9", 2))


def test_both_halves(
    door: Host, project: Path, own: Path, pypi: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A duration holds for conda's records and PyPI's files; `check` verifies it with all gone."""
    write(
        project, _with_python(own), "python", _pip(pypi, "robot"), platforms=LINUX,
        extra=_extra(exclude_newer="7d"),
    )  # fmt: skip
    done = door.multiplat("lock", cwd=project)
    assert locked(project)["linux-64"] == {"python": "3.12.4", "robot": "1.0", "arm": "1.0"}
    at = datetime.fromisoformat(_said(project)["at"].replace("Z", "+00:00")).timestamp()
    assert NOW <= at <= time.time()
    assert f" exclude-newer 7d: nothing after {_at(at - 7 * DAY)} is used\n" in done.stderr
    times = json.loads(_custom(project)["multiplat.times.linux-64"])
    assert times == {
        "conda": {own.as_uri(): {"python": NOW - 100 * DAY}},
        "pypi": {"arm": NOW - 100 * DAY, "robot": NOW - 100 * DAY},
    }
    own.rename(own.with_name("gone"))
    pypi.status[""] = 500
    count = len(pypi.requests)
    assert door.multiplat("check", cwd=project).stdout == "in sync: conda-lock.yml\n"
    done = door.multiplat("lock", cwd=project)
    assert done.stderr.splitlines()[-1].startswith(" in sync: nothing to write")
    assert len(pypi.requests) == count


@pytest.mark.parametrize("own_word", [False, True])
def test_priority_of_channels(alone: Host, project: Path, tmp_path: Path, own_word: bool) -> None:
    """A strict first channel hides the second, though all that it has is too new."""
    first, second = tmp_path / "first", tmp_path / "second"
    _channel(first, _of("tool", "2.0", 1))
    _channel(second, _of("tool", "1.0", 50))
    more = {"exclude_newer_package": {"other": False}} if own_word else {}
    write(project, first, "tool", platforms=LINUX, extra=_extra(exclude_newer="7d", **more))
    manifest = project / "environment.yml"
    one = f"  - {first.as_uri()}\n"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace(one, f"{one}  - {second.as_uri()}\n"), encoding="utf-8")
    done = alone.multiplat("lock", "--channel-priority", "strict", cwd=project, code=1)
    assert "tool 2.0 is excluded because it is newer than exclude-newer allows\n" in done.stderr
    assert "due to strict channel priority" in done.stderr
    alone.multiplat("lock", "--channel-priority", "flexible", cwd=project)
    assert locked(project)["linux-64"] == {"tool": "1.0"}


def test_an_instant_makes_the_same_bytes(alone: Host, project: Path, tools: Path) -> None:
    """A date needs no clock: what is locked from the same channel later is the same file."""
    day = _at(NOW - 8 * DAY)[:10]
    write(project, tools, "tool", platforms=LINUX, extra=_extra(exclude_newer=day))
    alone.multiplat("lock", cwd=project)
    assert locked(project)["linux-64"] == {"tool": "1.0", "part": "2.0"}
    first = (project / "conda-lock.yml").read_bytes()
    assert b'"at"' not in first
    (project / "conda-lock.yml").unlink()
    alone.multiplat("lock", cwd=project)
    assert (project / "conda-lock.yml").read_bytes() == first


@pytest.mark.slow
def test_the_instant_of_a_lock(alone: Host, project: Path, tools: Path) -> None:
    """Nothing changed: the instant stays. A line more: it is new, what fits stays. All: anew."""
    write(project, tools, "tool", platforms=LINUX, extra=_extra(exclude_newer="7d"))
    alone.multiplat("lock", cwd=project)
    old = _said(project)["at"]
    before = [_of("tool", "1.5", 50, "part"), _of("other", "1.0", 50)]
    kept = [_of("tool", "1.0", 100, "part"), _of("part", "1.0", 100), _of("part", "2.0", 20)]
    _channel(tools, *kept, *before)
    time.sleep(1.1)
    alone.multiplat("lock", cwd=project)
    assert _said(project)["at"] == old
    write(project, tools, "tool", "other", platforms=LINUX, extra=_extra(exclude_newer="7d"))
    alone.multiplat("lock", cwd=project)
    assert _said(project)["at"] > old
    assert locked(project)["linux-64"] == {"tool": "1.0", "part": "2.0", "other": "1.0"}
    alone.multiplat("lock", "--update-all", cwd=project)
    assert locked(project)["linux-64"] == {"tool": "1.5", "part": "2.0", "other": "1.0"}
    same = (project / "conda-lock.yml").read_bytes()
    time.sleep(1.1)
    done = alone.multiplat("lock", "--update-all", cwd=project)
    assert "in sync: nothing to write" in done.stderr
    assert (project / "conda-lock.yml").read_bytes() == same


def test_records_that_became_too_new(alone: Host, project: Path, tools: Path) -> None:
    """A lock is not kept where a cooldown comes later: `check` says so, `lock` takes older ones."""
    write(project, tools, "tool", platforms=LINUX)
    alone.multiplat("lock", cwd=project)
    assert locked(project)["linux-64"] == {"tool": "2.0", "part": "3.0"}
    write(project, tools, "tool", platforms=LINUX, extra=_extra(exclude_newer="7d"))
    assert alone.multiplat("check", cwd=project, code=1).stdout == (
        "conda-lock.yml is out of date\n"
        "  exclude-newer 7d: locked without it  (linux-64)\n"
        "run: conda multiplat lock\n"
    )
    alone.multiplat("lock", cwd=project)
    assert locked(project)["linux-64"] == {"tool": "1.0", "part": "2.0"}
    alone.multiplat("check", "--strict", cwd=project)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"exclude_newer": "7d"}, ("1.0", "2.0")),
        ({"exclude_newer": "P2D"}, ("2.0", "2.0")),
        ({"exclude_newer": "1w 3d"}, ("1.0", "2.0")),
        ({"exclude_newer": 2 * DAY}, ("2.0", "2.0")),
        ({"exclude_newer": "7d", "exclude_newer_package": {"part": False}}, ("1.0", "3.0")),
        ({"exclude_newer": "7d", "exclude_newer_package": {"tool": "2d"}}, ("2.0", "2.0")),
        ({"exclude_newer_package": {"part": "30 days"}}, ("2.0", "1.0")),
        ({"exclude_newer_channel": {"URL": "7d"}}, ("1.0", "2.0")),
        ({"exclude_newer": "7d", "exclude_newer_channel": {"URL": False}}, ("2.0", "3.0")),
        (
            {
                "exclude_newer": "50d",
                "exclude_newer_channel": {"URL": "7d"},
                "exclude_newer_package": {"PART": "no"},
            },
            ("1.0", "3.0"),
        ),
    ],
)
def test_precedence(
    alone: Host, project: Path, tools: Path, settings: dict[str, Any], expected: tuple[str, str]
) -> None:
    """A package's own word before its channel's, and that before what is said of everything."""
    extra = _extra(**settings).replace('"URL"', json.dumps(tools.as_uri()))
    write(project, tools, "tool", platforms=LINUX, extra=extra)
    alone.multiplat("lock", cwd=project)
    versions = locked(project)["linux-64"]
    assert (versions["tool"], versions["part"]) == expected
    alone.multiplat("check", "--strict", cwd=project)


def _seen_by_conda(record: Mapping[str, Any], channel: str, cuts: Mapping[str, Any]) -> bool:
    """Conda's rule (26.9), said again in plain words; ``cuts`` has instants, or ``None``.

    A record's own time is ``indexed_timestamp``, or ``timestamp`` where that is missing or 0; what
    is larger than any number of seconds is in milliseconds. Without a time a record is seen.
    """
    own = record.get("indexed_timestamp") or record.get("timestamp")
    if record["name"] in cuts["packages"]:
        cut = cuts["packages"][record["name"]]
    elif channel in cuts["channels"]:
        cut = cuts["channels"][channel]
    else:
        cut = cuts["everything"]
    if cut is None or not own:
        return True
    seconds = own / 1000 if own > 253402300799 else own
    return bool(seconds <= cut)


def _random_time(chosen: random.Random) -> dict[str, int]:
    """The times of a record as channels have them: some, both, in seconds, 0, or none."""
    built = NOW - chosen.randrange(60 * DAY)
    indexed = built + chosen.randrange(20 * DAY)
    kinds: list[dict[str, int]] = [
        {"timestamp": built * 1000 + chosen.randrange(1000)},
        {"timestamp": built * 1000},
        {"timestamp": built},
        {
            "timestamp": built * 1000,
            "indexed_timestamp": indexed * 1000,
        },
        {"timestamp": built * 1000, "indexed_timestamp": 0},
        {"timestamp": 0},
        {},
    ]
    time = chosen.choices(kinds, weights=[6, 4, 2, 4, 1, 1, 1])[0]
    if not KNOWS_INDEXED:  # py-rattler before 0.27: `lock` says that it goes by `timestamp`
        time.pop("indexed_timestamp", None)
    return time


def _random_rule(
    chosen: random.Random, names: Sequence[str], channels: Sequence[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A rule as a manifest says it, and the instants that it means."""
    edges = [NOW - day * DAY for day in range(0, 60, 5)]

    def word(*, never: bool) -> tuple[Any, int | None]:
        if never and chosen.random() < 0.3:
            return False, None
        cut = chosen.choice(edges)
        if chosen.random() < 0.3:  # a date is the end of its day
            day = _at(cut)[:10]
            start = datetime.fromisoformat(day).replace(tzinfo=timezone.utc)
            return day, int(start.timestamp()) + DAY
        return _at(cut), cut

    settings: dict[str, Any] = {}
    cuts: dict[str, Any] = {"everything": None, "channels": {}, "packages": {}}
    if chosen.random() < 0.8:
        settings["exclude_newer"], cuts["everything"] = word(never=False)
    if chosen.random() < 0.5:
        channel = chosen.choice(channels)
        text, cuts["channels"][channel] = word(never=True)
        settings["exclude_newer_channel"] = {channel: text}
    for name in chosen.sample(list(names), chosen.randrange(4)) if chosen.random() < 0.6 else ():
        text, cuts["packages"][name] = word(never=True)
        settings.setdefault("exclude_newer_package", {})[name] = text
    return settings, cuts


def _world(seed: int) -> tuple[list[Package], list[str], list[Package], list[Package]]:
    """Packages with random times, and which of two channels has each name."""
    chosen = random.Random(seed)
    packages, names = random_packages(seed)
    dated = [
        Package(
            p.name, p.version, p.build, p.subdir, p.noarch, p.depends, p.constrains,
            metadata=_random_time(chosen),
        )
        for p in packages
        if p.subdir in ("noarch", "linux-64")
    ]  # fmt: skip
    first = set(chosen.sample(names, len(names) // 2))
    return (
        dated,
        names,
        *([p for p in dated if (p.name in first) is is_first] for is_first in (True, False)),
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(50))
def test_random_worlds(alone: Host, project: Path, tmp_path: Path, seed: int) -> None:
    """What is locked is what would be if the channels had only what conda's rule lets through."""
    _, names, *halves = _world(seed)
    folders = [tmp_path / "one", tmp_path / "two"]
    chosen = random.Random(seed + 1000)
    asked = chosen.sample(names, 3)
    settings, cuts = _random_rule(chosen, names, [folder.as_uri() for folder in folders])

    def lock(extra: str, sees: Callable[[Package, Path], bool]) -> tuple[int, Any]:
        for folder, packages in zip(folders, halves, strict=True):
            _channel(folder, *(package for package in packages if sees(package, folder)))
        write(project, folders[0], *asked, platforms=LINUX, extra=extra)
        manifest = project / "environment.yml"
        text = manifest.read_text(encoding="utf-8")
        one = f"  - {folders[0].as_uri()}\n"
        manifest.write_text(text.replace(one, f"{one}  - {folders[1].as_uri()}\n"))
        (project / "conda-lock.yml").unlink(missing_ok=True)
        done = alone.multiplat("lock", cwd=project, code=None)
        if done.returncode:
            return done.returncode, None
        data = yaml.safe_load((project / "conda-lock.yml").read_text(encoding="utf-8"))
        alone.multiplat("check", "--strict", cwd=project)
        return 0, data["package"]

    def seen(package: Package, folder: Path) -> bool:
        record = {"name": package.name, **package.metadata}
        return _seen_by_conda(record, folder.as_uri(), cuts)

    expected = lock("", seen)
    assert lock(_extra(**settings), lambda _package, _folder: True) == expected


def test_worlds_are_of_both_kinds() -> None:
    """The worlds would show something: most of the rules exclude some records, and none all."""
    shares = []
    for seed in range(50):
        dated, names, one, _ = _world(seed)
        chosen = random.Random(seed + 1000)
        chosen.sample(names, 3)
        _, cuts = _random_rule(chosen, names, ["one", "two"])
        own = set(map(id, one))
        answers = [
            _seen_by_conda({"name": p.name, **p.metadata}, "one" if id(p) in own else "two", cuts)
            for p in dated
        ]
        shares.append(sum(answers) / len(answers))
    assert sum(0 < share < 1 for share in shares) >= 40
    assert min(shares) > 0


def test_when_it_came_into_the_channel(alone: Host, project: Path, own: Path) -> None:
    """That counts before the time of a build; a py-rattler that does not know it says so."""
    built, came = (NOW - 50 * DAY) * 1000, (NOW - DAY) * 1000
    times = {"timestamp": built, "indexed_timestamp": came}
    late = Package("tool", "2.0", noarch="generic", metadata=times)
    _channel(own, _of("tool", "1.0", 100), late)
    write(project, own, "tool", platforms=LINUX, extra=_extra(exclude_newer="7d"))
    done = alone.multiplat("lock", cwd=project)
    warned = "indexed_timestamp, from 0.27 on" in done.stderr
    assert warned is not KNOWS_INDEXED
    assert locked(project)["linux-64"] == {"tool": "1.0" if KNOWS_INDEXED else "2.0"}


def test_check_finds_what_breaks_it(alone: Host, project: Path, tools: Path) -> None:
    """A record that is newer, one without a time, an instant to come: offline, with exit code 1."""
    write(project, tools, "tool", platforms=LINUX, extra=_extra(exclude_newer="7d"))
    alone.multiplat("lock", cwd=project)
    url, at = tools.as_uri(), _said(project)["at"]
    good = (project / "conda-lock.yml").read_bytes()
    cut = _at(datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp() - 7 * DAY)

    def times(**dates: int) -> Callable[[Cooldown], Cooldown]:
        return lambda cooldown: cooldown._replace(times=Times({url: dates}))

    cases: list[tuple[Callable[[Cooldown], Cooldown], list[str]]] = [
        (
            times(tool=NOW - DAY, part=NOW - 20 * DAY),
            [
                f"  tool 1.0: published {_at(NOW - DAY)}, which is after exclude-newer's {cut}  "
                "(linux-64)"
            ],
        ),
        (
            times(part=NOW - 20 * DAY),
            ["  tool: the lock does not say when it was published  (linux-64)"],
        ),
        (
            lambda cooldown: cooldown._replace(at=NOW + 9 * DAY),
            [
                f"  its exclude-newer counts from {_at(NOW + 9 * DAY)}, which is in the future  "
                "(linux-64)"
            ],
        ),
        (
            lambda cooldown: cooldown._replace(at=NOW - 40 * DAY),
            [
                f"  part 2.0: published {_at(NOW - 20 * DAY)}, which is after exclude-newer's "
                f"{_at(NOW - 47 * DAY)}  (linux-64)"
            ],
        ),
    ]
    for change, lines in cases:
        (project / "conda-lock.yml").write_bytes(good)
        _changed(project, change)
        done = alone.multiplat("check", cwd=project, code=1)
        assert done.stdout.splitlines() == [
            "conda-lock.yml is out of date", *lines, "run: conda multiplat lock"
        ]  # fmt: skip
    (project / "conda-lock.yml").write_bytes(good)
    alone.multiplat("check", "--strict", cwd=project)


def test_nonsense_in_a_lock(alone: Host, project: Path, tools: Path) -> None:
    """What is no rule and no time is said to be so, and is no crash."""
    write(project, tools, "tool", platforms=LINUX, extra=_extra(exclude_newer="7d"))
    alone.multiplat("lock", cwd=project)
    path = project / "conda-lock.yml"
    good = path.read_text(encoding="utf-8")
    for key, value in (
        ("exclude-newer", "[]"),
        ("exclude-newer", '{"conda":{"everything":"soon"}}'),
        ("exclude-newer", '{"conda":{"channels":[]}}'),
        ("exclude-newer", '{"at":"never"}'),
        ("times", '{"conda":{"c":{"tool":"yesterday"}}}'),
        ("times", '{"conda":7}'),
    ):
        lines = [
            f"    multiplat.{key}.linux-64: '{value}'"
            if line.startswith(f"    multiplat.{key}.linux-64:")
            else line
            for line in good.splitlines()
        ]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        done = alone.multiplat("check", cwd=project, code=2)
        assert "conda-lock.yml: not a CEP 37 lock" in done.stderr, (value, done.stderr)


def test_the_option(alone: Host, project: Path, tools: Path) -> None:
    """`--exclude-newer` holds beside the manifest, for this lock; it can't let newer ones in."""
    write(project, tools, "tool", platforms=LINUX)
    alone.multiplat("lock", "--exclude-newer", "7d", cwd=project)
    assert locked(project)["linux-64"] == {"tool": "1.0", "part": "2.0"}
    alone.multiplat("check", "--strict", cwd=project)
    done = alone.multiplat("lock", cwd=project)
    assert "in sync: nothing to write" in done.stderr
    alone.multiplat("lock", "--exclude-newer", "50d", cwd=project)
    assert locked(project)["linux-64"] == {"tool": "1.0", "part": "1.0"}
    done = alone.multiplat("lock", "--update-all", cwd=project)
    assert done.stderr.splitlines()[0] == (
        " exclude-newer 50d is kept as it is locked; "
        "`conda multiplat lock --exclude-newer false` drops it"
    )
    assert locked(project)["linux-64"] == {"tool": "1.0", "part": "1.0"}
    done = alone.multiplat("outdated", "--json", cwd=project)
    versions = {
        package["name"]: package["allowed"] for package in json.loads(done.stdout)["outdated"]
    }
    assert versions == {"tool": "1.0", "part": "1.0"}
    alone.multiplat("lock", "--update-all", "--exclude-newer", "false", cwd=project)
    assert locked(project)["linux-64"] == {"tool": "2.0", "part": "3.0"}
    assert "multiplat.exclude-newer.linux-64" not in _custom(project)
    write(project, tools, "tool", platforms=LINUX, extra=_extra(exclude_newer="7d"))
    alone.multiplat("lock", "--update-all", "--exclude-newer", "0", cwd=project)
    assert locked(project)["linux-64"] == {"tool": "1.0", "part": "2.0"}
    alone.multiplat("check", "--strict", cwd=project)
    done = alone.multiplat("lock", "--exclude-newer", "soon", cwd=project, code=2)
    assert done.stderr == (
        "error: --exclude-newer can't be 'soon'\n"
        "  write a duration (7d, 3d12h, 1w, P7D) or an instant (2026-04-01, 2026-04-01T12:00:00Z)\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize("where", ["condarc", "CONDA_EXCLUDE_NEWER", "channel", "glob", "package"])
def test_condas_settings(door: Host, project: Path, tools: Path, where: str) -> None:
    """They hold where the manifest is silent, a line says so, and the lock is good elsewhere."""
    texts = {
        "condarc": "exclude_newer: 7d\n",
        "CONDA_EXCLUDE_NEWER": "",
        "channel": f"channel_settings:\n  - channel: {tools.as_uri()}\n    exclude_newer: 7d\n",
        "glob": (
            f"channel_settings:\n  - channel: {tools.as_uri()}\n    exclude_newer: false\n"
            "  - {channel: other, exclude_newer: 50d}\n"
            f"  - channel: {tools.parent.as_uri()}/o*\n    exclude_newer: 7d\n"
        ),
        "package": "exclude_newer: 7d\nexclude_newer_package: {part: false}\n",
    }
    condarc = door.home / ".condarc"
    condarc.write_text(texts[where], encoding="utf-8")
    env = {"CONDA_EXCLUDE_NEWER": "7d"} if where.isupper() else {}
    write(project, tools, "tool", platforms=LINUX)
    done = door.multiplat("lock", cwd=project, env=env)
    words = {"package": "7d; part: false"}
    words |= dict.fromkeys(("channel", "glob"), f"{tools.as_uri()}: 7d")
    assert done.stderr.splitlines()[0] == (
        " the manifest has no exclude-newer: "
        f"conda's exclude_newer: {words.get(where, '7d')} applies to conda packages"
    )
    part = "3.0" if where == "package" else "2.0"
    assert locked(project)["linux-64"] == {"tool": "1.0", "part": part}
    assert _said(project)["source"] == "conda"
    condarc.write_text("{}\n", encoding="utf-8")
    done = door.multiplat("lock", cwd=project)
    assert "in sync: nothing to write" in done.stderr
    door.multiplat("check", "--strict", cwd=project)
    _changed(
        project, lambda c: c._replace(times=Times({tools.as_uri(): {"tool": NOW, "part": NOW}}))
    )
    assert "tool 1.0: published" in door.multiplat("check", cwd=project, code=1).stdout


def test_the_manifest_before_condas_settings(door: Host, project: Path, tools: Path) -> None:
    """Whoever locks locks the same where the manifest says something; what is there stays."""
    condarc = door.home / ".condarc"
    write(project, tools, "tool", platforms=LINUX, extra=_extra(exclude_newer="2d"))
    door.multiplat("lock", cwd=project)
    condarc.write_text("exclude_newer: 50d\n", encoding="utf-8")
    done = door.multiplat("lock", "--update-all", cwd=project)
    assert "conda's" not in done.stderr
    assert locked(project)["linux-64"] == {"tool": "2.0", "part": "2.0"}
    condarc.write_text("{}\n", encoding="utf-8")
    write(project, tools, "tool", platforms=LINUX)
    door.multiplat("lock", "--update-all", cwd=project)
    condarc.write_text("exclude_newer: 50d\n", encoding="utf-8")
    door.multiplat("check", "--strict", cwd=project)
    done = door.multiplat("lock", cwd=project)
    assert "in sync: nothing to write" in done.stderr


@pytest.mark.parametrize("where", ["UV_EXCLUDE_NEWER", "uv.toml", "pyproject.toml"])
def test_uvs_settings(alone: Host, project: Path, own: Path, pypi: Rules, where: str) -> None:
    """They hold for PyPI's half where the manifest is silent; it has no effect where it is not."""
    text = 'exclude-newer = "7 days"\n[exclude-newer-package]\narm = false\n'
    env = {"UV_EXCLUDE_NEWER": "7 days"} if where.isupper() else {}
    if where == "uv.toml":
        (project / where).write_text(text, encoding="utf-8")
    if where == "pyproject.toml":
        table = text.replace("[", "[tool.uv.").replace('exclude-newer = "', "[tool.uv]\n&")
        (project / where).write_text(table.replace("&", 'exclude-newer = "'), encoding="utf-8")
    write(project, _with_python(own), "python", _pip(pypi, "robot"), platforms=LINUX)
    done = alone.multiplat("lock", cwd=project, env=env)
    named = where if env else f"exclude-newer in {where}"
    assert done.stderr.splitlines()[0] == (
        f" the manifest has no exclude-newer: uv's {named}: 7 days applies to PyPI packages"
    )
    assert "who locks" not in done.stderr
    arm = "1.0" if env else "2.0"
    versions = locked(project)["linux-64"]
    assert versions == {"python": "3.12.9", "robot": "1.0", "arm": arm}
    alone.multiplat("check", "--strict", cwd=project)
    extra = _extra(exclude_newer="2d")
    write(project, own, "python", _pip(pypi, "robot"), platforms=LINUX, extra=extra)
    done = alone.multiplat("lock", "--update-all", cwd=project, env=env)
    assert f"{named}" in next(line for line in done.stderr.splitlines() if "who locks" in line)
    assert locked(project)["linux-64"]["robot"] == "2.0"


def test_what_is_in_the_way(alone: Host, project: Path, tools: Path) -> None:
    """`outdated` and `why` say that it is too new; of a conflict that a name lets it through."""
    write(project, tools, "tool", "part", platforms=LINUX, extra=_extra(exclude_newer="7d"))
    alone.multiplat("lock", cwd=project)
    at = datetime.fromisoformat(_said(project)["at"].replace("Z", "+00:00")).timestamp()
    done = alone.multiplat("outdated", "--json", cwd=project)
    reasons = {
        package["name"]: package["reason"] for package in json.loads(done.stdout)["outdated"]
    }
    assert reasons.keys() == {"tool", "part"}
    for reason in reasons.values():
        assert reason.startswith("newer than exclude-newer (")
    done = alone.multiplat("why", "tool", cwd=project)
    assert done.stdout.splitlines()[-1] == (
        f"  2.0 is the newest: newer than exclude-newer ({_at(at - 7 * DAY)}); "
        "`exclude-newer-package: {tool: false}` under multiplat: lets it through"
    )
    day = _at(NOW - 8 * DAY)[:10]
    write(project, tools, "tool >=2", platforms=LINUX, extra=_extra(exclude_newer=day))
    done = alone.multiplat("lock", cwd=project, code=1)
    cut = _at(datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp() + DAY)
    assert (
        f"  tool 2.0 is too new; exclude-newer is {cut}: "
        "`exclude-newer-package: {tool: false}` under multiplat: lets it through\n"
    ) in done.stderr
    assert "cutoff date" not in done.stderr
    extra = _extra(exclude_newer=day, exclude_newer_package={"tool": False})
    write(project, tools, "tool >=2", platforms=LINUX, extra=extra)
    alone.multiplat("lock", cwd=project)
    assert locked(project)["linux-64"] == {"tool": "2.0", "part": "2.0"}


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_only_what_is_in_the_way_is_let_through(
    alone: Host, project: Path, tmp_path: Path, depth: int
) -> None:
    """Of a conflict's packages those are named that have to be new, and naming them is enough."""
    chain = [f"m{number}" for number in range(depth)]
    others = [f"{start}{number}" for start in "az" for number in range(4)]
    needs = [*(f"{name} >=2" for name in chain[1:]), None]
    packages = [
        package
        for name, need in zip(chain, needs, strict=True)
        for package in (
            _of(name, "1.0", 90),
            _of(name, "2.0", 1, *([need] if need else []), *others),
        )
    ]
    packages += [_of(name, version, days) for name in others for version, days in _OLD_AND_NEW]
    channel = _channel(tmp_path / "chain", *packages)
    write(project, channel, "m0 >=2", platforms=LINUX, extra=_extra(exclude_newer="7d"))
    done = alone.json("lock", cwd=project, code=1)
    advice = done["conflicts"][0]["advice"]
    assert [line.split()[0] for line in advice] == chain
    through = dict.fromkeys(chain, False)
    extra = _extra(exclude_newer="7d", exclude_newer_package=through)
    write(project, channel, "m0 >=2", platforms=LINUX, extra=extra)
    alone.multiplat("lock", cwd=project)
    expected = {**dict.fromkeys(chain, "2.0"), **dict.fromkeys(others, "1.0")}
    assert locked(project)["linux-64"] == expected


@pytest.mark.slow
def test_what_is_in_the_way_of_pypi(alone: Host, project: Path, own: Path, pypi: Rules) -> None:
    """The same of PyPI's half."""
    day = _at(NOW - 8 * DAY)[:10]
    cut = _at(datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp() + DAY)
    _with_python(own)

    def written(line: str, **more: Any) -> None:
        extra = _extra(exclude_newer=day, **more)
        write(project, own, "python", _pip(pypi, line), platforms=LINUX, extra=extra)

    written("robot")
    alone.multiplat("lock", cwd=project)
    done = alone.multiplat("outdated", "--json", cwd=project)
    reasons = {
        package["name"]: package["reason"] for package in json.loads(done.stdout)["outdated"]
    }
    too_new = f"newer than exclude-newer ({cut})"
    assert reasons == {"python": too_new, "robot": too_new, "arm": too_new}
    done = alone.multiplat("why", "robot", cwd=project)
    assert done.stdout.splitlines()[-1] == (
        f"  2.0 is the newest: {too_new}; "
        "`exclude-newer-package: {robot: false}` under multiplat: lets it through"
    )
    written("robot >=2")
    done = alone.multiplat("lock", cwd=project, code=1)
    assert (
        f"  robot 2.0 is too new; exclude-newer is {cut}: "
        "`exclude-newer-package: {robot: false}` under multiplat: lets it through\n"
    ) in done.stderr
    assert "arm" not in done.stderr, "its older version does"
    written("robot >=2", exclude_newer_package={"Robot": False})
    alone.multiplat("lock", cwd=project)
    versions = locked(project)["linux-64"]
    assert versions == {"python": "3.12.4", "robot": "2.0", "arm": "1.0"}
    alone.multiplat("check", "--strict", cwd=project)


@pytest.mark.skipif(uv_version() < (0, 9, 26), reason="this uv takes nothing of such an index")
def test_an_index_without_times(alone: Host, project: Path, own: Path, tmp_path: Path) -> None:
    """Of an index that says no times nothing is seen, unless a name lets it through."""
    index = Index(tmp_path / "plain")
    index.wheel("robot", "1.0")
    _with_python(own)
    with serve(index.root) as server:
        for more, code in (({}, 1), ({"exclude_newer_package": {"robot": False}}, 0)):
            extra = _extra(exclude_newer="7d", **more)
            write(project, own, "python", _pip(server, "robot"), platforms=LINUX, extra=extra)
            done = alone.multiplat("lock", cwd=project, code=code)
            assert ("`exclude-newer-package: {robot: false}`" in done.stderr) is bool(code)
    assert locked(project)["linux-64"]["robot"] == "1.0"
    alone.multiplat("check", "--strict", cwd=project)


def test_a_wheel_that_came_later(alone: Host, project: Path, own: Path, tmp_path: Path) -> None:
    """Of a version that was there in time, a file that was not isn't locked."""
    index = Index(tmp_path / "late", dated=True)
    old, new = _at(NOW - 100 * DAY), _at(NOW - DAY)
    index.wheel("robot", "1.0", "py3-none-any", uploaded=old)
    index.wheel("robot", "1.0", "cp312-cp312-manylinux_2_17_x86_64", uploaded=new)
    index.wheel("robot", "1.1", "cp312-cp312-manylinux_2_17_x86_64", uploaded=new)
    with serve(index.root) as server:
        extra = _extra(exclude_newer="7d")
        lines = _pip(server, "robot")
        write(project, _with_python(own), "python", lines, platforms=LINUX, extra=extra)
        alone.multiplat("lock", cwd=project)
    text = (project / "conda-lock.yml").read_text(encoding="utf-8")
    assert "robot-1.0-py3-none-any.whl" in text
    alone.multiplat("check", "--strict", cwd=project)


def test_files_that_nobody_dates(
    alone: Host, project: Path, own: Path, tmp_path: Path, pypi: Rules
) -> None:
    """What ``--find-links`` leads to, and what a line names, is taken whenever it was made."""
    index = Index(tmp_path / "folder")
    wheel = index.wheel("linked", "3.0")
    named = index.wheel("named", "3.0")
    lines = (f"--find-links {wheel.parent}", "linked", f"named @ {named.as_uri()}", "arm")
    extra = _extra(exclude_newer="7d")
    write(project, _with_python(own), "python", _pip(pypi, *lines), platforms=LINUX, extra=extra)
    alone.multiplat("lock", cwd=project)
    versions = locked(project)["linux-64"]
    assert versions == {"python": "3.12.4", "linked": "3.0", "named": "3.0", "arm": "1.0"}
    times = json.loads(_custom(project)["multiplat.times.linux-64"])["pypi"]
    assert times == {"linked": 0, "named": 0, "arm": NOW - 100 * DAY}
    alone.multiplat("check", "--strict", cwd=project)


def test_wrong_words(alone: Host, project: Path, tools: Path) -> None:
    """Every wrong word of a manifest, with its place and what to write."""
    extra = (
        "multiplat:\n"
        "  exclude-newer: 7x\n"
        "  exclude-newer-channel:\n"
        "    conda-forg: 7d\n"
        f"    {tools.as_uri()}: soon\n"
        "  exclude-newer-package: {tool: true}\n"
    )
    write(project, tools, "tool", platforms=LINUX, extra=extra)
    forms = "write a duration (7d, 3d12h, 1w, P7D) or an instant (2026-04-01, 2026-04-01T12:00:00Z)"
    assert alone.multiplat("lock", cwd=project, code=2).stderr == (
        "error: environment.yml can't be used\n"
        f"  environment.yml:8:18: exclude-newer is '7x'\n      {forms}\n"
        "  environment.yml:10:5: exclude-newer-channel names 'conda-forg', which is not a channel "
        f"of the manifest\n      write it as under `channels`: {tools.as_uri()}\n"
        f"  environment.yml:11:{len(tools.as_uri()) + 7}: exclude-newer-channel of "
        f"{tools.as_uri()} is 'soon'\n      {forms}, or `false` to exempt it\n"
        "  environment.yml:12:33: exclude-newer-package of tool is 'true'\n"
        f"      {forms}, or `false` to exempt it\n"
    )


def test_names_of_no_package(alone: Host, project: Path, tools: Path) -> None:
    """What could hold for nothing, or in two ways, is refused."""
    extra = (
        "multiplat:\n  exclude-newer-package:\n"
        "    tool>=2: 30d\n    '': 30d\n    tool: 1d\n    Tool: 9d\n"
    )
    write(project, tools, "tool", platforms=LINUX, extra=extra)
    at = "  environment.yml:"
    assert alone.multiplat("lock", cwd=project, code=2).stderr == (
        "error: environment.yml can't be used\n"
        f"{at}9:5: exclude-newer-package names 'tool>=2', which is not a package\n"
        "      write only a package's name\n"
        f"{at}10:5: exclude-newer-package names '', which is not a package\n"
        "      write only a package's name\n"
        f"{at}12:5: exclude-newer-package names Tool twice\n"
        "      environment.yml:11:5 names it too: remove one of them\n"
    )


def test_names_that_are_locked_nowhere(alone: Host, project: Path, tools: Path) -> None:
    """A name that nothing is locked of is said to be so; it may be misspelt."""
    names = {"prt": "30d", "Tool": False}
    extra = _extra(exclude_newer="7d", exclude_newer_package=names)
    write(project, tools, "tool", platforms=LINUX, extra=extra)
    done = alone.multiplat("lock", cwd=project)
    assert " exclude-newer-package: no lock has prt\n" in done.stderr
    assert "nowhere" not in alone.multiplat("lock", cwd=project).stderr


def test_solve_group(alone: Host, project: Path, tools: Path) -> None:
    """Environments that agree have the times of their own packages."""
    extra = (
        "multiplat:\n  exclude-newer: 7d\n  solve-group: all\n"
        "  environments:\n    dev: {solve-group: all, extends: [], dependencies: [part],"
        f" channels: [{tools.as_uri()}], platforms: [linux-64]}}\n"
    )
    write(project, tools, "tool", platforms=LINUX, extra=extra)
    alone.multiplat("lock", cwd=project)
    alone.multiplat("check", "--strict", cwd=project)
    text = (project / "dev.conda-lock.yml").read_text(encoding="utf-8")
    custom = yaml.safe_load(text)["metadata"]["custom_metadata"]
    times = json.loads(custom["multiplat.times.linux-64"])
    assert times == {"conda": {tools.as_uri(): {"part": NOW - 20 * DAY}}}


def test_info(alone: Host, project: Path, tools: Path) -> None:
    """`info` shows what the manifest says."""
    extra = _extra(exclude_newer="7d", exclude_newer_package={"part": False})
    write(project, tools, "tool", platforms=LINUX, extra=extra)
    done = alone.multiplat("info", cwd=project)
    assert " exclude-newer  7d; part: false\n" in done.stdout
    done = alone.multiplat("info", "--json", cwd=project)
    exclude_newer = json.loads(done.stdout)["exclude_newer"]
    assert exclude_newer == {"everything": "7d", "packages": {"part": "false"}}


def test_from_pixi(alone: Host, project: Path) -> None:
    """A pixi workspace's words come with it, those of its channels and packages too."""
    (project / "pixi.toml").write_text(
        '[workspace]\nname = "p"\nplatforms = ["linux-64"]\nexclude-newer = "7d"\n'
        'channels = ["conda-forge", {channel = "bioconda", exclude-newer = "14d"}]\n'
        '[exclude-newer]\nopenssl = "0d"\nnumpy = "30d"\nodd = { version = "1" }\n',
        encoding="utf-8",
    )
    done = alone.multiplat("import", "pixi.toml", "--dry-run", cwd=project)
    assert done.stdout.partition("multiplat:\n")[2] == (
        "  exclude-newer: 7d\n"
        "  exclude-newer-channel:\n    bioconda: 14d\n"
        "  exclude-newer-package:\n    numpy: 30d\n    openssl: false\n"
    )
    assert "pixi.toml:6: exclude-newer: odd = {'version': '1'}" in done.stderr


@pytest.mark.slow
def test_merge(alone: Host, tmp_path: Path, own: Path) -> None:
    """Two branches' locks become one that is held to the later of their instants."""
    names = [f"p{number}" for number in range(6)]
    _channel(own, *(_of(name, "1.0", 50) for name in names), _of("p5", "2.0", 1))
    repo = repository(tmp_path / "repo", alone)
    repo.multiplat("merge-driver", "--setup")

    def commit(lines: Sequence[str], **settings: Any) -> str:
        extra = _extra(**settings) if settings else ""
        write(repo.folder, own, *lines, platforms=LINUX, extra=extra)
        repo.multiplat("lock")
        repo.commit(" ".join(lines))
        return str(_said(repo.folder).get("at", "")) if settings else ""

    commit(names[:4], exclude_newer="7d")
    repo.git("branch", "side")
    commit([*names[:4], "p4"], exclude_newer="7d")
    repo.git("checkout", "-q", "side")
    time.sleep(1.1)
    later = commit(["p5", *names[1:4]], exclude_newer="7d")
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "side")
    assert locked(repo.folder)["linux-64"] == dict.fromkeys(["p1", "p2", "p3", "p4", "p5"], "1.0")
    assert _said(repo.folder)["at"] == later
    repo.multiplat("check", "--strict")


def test_merge_of_unknown_age(alone: Host, tmp_path: Path, own: Path) -> None:
    """A package that another branch has locked without a cooldown is of an age nobody knows."""
    names = [f"p{number}" for number in range(6)]
    _channel(own, *(_of(name, "1.0", 50) for name in names))
    repo = repository(tmp_path / "repo", alone)
    repo.multiplat("merge-driver", "--setup")

    def commit(lines: Sequence[str], extra: str = "") -> None:
        write(repo.folder, own, *lines, platforms=LINUX, extra=extra)
        repo.multiplat("lock")
        repo.commit(" ".join(lines))

    commit(names[:5])
    repo.git("branch", "side")
    commit(names[:5], _extra(exclude_newer="7d"))
    repo.git("checkout", "-q", "side")
    commit(["p5", *names[1:5]])
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "side", code=1)
    assert repo.multiplat("check", code=1) == (
        "conda-lock.yml is out of date\n"
        "  it is not merged: p5 1.0: the lock does not say when it was published  (linux-64)\n"
        "run: conda multiplat lock\n"
    )
    repo.multiplat("lock")
    repo.multiplat("check", "--strict")


def test_read_by_conda_lock(alone: Host, project: Path, tools: Path) -> None:
    """conda-lock's own models take the lock: its metadata is text to text."""
    write(project, tools, "tool", platforms=LINUX, extra=_extra(exclude_newer="7d"))
    alone.multiplat("lock", cwd=project)
    code = (
        "import pathlib; from conda_lock.lockfile import parse_conda_lock_file; "
        "print(len(parse_conda_lock_file(pathlib.Path('conda-lock.yml')).package))"
    )
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True)
    assert done.stdout == "2\n"


@pytest.mark.parametrize("form", ["{}::part", "part[channel='{}']"])
def test_channel_of_a_line(alone: Host, project: Path, tmp_path: Path, form: str) -> None:
    """A channel that a line alone names has its word too, however the line names it."""
    first, second = tmp_path / "first", tmp_path / "second"
    _channel(first, _of("tool", "1.0", 50))
    _channel(second, _of("part", "1.0", 50), _of("part", "2.0", 1))
    url = second.as_uri()
    extra = _extra(exclude_newer_channel={url: "7d"})
    write(project, first, "tool", form.format(url), platforms=LINUX, extra=extra)
    alone.multiplat("lock", cwd=project)
    assert locked(project)["linux-64"] == {"tool": "1.0", "part": "1.0"}
    alone.multiplat("check", "--strict", cwd=project)
