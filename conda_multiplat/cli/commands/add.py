r"""``conda multiplat add``: add packages to the manifest, lock and install them.

Flow::

    specs -> Draft with them as written -> Locked -> bounds for the bare ones -> Draft with bounds
                                                 \-> the same records, digested anew -> conclude

One solve is enough: bounds are made from the solution, which therefore satisfies them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from packaging.utils import canonicalize_name

from conda_multiplat.actions.edit.bounds_from_solution import (
    Addition,
    current_lines,
    given,
    or_current_line,
    pinned,
    targets_of,
)
from conda_multiplat.actions.edit.edit_and_relock import (
    Original,
    conclude,
    environment_of,
    on,
    read_original,
    select,
    solve,
)
from conda_multiplat.actions.edit.follow import followed
from conda_multiplat.actions.edit.from_channel import check_channels, from_channel
from conda_multiplat.actions.invocation import Invocation
from conda_multiplat.actions.lock.relock import Locked, locked_for
from conda_multiplat.cli.options import (
    destination_options,
    flag,
    follow_up_options,
    package_options,
    packages_and_environment,
    repeated,
)
from conda_multiplat.lockfile.change_table import signed
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.project import typed_for
from conda_multiplat.manifest.edit.draft import Change, Draft
from conda_multiplat.manifest.edit.requirements import lines, put
from conda_multiplat.vocabulary.errors import NoSolutionError, UsageError, WordingError
from conda_multiplat.vocabulary.markers import may_hold
from conda_multiplat.vocabulary.match_spec_slips import lone_sign
from conda_multiplat.vocabulary.names import (
    DEFAULT_ENVIRONMENT,
    SUBDIRS,
    on_one_line,
    spec_name,
)
from conda_multiplat.vocabulary.pip_entries import entry_name
from conda_multiplat.vocabulary.selector_writer import Selection
from conda_multiplat.vocabulary.styled import Line

EXAMPLES = """\
examples:
  conda multiplat add numpy "scipy >=1.14"
  conda multiplat add --pypi robosuite
  conda multiplat add --platform linux-64 mesa-libegl-cos7-x86_64
  conda multiplat add -e dev pytest         # only in environment dev
  conda multiplat add -c nvidia cuda-nvcc   # nvidia::cuda-nvcc, and nothing else from there
  conda multiplat add --pypi -e ./our-package
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    package_options(parser, "SPEC", 'a package: numpy, "numpy >=2"')
    summary = "from this conda channel; written as CHANNEL::SPEC unless it is the first"
    repeated(parser, "-c --channel", "from_channels", "CHANNEL", summary)
    summary = "with --pypi: an additional index"
    repeated(parser, "--index", "index_urls", "URL", summary)
    flag(parser, "--no-pin", "pin", "add no lower bound to a bare name", value=False)
    destination_options(parser, "the conda environment to update, which determines the manifest")
    follow_up_options(parser)


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Add requirements to the manifest."""
    specs, environment_name = packages_and_environment(args, "add")
    if args.index_urls and not args.pypi:
        raise UsageError("--index can be used only with --pypi")
    channel = check_channels(args.from_channels, pypi=args.pypi)
    follows = followed(
        Invocation(settings, console, args.files, environment_name, args.env_name, args.env_prefix)
    )
    original = read_original(follows.files, settings, console)
    environment = environment_of(original.draft, follows.environment)
    selection = select(original.draft, environment, args.platforms, args.family)
    specs = [from_channel(spec, channel, original, environment, selection) for spec in specs]
    everywhere = Selection(selection.among, selection.among)
    additions = [_index(url, environment, everywhere) for url in args.index_urls]
    additions += [_addition(spec, environment, selection, pypi=args.pypi) for spec in specs]
    if _lacks_pip(original, additions):
        additions.append(_addition("pip", environment, selection, pypi=False))
    _refuse_without_a_place(additions)
    if args.pin:
        additions = [or_current_line(addition, original.draft) for addition in additions]
    draft = _with(original.draft, additions)
    with _other_side_named(additions, original):
        locked = solve(original, draft) if args.lock else None
    if locked and args.pin:
        additions = [pinned(addition, original.draft, locked) for addition in additions]
        draft = _with(original.draft, additions)
        locked = locked_for(locked, original.project(draft))
    changes = [
        line for addition in additions for line in _changes(addition, original.draft, locked)
    ]
    result = {"added": [addition.to_dict() for addition in additions]}
    return conclude(
        original,
        draft,
        locked,
        changes=changes,
        result=result,
        install=follows._replace(environment=environment) if args.install else None,
        dry_run=args.dry,
    )


def _addition(text: str, environment: str, selection: Selection, *, pypi: bool) -> Addition:
    """Return the addition for a requirement that the user wrote.

    Raises:
        UsageError: it is not a valid requirement.
    """
    from conda_multiplat.engines.conda.specs import check_spec

    written, text = text, " ".join(text.split())
    if text in SUBDIRS:
        raise UsageError(
            f"{text!r} is a platform, not a package",
            hints=[f"--platform takes one value; repeat the option: --platform {text}"],
        )
    if pypi:
        try:
            name = entry_name(text) or text
        except WordingError as error:
            raise UsageError(str(error), hints=[error.hint] if error.hint else []) from None
    else:
        name = spec_name(text)
        wrong = check_spec(on_one_line(written)) if name else "it has no package name"
        if not wrong and (sign := lone_sign(text)):  # in a manifest, conda ignores it
            wrong = f"no version after {sign!r}"
        if wrong:
            hint = "for example `numpy`, `numpy>=1.26,<2.3`; for a PyPI package: --pypi"
            raise UsageError(f"not a MatchSpec: {written!r} ({wrong})", hints=[hint])
    return Addition(text, Change(environment, name, pypi, selection))


@contextmanager
def _other_side_named(additions: Sequence[Addition], original: Original) -> Iterator[None]:
    """Add hints to a conflict with a line that has the same package from the other side."""
    try:
        yield
    except NoSolutionError as error:
        conflicts = error.data.get("conflicts", ())
        provided = {name for conflict in conflicts for name in conflict.get("provided", ())}
        hints = [
            hint
            for addition in additions
            if canonicalize_name(addition.change.name) in provided
            for hint in _other_side(addition.change, original)
        ]
        error.hints = (*hints, *error.hints)
        raise


def _other_side(change: Change, original: Original) -> Iterator[str]:
    """Yield the commands that remove a package's lines of the other side, before it is added."""
    draft = original.draft
    for ancestor in draft.manifest.lineage(change.environment):
        name = ancestor.name
        if lines(draft, replace(change, environment=name, pypi=not change.pypi)):
            options = "" if change.pypi else " --pypi"
            options += "" if name == DEFAULT_ENVIRONMENT else f" -e {name}"
            command = typed_for(original.paths, f"remove{options} {change.name}")
            side = "PyPI" if change.pypi else "conda"
            yield f"to have {change.name} from {side} instead, run this first: {command}"


