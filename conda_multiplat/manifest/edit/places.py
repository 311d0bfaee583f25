"""Where a new line goes: the list that it stands in, made where it is not there, and its place."""

from __future__ import annotations

import yaml

from conda_multiplat.manifest.edit import lists
from conda_multiplat.manifest.edit.asked import Asked
from conda_multiplat.manifest.edit.document import Document, Value
from conda_multiplat.manifest.edit.draft import Draft
from conda_multiplat.manifest.edit.keys import with_key
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT


def with_lists(draft: Draft, asked: Asked) -> Draft:
    """With the lists that the line is to stand in, empty where they are not there yet."""
    document = draft.home_of(asked.environment)
    if asked.environment != DEFAULT_ENVIRONMENT and not document.dependencies(asked.environment):
        text = with_key(document, asked.environment, "dependencies", "[]")
        draft = draft.with_text(document.file, text)
        document = draft.home_of(asked.environment)
    dependencies = document.dependencies(asked.environment)
    assert dependencies is not None
    if not asked.pypi or document.pip_lists(dependencies):
        return draft
    last = dependencies.items[-1] if dependencies.items else None
    words = "{pip: []}" if lists.in_brackets(dependencies) else "pip: []"
    return draft.with_text(document.file, lists.insert(document, dependencies, words, after=last))


def list_of(document: Document, asked: Asked) -> Value:
    """The list that a line is to stand in, which is there."""
    dependencies = document.dependencies(asked.environment)
    assert dependencies is not None
    if not asked.pypi:
        return dependencies
    found = [value for _, value in document.pip_lists(dependencies)]
    return next((each for each in found if each.items), found[-1])


def inserted(document: Document, value: Value, asked: Asked, text: str, comment: str = "") -> str:
    """With the line at the end of its kind: conda's come before ``pip:``."""
    its = [each for each in value.items if asked.pypi or _is_conda(each)]
    return lists.insert(document, value, text, after=its[-1] if its else None, comment=comment)


def _is_conda(item: yaml.Node) -> bool:
    pairs = item.value if isinstance(item, yaml.MappingNode) else []
    return all(key.value != "pip" for key, _ in pairs)
