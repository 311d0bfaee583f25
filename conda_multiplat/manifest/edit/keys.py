"""Add missing keys and lists to a manifest, and find the place for a new line."""

from __future__ import annotations

import yaml

from conda_multiplat.manifest.edit import lists
from conda_multiplat.manifest.edit.document import Document, Patch, Value
from conda_multiplat.manifest.edit.draft import Change, Draft
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT


def with_key(document: Document, environment: str, key: str, value: str) -> str:
    """Return the document's text with a new key for an environment.

    At the top level it is written after ``channels`` or ``name``, else before ``dependencies``; in
    another environment at the end.
    """
    line = f"{key}: {value}"
    if environment == DEFAULT_ENVIRONMENT:
        return document.patched(_at_the_top(document, line))
    declared = document.environment(environment)
    assert declared is not None
    node = declared.node
    if isinstance(node, yaml.MappingNode) and node.value:
        return document.patched(_at_the_end(document, node, line))
    if isinstance(node, yaml.MappingNode) or declared.mapping.flow_style:
        start, end = node.start_mark.index, node.end_mark.index
        space = "" if isinstance(node, yaml.MappingNode) else " "
        return document.patched(Patch(start, end, f"{space}{{{line}}}"))
    end = document.line_end(document.end_of(node))
    indent = " " * (declared.key.start_mark.column + _step(document, declared))
    return document.patched(Patch(end, end, f"{document.newline}{indent}{line}"))


def _at_the_top(document: Document, line: str) -> Patch:
    dependencies = document.value(document.root, "dependencies")
    at = dependencies.key.start_mark.index if dependencies else 0
    if document.root.flow_style:
        return Patch(at, at, f"{line}, ")
    values = (document.value(document.root, key) for key in ("channels", "name"))
    above = next((line for line in values if line), None)
    if above is None:
        return Patch(at, at, line + document.newline)
    end = document.line_end(document.end_of(above.node))
    return Patch(end, end, document.newline + line)


def _step(document: Document, declared: Value) -> int:
    """Return how far the file indents the environments under their key."""
    multiplat = document.value(document.root, "multiplat")
    above = document.value(multiplat.node, "environments") if multiplat else None
    outer = above.key.start_mark.column if above else 0
    return declared.key.start_mark.column - outer


def _at_the_end(document: Document, node: yaml.MappingNode, line: str) -> Patch:
    last = document.end_of(node.value[-1][1])
    if node.flow_style:
        return Patch(last, last, f", {line}")
    end = document.line_end(last)
    indent = " " * node.value[0][0].start_mark.column
    return Patch(end, end, f"{document.newline}{indent}{line}")


def with_lists(draft: Draft, change: Change) -> Draft:
    """Add the lists that a new line needs, empty if they are missing."""
    document = draft.home_of(change.environment)
    if change.environment != DEFAULT_ENVIRONMENT and not document.dependencies(change.environment):
        text = with_key(document, change.environment, "dependencies", "[]")
        draft = draft.with_text(document.file, text)
        document = draft.home_of(change.environment)
    dependencies = document.dependencies(change.environment)
    assert dependencies is not None
    if not change.pypi or document.pip_lists(dependencies):
        return draft
    last = dependencies.items[-1] if dependencies.items else None
    words = "{pip: []}" if lists.in_brackets(dependencies) else "pip: []"
    return draft.with_text(document.file, lists.insert(document, dependencies, words, after=last))


def list_of(document: Document, change: Change) -> Value:
    """Return the existing list for a new line."""
    dependencies = document.dependencies(change.environment)
    assert dependencies is not None
    if not change.pypi:
        return dependencies
    pip_lists = [value for _, value in document.pip_lists(dependencies)]
    return next((pip_list for pip_list in pip_lists if pip_list.items), pip_lists[-1])


def with_line(
    document: Document, value: Value, change: Change, text: str, comment: str = ""
) -> str:
    """Return the text with a line at the end of its kind: conda's lines come before ``pip:``."""
    siblings = [item for item in value.items if change.pypi or _is_conda(item)]
    return lists.insert(
        document, value, text, after=siblings[-1] if siblings else None, comment=comment
    )


def _is_conda(item: yaml.Node) -> bool:
    pairs = item.value if isinstance(item, yaml.MappingNode) else []
    return all(key.value != "pip" for key, _ in pairs)