def _lacks_pip(original: Original, additions: Sequence[Addition]) -> bool:
    """Return whether Python is added without pip, although conda is configured to add pip to it."""
    named = {addition.change.name: addition.change for addition in additions}
    python = None if "pip" in named else named.get("python")
    if python is None or python.pypi or not original.settings.adds_pip():
        return False
    manifest = original.draft.manifest
    views = (manifest.view(python.environment, platform) for platform in python.selection.platforms)
    return not any(line.name == "pip" for view in views for line in (*view.conda, *view.pypi))


def _refuse_without_a_place(additions: Sequence[Addition]) -> None:
    """Refuse requirements whose markers hold on none of the selected platforms.

    Raises:
        UsageError: with every such requirement.
    """
    nowhere = [addition for addition in additions if not addition.places]
    if not nowhere:
        return
    change = nowhere[0].change
    where = ", ".join(sorted(change.selection.platforms))
    texts = ", ".join(f"`{addition.text}`" for addition in nowhere)
    others = [platform for platform in sorted(change.selection.among) if _takes(nowhere, platform)]
    hint = f"it holds on {', '.join(others)}" if others else "leave out the marker"
    raise UsageError(
        f"the marker of {texts} rules out {where}", hints=[hint, "no file was changed"]
    )


def _takes(additions: Sequence[Addition], platform: str) -> bool:
    return all(may_hold(addition.text, platform) for addition in additions)


def _index(url: str, environment: str, everywhere: Selection) -> Addition:
    """Return the addition of an extra index, which applies to all platforms."""
    text = f"--extra-index-url {url}"
    return Addition(text, Change(environment, text, pypi=True, selection=everywhere))


def _with(draft: Draft, additions: Sequence[Addition]) -> Draft:
    for addition in additions:
        draft = put(draft, addition.change, addition.text)
    return draft


def _changes(addition: Addition, draft: Draft, locked: Locked | None) -> Iterator[str | Line]:
    """Yield the lines to print for an addition: its change, and where conda provides it already."""
    change = addition.change
    old = current_lines(change, draft)
    words = f"pip: {addition.text}" if change.pypi else addition.text
    was = "" if not old or old == [addition.text] else f", was {' and '.join(old)}"
    sign = "+" if not old else "=" if old == [addition.text] else "~"
    yield signed(sign, f"{words}{was}{on(change.selection)}")
    if locked is None:
        return
    providers: dict[str, list[str]] = {}
    for target in targets_of(change, locked.project.manifest, locked.targets):
        for _, package in given(change, target, locked):
            providers.setdefault(package, []).append(str(target))
    for package, places in providers.items():
        yield f"   conda's {package} provides it: not installed again ({', '.join(places)})"
