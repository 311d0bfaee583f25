r"""Three-way merge of locks as values.

The steps:

1. The heads must agree: all sides must be as they were written, with the same recipe, channels,
   channel priority and files. Otherwise their packages can't be combined.
2. The platforms are those of the merged manifest. A platform that only one side has is taken from
   there.
3. For each platform, each package (conda's and PyPI's separately) is taken from the side that
   changed it, with the virtual packages that it needs. If both sides changed it differently, there
   is a conflict.
4. Packages that nothing requires any more are removed, and categories are computed as ``lock``
   does.
5. The result must satisfy the merged manifest, as ``check`` defines it.
6. A lock does not store which versions PyPI packages need of each other. So each must be next to
   the same versions of its dependencies, and the same Python, as on a side that has it.
7. Durations in ``exclude-newer`` count from the later instant of the two sides. The age of a
   package from a side that was locked without ``exclude-newer`` is not known: step 5 refuses it.

The head of the result is what ``lock`` writes for the merged manifest, so that it is in sync.
The order of the two sides makes no difference to the result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from conda_multiplat.lockfile.digests import NEWER
from conda_multiplat.lockfile.exclude_newer import Times, as_locked, cooldown_of_both
from conda_multiplat.lockfile.model import Extras, LockFile, PlatformLock
from conda_multiplat.lockfile.satisfies import unrequired
from conda_multiplat.manifest.targets import Target
from conda_multiplat.solving.extras import extras_in_use, with_extras
from conda_multiplat.solving.local_needs import lines_of_needs
from conda_multiplat.solving.requests import RECIPES, channels_of, digest
from conda_multiplat.solving.solve import categorised
from conda_multiplat.vocabulary.channels import public_name
from conda_multiplat.vocabulary.names import unique
from conda_multiplat.vocabulary.records import CondaRecord, PypiRecord, Record, python_of
from conda_multiplat.vocabulary.virtual_packages import Need

#: Returns what in a platform's lock does not satisfy its target, a line each.
Judge = Callable[[Target, PlatformLock], Sequence[str]]
#: Returns the versions of all projects (PyPI's names) in a target's lock, conda's included.
Versions = Callable[[Target, PlatformLock], Mapping[str, str]]

_NOTHING = PlatformLock("", ())


@dataclass(frozen=True)
class Sides:
    """The three versions of a lock in a merge.

    Attributes:
        base: the common ancestor; ``None`` if both sides added the lock.
        ours: the version of the current branch.
        theirs: the version of the branch that is merged.
    """

    base: LockFile | None
    ours: LockFile
    theirs: LockFile


@dataclass(frozen=True)
class _Item:
    """A locked package without its category, with the virtual packages that it needs.

    Sizes are not compared: locks of earlier versions have none.
    ``published`` is the package's channel and time of publication, if the lock states them.
    """

    record: Record
    needs: tuple[Need, ...]
    size: int | None = field(default=None, compare=False)
    published: tuple[str, int] | None = field(default=None, compare=False)

    @property
    def sized(self) -> Record:
        """The record with its size."""
        return self.record._replace(size=self.size)

    def words(self, other: _Item | None) -> str:
        """Return the version, and the build if the other side has the same version."""
        if other is None or other.record.version != self.record.version:
            return self.record.version
        return f"{self.record.version} {self.record.build}".rstrip()


_Items = Mapping[tuple[str, str], _Item]


def merge_locks(
    sides: Sides, wanted: Sequence[Target], *, judge: Judge, versions: Versions
) -> tuple[LockFile | None, list[str]]:
    """Merge locks.

    Args:
        sides: the three locks.
        wanted: the targets of the lock's environment in the merged manifest.
        judge: returns what does not satisfy a target, as ``check`` does.
        versions: returns the versions of all projects in a target's lock.

    Returns:
        The merged lock and no reasons, or ``None`` and the reasons, a line each.
    """
    if reasons := _unlike(sides, wanted):
        return None, reasons
    platforms: dict[str, PlatformLock] = {}
    wrong: dict[str, list[str]] = {}
    for target in wanted:
        merged, problems = _platform(sides, target, judge, versions)
        platforms[target.subdir] = merged
        for reason in problems:
            wrong.setdefault(reason, []).append(target.subdir)
    if wrong:
        return None, [f"{reason}  ({', '.join(subdirs)})" for reason, subdirs in wrong.items()]
    return sides.ours._replace(platforms=dict(sorted(platforms.items()))), []


def union_of_sides(sides: Sides) -> LockFile:
    """Return both sides' packages, to start solving from; ours if both sides changed one.

    The result matches no request: its head is that of our side.
    """
    ours, theirs = sides.ours.platforms, sides.theirs.platforms
    platforms = {}
    for subdir in sorted(ours.keys() | theirs.keys()):
        three = [_of(side, subdir) or _NOTHING for side in (sides.base, sides.ours, sides.theirs)]
        items, _ = _merged(*map(_items, three))
        records = [item.sized for item in items]
        platforms[subdir] = ours.get(subdir, theirs.get(subdir, _NOTHING))._replace(
            records=tuple(record for record in records if isinstance(record, CondaRecord)),
            pypi=tuple(record for record in records if isinstance(record, PypiRecord)),
        )
    return sides.ours._replace(platforms=platforms)


def merged_platforms(sides: Sides) -> tuple[str, ...]:
    """Return the platforms for a manifest that names none: those that neither side removed."""
    ours, theirs = sides.ours.platforms.keys(), sides.theirs.platforms.keys()
    removed = (sides.base.platforms.keys() if sides.base else set()) - (ours & theirs)
    return tuple(sorted((ours | theirs) - removed))


def disagreements(merged: Mapping[str, LockFile], wanted: Sequence[Target]) -> list[str]:
    """Return where environments of one solve-group lock different versions of a package.

    Args:
        merged: the locks by environment; environments without one are skipped.
        wanted: the targets, with their peers.
    """
    reasons: dict[str, list[str]] = {}
    for target in wanted:
        ours = _shared(merged, target.environment, target.subdir)
        for peer in target.peers:
            theirs = _shared(merged, peer.environment, peer.subdir)
            for key in sorted(ours.keys() & theirs.keys()):
                if ours[key] != theirs[key]:
                    our_version = f"{key[1]}: {ours[key]} in {target.environment}"
                    reason = (
                        f"{our_version}, {theirs[key]} in {peer.environment} of its solve-group"
                    )
                    reasons.setdefault(reason, []).append(target.subdir)
    return [f"{reason}  ({', '.join(subdirs)})" for reason, subdirs in reasons.items()]


def _shared(
    merged: Mapping[str, LockFile], environment: str, subdir: str
) -> dict[tuple[str, str], str]:
    """Return the versions that a solve-group has to agree on: all but those of local projects."""
    lock = merged.get(environment)
    locked = lock.platforms.get(subdir, _NOTHING) if lock else _NOTHING
    return {
        (package.manager, package.name): package.version
        for package in locked.every
        if "://" in package.url
    }


def _unlike(sides: Sides, wanted: Sequence[Target]) -> list[str]:
    """Return why the three locks don't belong together."""
    locks = {"the common ancestor": sides.base, "ours": sides.ours, "theirs": sides.theirs}
    reasons = [
        f"{name}: {reason}" for name, lock in locks.items() if lock and (reason := _foreign(lock))
    ]
    if reasons:
        return reasons
    ours, theirs = sides.ours, sides.theirs
    requested = unique(public_name(name) for target in wanted for name in channels_of(target, ()))
    channels = {tuple(channel.url for channel in lock.channels) for lock in (ours, theirs)}
    differs = {
        "the environments": ours.environment != theirs.environment,
        "the recipes": ours.recipe != theirs.recipe,
        "the manifest's files": ours.sources != theirs.sources,
        "the channel priorities": ours.channel_priority != theirs.channel_priority,
        "the channels": ours.channels != theirs.channels
        or bool(requested and {requested} != channels),
    }
    return [f"{what} differ" for what, is_different in differs.items() if is_different]


