r"""``conda multiplat add``: ask for more packages, lock them, and install them where they belong.

Flow::

    specs -> Draft with them as written -> Locked -> bounds for the bare ones -> Draft with bounds
                                                 \-> the same records, digested anew -> all files

One solve is enough: a bound is made from what was solved, so that the solution meets it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from conda_multiplat.actions.edit.bounds_from_solution import (
    Addition,
    current_lines,
    given,
    or_current_line,
    pinned,
    targets_of,
)
from conda_multiplat.actions.edit.run import (
    Original,
    bring_up_to_date,
    environment_of,
    on,
    read_original,
    select,
    solve,
    tell,
    write,
)
from conda_multiplat.actions.lock.run import Locked, locked_for
from conda_multiplat.cli.options import (
    environment_and_folders,
    environment_or_folder_option,
    follow_up_options,
    platform_choice_options,
)
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.settings import Settings
from conda_multiplat.manifest.edit.draft import Change, Draft
from conda_multiplat.manifest.edit.requirements import put
from conda_multiplat.vocabulary.errors import UsageError, WordingError
from conda_multiplat.vocabulary.names import SUBDIRS, spec_name
from conda_multiplat.vocabulary.pip_entries import entry_name
from conda_multiplat.vocabulary.selector_writer import Selection

EXAMPLES = """\
examples:
  conda multiplat add numpy "scipy >=1.14"
  conda multiplat add --pypi robosuite
  conda multiplat add --platform linux-64 mesa-libegl-cos7-x86_64
  conda multiplat add -e dev pytest         only in environment dev
  conda multiplat add --pypi -e ./our-package
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("specs", metavar="SPEC", nargs="*", help='a package: numpy, "numpy >=2"')
    platform_choice_options(parser)
    environment_or_folder_option(parser)
    parser.add_argument("--pypi", dest="pypi", action="store_true", help="packages of PyPI")
    parser.add_argument(
        "--index",
        dest="index_urls",
        action="append",
        default=[],
        metavar="URL",
        help="with --pypi: an index to look in beside the usual ones",
    )
    parser.add_argument(
        "--no-pin",
        dest="pin",
        action="store_false",
        help="no lower bound for packages that are only named",
    )
    follow_up_options(parser)


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run the command."""
    environment, folders = environment_and_folders(args.environment_names, pypi=args.pypi)
    specs = [*args.specs, *folders]
    if not specs:
        hint = "name a package: conda multiplat add numpy"
        several = "-f takes several files: write it after the packages"
        raise UsageError("nothing to add", hints=[several if len(args.files) > 1 else hint])
    if args.index_urls and not args.pypi:
        raise UsageError("--index is for packages of PyPI: add --pypi")
    return add(
        specs=specs,
        files=args.files,
        environment=environment,
        platforms=args.platforms,
        family=args.family,
        pypi=args.pypi,
        indexes=args.index_urls,
        pin=args.pin,
        lock=args.lock,
        install=args.install,
        settings=settings,
        console=console,
    )


def add(
    *,
    specs: Sequence[str],
    files: Sequence[str] = (),
    environment: str | None = None,
    platforms: Sequence[str] = (),
    family: str = "",
    pypi: bool = False,
    indexes: Sequence[str] = (),
    pin: bool = True,
    lock: bool = True,
    install: bool = True,
    settings: Settings,
    console: Console,
) -> int:
    """Add requirements to the manifest; see ``conda multiplat add --help``.

    Returns:
        0. Every other outcome is raised as a ``MultiplatError``.
    """
    original = read_original(files, settings)
    environment = environment_of(original.draft, environment)
    selection = select(original.draft, environment, platforms, family)
    every = Selection(selection.every, selection.every)
    additions = [_index(each, environment, every) for each in indexes]
    additions += [_addition(each, environment, selection, pypi=pypi) for each in specs]
    if pin:
        additions = [or_current_line(each, original.draft) for each in additions]
    draft = _with(original.draft, additions)
    if not lock:
        return _conclude(original, draft, additions, None, settings=settings, console=console)
    original.texts(draft)  # refuses what may not be written, before the solve
    locked = solve(original.project(draft), settings, console)
    if pin:
        additions = [pinned(each, original.draft, locked) for each in additions]
        draft = _with(original.draft, additions)
        locked = locked_for(locked, original.project(draft))
    return _conclude(
        original, draft, additions, locked, install=install, settings=settings, console=console
    )


def _addition(text: str, environment: str, selection: Selection, *, pypi: bool) -> Addition:
    """What the user wrote, which must be a requirement.

    Raises:
        UsageError: with what is wrong with it.
    """
    from conda_multiplat.engines.conda.specs import check_spec

    text = " ".join(text.split())
    if text in SUBDIRS:
        raise UsageError(
            f"{text!r} is a platform, and no package",
            hints=[f"--platform takes one; for another say it again: --platform {text}"],
        )
    if pypi:
        try:
            name = entry_name(text) or text
        except WordingError as error:
            raise UsageError(str(error), hints=[error.hint] if error.hint else []) from None
    else:
        name = spec_name(text)
        if wrong := (check_spec(text) if name else "it has no package name"):
            hint = "for example `numpy`, `numpy>=1.26,<2.3`; a package of PyPI: --pypi"
            raise UsageError(f"not a MatchSpec: {text!r} ({wrong})", hints=[hint])
    return Addition(text, Change(environment, name, pypi, selection))


def _index(url: str, environment: str, every: Selection) -> Addition:
    """An index beside PyPI; its line holds on every platform and says nothing of packages."""
    text = f"--extra-index-url {url}"
    return Addition(text, Change(environment, text, pypi=True, selection=every))


def _with(draft: Draft, additions: Sequence[Addition]) -> Draft:
    for each in additions:
        draft = put(draft, each.change, each.text)
    return draft


def _conclude(
    original: Original,
    draft: Draft,
    additions: Sequence[Addition],
    locked: Locked | None,
    *,
    install: bool = False,
    settings: Settings,
    console: Console,
) -> int:
    told = tell(locked, settings, console) if locked else {}
    for addition in additions:
        _say(addition, original.draft, locked, console)
    texts = {**original.texts(draft), **(locked.texts() if locked else {})}
    names = write(texts, console)
    done: dict[str, Any] = {}
    if locked and install:
        done = bring_up_to_date(locked.project, settings, console)
    added = [each.to_dict() for each in additions]
    console.result({"added": added, "files": names, **told, **done})
    return 0


def _say(addition: Addition, draft: Draft, locked: Locked | None, console: Console) -> None:
    change = addition.change
    old = current_lines(change, draft)
    words = f"pip: {addition.text}" if change.pypi else addition.text
    was = "" if not old or old == [addition.text] else f", was {' and '.join(old)}"
    sign = "+" if not old else "=" if old == [addition.text] else "~"
    console.say(f" {sign} {words}{was}{on(change.selection)}")
    if locked is None:
        return
    providers: dict[str, list[str]] = {}
    for target in targets_of(change, locked):
        for _, package in given(change, target, locked):
            providers.setdefault(package, []).append(str(target))
    for package, places in providers.items():
        console.say(f"   conda's {package} provides it: not installed again ({', '.join(places)})")
