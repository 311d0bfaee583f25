"""``exclude-newer`` of a pixi workspace, of its channels, and of packages by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conda_multiplat.importers.pixi.features import table_of
from conda_multiplat.importers.pixi.workspace import Workspace
from conda_multiplat.manifest.exclude_newer import of_both
from conda_multiplat.vocabulary.channels import public_name
from conda_multiplat.vocabulary.exclude_newer import (
    NEVER,
    ExcludeNewer,
    Rule,
    duration,
    is_never,
    is_rule,
)
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT

_KEY = "exclude-newer"


def exclude_newer_of(workspace: Workspace) -> ExcludeNewer:
    """Convert a workspace's ``exclude-newer``; forms without a counterpart are lost."""
    value = workspace.table.get(_KEY)
    everything = str(value) if isinstance(value, str) and is_rule(value) else ""
    if value is not None and not everything:
        workspace.reader.lose(workspace.at(_KEY), f"{_KEY} of the workspace: {value!r}")
    packages = table_of(workspace.features[DEFAULT_ENVIRONMENT].table, _KEY)
    return of_both(
        Rule(
            everything,
            tuple(_of_channels(workspace)),
            tuple(sorted(_of_packages(workspace, packages))),
        )
    )


def _of_packages(workspace: Workspace, table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Convert the packages of the top-level table: `0d` exempts one."""
    for name, value in table.items():
        if isinstance(value, str) and (is_never(value) or is_rule(value)):
            is_exempt = is_never(value) or duration(value) == 0
            yield name.lower(), NEVER if is_exempt else value
        else:
            workspace.reader.lose((*workspace.root, _KEY), f"{_KEY}: {name} = {value!r}")


def _of_channels(workspace: Workspace) -> Iterator[tuple[str, str]]:
    tables = [workspace.table, *(feature.table for feature in workspace.features.values())]
    rules: dict[str, str] = {}
    for table in tables:
        for channel in table.get("channels") or ():
            value = channel.get(_KEY) if isinstance(channel, Mapping) else None
            if isinstance(value, str) and is_rule(value):
                name = public_name(str(channel.get("channel", ""))).rstrip("/")
                rules[name] = NEVER if duration(value) == 0 else value
    yield from rules.items()