def _foreign(lock: LockFile) -> str:
    """Return why a lock can't be merged; ``""`` if it can."""
    if lock.unmerged:
        return "an earlier merge conflict is unresolved"
    if not lock.intact:
        return "it was edited after it was made"
    if lock.recipe == 0:
        return "another tool made it"
    return "" if lock.recipe in RECIPES else NEWER


def _platform(
    sides: Sides, target: Target, judge: Judge, versions: Versions
) -> tuple[PlatformLock, list[str]]:
    """Return the merged packages of a platform, and what is wrong with them."""
    locks = [locked for lock in (sides.ours, sides.theirs) if (locked := _of(lock, target.subdir))]
    if not locks:
        return _NOTHING, ["not locked on either side"]
    ours, theirs = locks[0], locks[-1]
    base = _of(sides.base, target.subdir) or _NOTHING
    items, reasons = _merged(_items(base), _items(ours), _items(theirs))
    lines = [*target.view.pypi, *lines_of_needs(target.view.projects)]
    extras = extras_in_use(lines, [*theirs.extras, *ours.extras])
    cooldown = cooldown_of_both(target, ours.cooldown, theirs.cooldown)
    target = as_locked(target, cooldown)
    merged = _as_locked(target, items, sides.ours.recipe, extras)
    merged = merged._replace(cooldown=cooldown._replace(times=_times(items, merged)))
    merged = merged._replace(torch_backend=ours.torch_backend or theirs.torch_backend)
    if not reasons:
        reasons = [*judge(target, merged), *_untried(target, merged, locks, versions)]
    return merged, reasons


