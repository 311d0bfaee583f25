"""``-c CHANNEL``: write a package's channel into its MatchSpec.

conda's ``-c`` puts a channel before the configured ones for one run. A manifest has no equivalent:
if the channel is the environment's first, nothing is written; otherwise it is written for this
package only (``channel::name``) and doesn't affect others.
"""

from __future__ import annotations

from collections.abc import Sequence

from conda_multiplat.actions.edit.edit_and_relock import Original
from conda_multiplat.vocabulary.channels import public_name
from conda_multiplat.vocabulary.errors import UsageError, WordingError
from conda_multiplat.vocabulary.match_spec import parse_spec
from conda_multiplat.vocabulary.selector_writer import Selection


def check_channels(names: Sequence[str], *, pypi: bool) -> str:
    """Return the requested channel; ``""`` for none.

    Raises:
        UsageError: several are given, or one that can't be written into a manifest.
    """
    channels = list(dict.fromkeys(name.strip().rstrip("/") for name in names))
    if not channels:
        return ""
    if pypi:
        raise UsageError(
            f"-c {public_name(channels[0])} can't be used with --pypi",
            hints=["for an index of PyPI packages: --index URL"],
        )
    if len(channels) > 1:
        hint = "write several into `channels:` of the manifest, the preferred one first"
        raise UsageError("one -c CHANNEL at a time: a package comes from one channel", hints=[hint])
    name = channels[0]
    if public_name(name) != name:
        hint = "write the channel into `channels:`, with ${VARIABLE} in place of its secret"
        raise UsageError(
            f"the channel {public_name(name)} has a login or token, which would be in the manifest",
            hints=[hint],
        )
    return name


def from_channel(
    spec: str, channel: str, original: Original, environment: str, selection: Selection
) -> str:
    """Return a MatchSpec with the channel, unless the environment's own order prefers it.

    Args:
        spec: what the user wrote.
        channel: the channel; ``""`` for none.
        original: the manifest.
        environment: the environment of the line.
        selection: the platforms of the line.

    Raises:
        UsageError: the spec names another channel.
    """
    if not channel:
        return spec
    try:
        own = parse_spec(spec).channel
    except WordingError:
        return spec  # reported later, by a better check
    if own and own != channel:
        raise UsageError(f"{spec!r} names a channel other than -c {channel}")
    if own or _is_first(channel, original, environment, selection):
        return spec
    return f"{channel}::{spec}"


def _is_first(channel: str, original: Original, environment: str, selection: Selection) -> bool:
    """Return whether an environment prefers a channel on all of some platforms."""
    from conda_multiplat.engines.conda.access import Channels

    channels = Channels(original.settings, original.paths[0].parent)
    manifest = original.draft.manifest
    for subdir in selection.platforms:
        named = [text.value for text in manifest.view(environment, subdir).channels]
        order = [name for name in named if name != "nodefaults"] or original.settings.channels
        if channels.urls(order[0], subdir) != channels.urls(channel, subdir):
            return False
    return True
