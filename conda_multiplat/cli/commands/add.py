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
    Wish,
    given,
    pinned,
    said_of,
    targets_of,
    unless_said,
)
from conda_multiplat.actions.edit.run import (
    Manuscript,
    bring_up_to_date,
    environment_of,
    manuscript,
    on,
    select,
    solve,
    tell,
    write,
)
from conda_multiplat.actions.lock.run import Locked, as_answer_to
from conda_multiplat.cli.options import (
    environment_and_folders,
    environment_or_folder_option,
    follow_up_options,
    platform_choice_options,
)
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.settings import Settings
from conda_multiplat.manifest.edit.draft import Asked, Draft
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
    page = manuscript(files, settings)
    environment = environment_of(page.draft, environment)
    selection = select(page.draft, environment, platforms, family)
    every = Selection(selection.every, selection.every)
    wishes = [_index(each, environment, every) for each in indexes]
    wishes += [_wish(each, environment, selection, pypi=pypi) for each in specs]
    if pin:
        wishes = [unless_said(each, page.draft) for each in wishes]
    draft = _with(page.draft, wishes)
    if not lock:
        return _conclude(page, draft, wishes, None, settings=settings, console=console)
    page.texts(draft)  # refuses what may not be written, before the solve
    locked = solve(page.project(draft), settings, console)
    if pin:
        wishes = [pinned(each, page.draft, locked) for each in wishes]
        draft = _with(page.draft, wishes)
        locked = as_answer_to(locked, page.project(draft))
    return _conclude(
        page, draft, wishes, locked, install=install, settings=settings, console=console
    )


def _wish(text: str, environment: str, selection: Selection, *, pypi: bool) -> Wish:
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
    return Wish(text, Asked(environment, name, pypi, selection))


def _index(url: str, environment: str, every: Selection) -> Wish:
    """An index beside PyPI; its line holds on every platform and says nothing of packages."""
    text = f"--extra-index-url {url}"
    return Wish(text, Asked(environment, text, pypi=True, selection=every))


def _with(draft: Draft, wishes: Sequence[Wish]) -> Draft:
    for each in wishes:
        draft = put(draft, each.asked, each.text)
    return draft


def _conclude(
    page: Manuscript,
    draft: Draft,
    wishes: Sequence[Wish],
    locked: Locked | None,
    *,
    install: bool = False,
    settings: Settings,
    console: Console,
) -> int:
    told = tell(locked, settings, console) if locked else {}
    for wish in wishes:
        _say(wish, page.draft, locked, console)
    texts = {**page.texts(draft), **(locked.texts() if locked else {})}
    names = write(texts, console)
    done: dict[str, Any] = {}
    if locked and install:
        done = bring_up_to_date(locked.project, settings, console)
    added = [each.to_dict() for each in wishes]
    console.result({"added": added, "files": names, **told, **done})
    return 0


def _say(wish: Wish, draft: Draft, locked: Locked | None, console: Console) -> None:
    asked = wish.asked
    old = said_of(asked, draft)
    words = f"pip: {wish.text}" if asked.pypi else wish.text
    was = "" if not old or old == [wish.text] else f", was {' and '.join(old)}"
    sign = "+" if not old else "=" if old == [wish.text] else "~"
    console.say(f" {sign} {words}{was}{on(asked.selection)}")
    if locked is None:
        return
    providers: dict[str, list[str]] = {}
    for target in targets_of(asked, locked):
        for _, package in given(asked, target, locked):
            providers.setdefault(package, []).append(str(target))
    for package, places in providers.items():
        console.say(f"   conda's {package} provides it: not installed again ({', '.join(places)})")
