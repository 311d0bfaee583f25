"""Write a requirement as YAML: plain if YAML reads it back unchanged, otherwise in quotes."""

from __future__ import annotations

import yaml

from conda_multiplat.vocabulary.yaml_nodes import Loader, is_string


def list_item(text: str, *, flow: bool, style: str | None = None) -> str:
    """Return ``text`` as an item of a YAML list.

    Args:
        text: one line.
        flow: whether the list is in brackets, where commas and brackets need quotes.
        style: the quote character of the previous text, if it had one.
    """
    if style == "'" or (style is None and not _plain(text, flow=flow) and '"' in text):
        return "'" + text.replace("'", "''") + "'"
    if style == '"' or not _plain(text, flow=flow):
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return text


def _plain(text: str, *, flow: bool) -> bool:
    """Return whether YAML reads ``text`` unchanged without quotes, also after ``key: ``."""
    try:
        node = yaml.compose(f"[k: {text}]" if flow else f"- k: {text}\n", Loader=Loader)
        item = yaml.compose(f"[{text}]" if flow else f"- {text}\n", Loader=Loader)
    except yaml.YAMLError:
        return False
    assert node is not None
    assert item is not None
    values = node.value[0].value if isinstance(node.value[0], yaml.MappingNode) else []
    return (
        len(node.value) == len(item.value) == len(values) == 1
        and is_string(item.value[0])
        and item.value[0].value == values[0][1].value == text
    )