def _times(items: Iterable[_Item], merged: PlatformLock) -> Times:
    """Return when the packages of a merged lock were published, as far as the sides state it."""
    locked = {(record.manager, record.name) for record in merged.every}
    conda: dict[str, dict[str, int]] = {}
    pypi: dict[str, int] = {}
    for item in items:
        record = item.record
        if item.published and (record.manager, record.name) in locked:
            channel, time = item.published
            dates = pypi if record.manager == "pypi" else conda.setdefault(channel, {})
            dates[record.name] = time
    return Times(conda, pypi)


def _of(lock: LockFile | None, subdir: str) -> PlatformLock | None:
    return lock.platforms.get(subdir) if lock else None


def _items(locked: PlatformLock) -> _Items:
    needs: dict[str, list[Need]] = {}
    for need in locked.needs:
        needs.setdefault(need.record, []).append(need)
    published = locked.cooldown.times.published()
    return {
        key: _Item(
            _plain(package),
            tuple(sorted(needs.get(package.name, ()), key=_need_key)),
            package.size,
            published.get(key),
        )
        for package in locked.every
        if (key := (package.manager, package.name))
    }


def _plain(record: Record) -> Record:
    """Return a record without its size and its category, which follows from the manifest."""
    return record._replace(category="main", size=None)


def _need_key(need: Need) -> tuple[bool, str]:
    return not need.binding, need.spec


def _merged(base: _Items, ours: _Items, theirs: _Items) -> tuple[list[_Item], list[str]]:
    """Return each package from the side that changed it, ours if both did; and the conflicts."""
    items: list[_Item] = []
    reasons: list[str] = []
    for key in sorted(ours.keys() | theirs.keys()):
        before, ours_now, theirs_now = base.get(key), ours.get(key), theirs.get(key)
        if ours_now not in (before, theirs_now) and theirs_now != before:
            reasons.append(_both_changed(key[1], ours_now, theirs_now))
            items += [entry for entry in (ours_now or theirs_now,) if entry]
        elif taken := (theirs_now if ours_now == before else ours_now):
            alike = [item for item in (ours_now, theirs_now, before) if item == taken]
            sizes = [item.size for item in alike if item.size]
            known = [item.published for item in alike if item.published]
            items.append(
                replace(
                    taken,
                    size=max(sizes, default=None),
                    published=taken.published or next(iter(known), None),
                )
            )
    return items, reasons


def _both_changed(name: str, ours: _Item | None, theirs: _Item | None) -> str:
    words = [
        item.words(other) if item else "not locked"
        for item, other in ((ours, theirs), (theirs, ours))
    ]
    if words[0] == words[1]:
        return f"{name} {words[0]} differs between ours and theirs"
    return f"{name}: {words[0]} in ours, {words[1]} in theirs"


def _as_locked(target: Target, items: Iterable[_Item], recipe: int, extras: Extras) -> PlatformLock:
    """Return packages as ``lock`` would have written them for a target."""
    packages = list(items)
    needs = {(package.record.manager, package.record.name): package.needs for package in packages}
    all_locked = _locked(target, [package.sized for package in packages], recipe, extras)
    unneeded = unrequired(target, all_locked)
    unneeded_keys = {(package.manager, package.name) for package in unneeded}
    kept = [
        package
        for package in all_locked.every
        if (package.manager, package.name) not in unneeded_keys
    ]
    locked = _locked(target, kept, recipe, extras)
    return locked._replace(
        needs=tuple(
            need for package in locked.every for need in needs[package.manager, package.name]
        ),
    )


def _locked(target: Target, records: Sequence[Record], recipe: int, extras: Extras) -> PlatformLock:
    conda = [record for record in records if isinstance(record, CondaRecord)]
    pypi = [record for record in records if isinstance(record, PypiRecord)]
    return PlatformLock.of(
        digest(target, recipe),
        categorised(target.view.conda, conda),
        target.virtual_packages,
        [requirement.text for requirement in target.view.conda],
        categorised(with_extras(target.view.pypi, extras), pypi),
        extras=extras,
    )


def _untried(
    target: Target, merged: PlatformLock, sides: Sequence[PlatformLock], versions: Versions
) -> list[str]:
    """Return the PyPI packages that no side has locked beside these dependencies, a line each."""
    if not merged.pypi:
        return []
    now = _world(versions, target, merged)
    worlds = [(_items(side), _world(versions, target, side)) for side in sides]
    problems = []
    for record in merged.pypi:
        needed = ("python", *record.depends)
        worlds_with_it = [
            world
            for items, world in worlds
            if (item := items.get((record.manager, record.name))) and item.record == _plain(record)
        ]
        moved = [
            [name for name in needed if world.get(name) != now.get(name)]
            for world in worlds_with_it
        ]
        if all(moved):
            name = moved[0][0]
            what = f"{record.name} {record.version} was not locked together with"
            problems.append(f"{what} {name} {now.get(name, '')}".rstrip())
    return problems


def _world(versions: Versions, target: Target, locked: PlatformLock) -> dict[str, str]:
    return {**versions(target, locked), "python": python_of(locked.records)}
