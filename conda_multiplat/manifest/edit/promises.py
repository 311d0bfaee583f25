"""Add promises to a manifest's ``virtual-packages``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import yaml

from conda_multiplat.manifest.edit.document import Document, Patch, Value
from conda_multiplat.manifest.edit.draft import Draft
from conda_multiplat.manifest.edit.nothing_else_changed import changes_more, same_but_for_promises
from conda_multiplat.vocabulary.implied_promises import Implied, as_mapping
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT
from conda_multiplat.vocabulary.yaml_nodes import is_null

_KEY = "virtual-packages"


def with_promises(
    draft: Draft, environment: str, promises: Mapping[str, Sequence[Implied]]
) -> Draft:
    """Add promises to a manifest.

    Args:
        draft: the manifest.
        environment: the environment that gets them.
        promises: platform -> new promises.

    Raises:
        ManifestError: the file is written in a way that can't be edited, with the reason.
    """
    after = draft
    for subdir, implied in promises.items():
        document = _home(after, environment)
        text = _inserted(document, [*_path(environment), subdir], implied)
        after = after.with_text(document.file, text)
    if not same_but_for_promises(draft, after, environment, promises):
        what = f"the promises of {environment} could not be added"
        raise changes_more(_home(draft, environment).file, what)
    return after


def _path(environment: str) -> list[str]:
    inner = [] if environment == DEFAULT_ENVIRONMENT else ["environments", environment]
    return ["multiplat", *inner, _KEY]


def _home(draft: Draft, environment: str) -> Document:
    """Return the file that has promises already, else the one for an environment's new lines."""
    documents = draft.documents.values()
    path = _path(environment)
    stating = (document for document in documents if len(_values(document, path)) == len(path))
    return next(stating, None) or draft.home_of(environment)


def _values(document: Document, path: Sequence[str]) -> list[Value]:
    """Return the existing values on a path of keys."""
    values: list[Value] = []
    node: yaml.Node = document.root
    for key in path:
        value = document.value(node, key)
        if value is None:
            break
        values.append(value)
        node = value.node
    return values


def _inserted(document: Document, path: Sequence[str], implied: Sequence[Implied]) -> str:
    """Insert the promises at the end of a path, whose missing keys are added."""
    values = _values(document, path)
    missing = path[len(values) :]
    node = values[-1].node if values else document.root
    if isinstance(node, yaml.MappingNode) and node.flow_style:
        return document.patched(_in_braces(document, node, missing, implied))
    if isinstance(node, yaml.MappingNode) and node.value:
        column = node.value[0][0].start_mark.column
    elif values and is_null(node) and not values[-1].mapping.flow_style:
        column = values[-1].key.start_mark.column + 2
    else:
        why = "this is not a mapping"
        raise document.refusal(node, why, f"write {as_mapping(implied)} instead")
    lines = _lines(missing, implied)
    end = document.line_end(document.end_of(node))
    pad = document.newline + " " * column
    return document.patched(Patch(end, end, "".join(f"{pad}{line}" for line in lines)))


def _in_braces(
    document: Document, node: yaml.MappingNode, missing: Sequence[str], implied: Sequence[Implied]
) -> Patch:
    words = as_mapping(implied)
    for key in reversed(missing):
        words = f"{{{key}: {words}}}"
    end = node.end_mark.index - 1
    at = len(document.text[:end].rstrip()) if node.value else end
    comma = ", " if node.value and not document.text[:at].endswith(",") else ""
    return Patch(at, at, f"{comma}{words[1:-1]}")


def _lines(missing: Sequence[str], implied: Sequence[Implied]) -> list[str]:
    """Return the lines of a block, each with the packages that need it."""
    if not missing:
        return [f"{promise}  # {promise.comment}" for promise in implied]
    comment = ", ".join(dict.fromkeys(promise.comment for promise in implied))
    *outer, subdir = missing
    lines = [f"{'  ' * depth}{key}:" for depth, key in enumerate(outer)]
    return [*lines, f"{'  ' * len(outer)}{subdir}: {as_mapping(implied)}  # {comment}"]
