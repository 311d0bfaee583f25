"""Files that are wrong in some way: by their bytes, their lines, or the values in their tree."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Iterator
from random import Random
from typing import Any

import yaml

#: Deeper than Python, libyaml or a JSON parser go.
DEEP = 20_000
#: Digits; Python reads no more than 4300 of a number.
LONG = 5_000
_BYTES = [b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\t", b"\r", b"\n", b"\x1b[2J"]
_MARKS = b"""&a |*a|!!python/name:os |!!binary |? |: |- |[|{|'|"|>|%|@|#|<<: |=|,|]|}""".split(b"|")
#: What can stand where something else belongs.
VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    10**30,
    float("inf"),
    float("nan"),
    "",
    " ",
    "x",
    "..",
    "/",
    "a b c",
    "-x",
    "$HOME",
    "1.0.0",
    "[",
    "{}",
    "x" * 5000,
    "1" * LONG,
    "\x00",
    "\x1b[31m",
    "é☃",
    "line\nline",
    "https://example.com/[",
    "https://[::1",
    "file:///",
    "http://\x00",
    "*",
    "==",
    ">=1,<",
    "a[b",
    "2024-01-01",
    [],
    {},
    [None],
    [[]],
    [{}],
    {"": None},
    {"a": {"b": ["c"]}},
    ["a", 1, None, {}],
]


def bytes_changed(content: bytes, random: Random) -> bytes:
    """A file with some of its bytes other ones: flipped, put in, cut, moved."""
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        place = random.randrange(len(content) + 1)
        end = min(len(content), place + random.choice((1, 2, 10, 200)))
        kind = random.randrange(6)
        if kind == 0 and place < len(content):
            flipped = content[place] ^ 1 << random.randrange(8)
            content = content[:place] + bytes([flipped]) + content[place + 1 :]
        elif kind == 1:
            content = content[:place] + random.choice(_BYTES) + content[place:]
        elif kind == 2:
            content = content[:place] + random.choice(_MARKS) + content[place:]
        elif kind == 3:
            content = content[:place] + content[end:]
        elif kind == 4:
            content = content[:end] + content[place:end] + content[end:]
        elif random.random() < 0.2:
            content = content[:place]
    return content


def lines_changed(content: bytes, random: Random) -> bytes:
    """A file without some of its lines, or with them twice, elsewhere, or indented otherwise."""
    lines = content.splitlines(keepends=True)
    for _ in range(random.choice((1, 1, 2, 4))):
        if not lines:
            break
        place = random.randrange(len(lines))
        kind = random.randrange(5)
        if kind == 0:
            del lines[place]
        elif kind == 1:
            lines.insert(place, lines[place])
        elif kind == 2:
            lines.insert(random.randrange(len(lines)), lines.pop(place))
        elif kind == 3:
            lines[place] = b" " * random.randrange(1, 5) + lines[place]
        else:
            lines[place] = lines[place].lstrip()
    return b"".join(lines)


def tree_changed(tree: Any, random: Random) -> Any:
    """A document of which some values are of another kind, missing, or elsewhere."""
    tree = copy.deepcopy(tree)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        places = list(_places(tree))
        if not places:
            return random.choice(VALUES)
        holder, key = random.choice(places)
        kind = random.randrange(8)
        if kind == 0:
            del holder[key]
        elif kind == 1:
            other, there = random.choice(places)
            holder[key] = copy.deepcopy(other[there])
        elif kind == 2:
            holder[key] = random.choice(([holder[key]], {"x": holder[key]}, str(holder[key])))
        elif kind == 3 and isinstance(holder, dict):
            holder[random.choice([value for value in VALUES if isinstance(value, str)])] = (
                holder.pop(key)
            )
        else:
            holder[key] = copy.deepcopy(random.choice(VALUES))
    return tree


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Each value of a document, as what holds it and its key there."""
    keys = (
        list(tree) if isinstance(tree, dict) else range(len(tree) if isinstance(tree, list) else 0)
    )
    for key in keys:
        yield tree, key
        yield from _places(tree[key])


def sealed(text: str) -> str:
    """A lock with digests that hold for it, as who changes it on purpose makes them."""
    head, mark, section = text.partition("\npackage:")
    digest = hashlib.sha256(f"package:{section}".encode("utf-8", "surrogatepass")).hexdigest()
    tree = yaml.safe_load(head)
    custom = tree["metadata"]["custom_metadata"]
    custom["multiplat.packages-sha256"] = digest
    custom.pop("multiplat.metadata-sha256", None)
    plain = json.dumps(tree["metadata"], sort_keys=True, separators=(",", ":"), default=str)
    custom["multiplat.metadata-sha256"] = hashlib.sha256(plain.encode()).hexdigest()
    return yaml.safe_dump(tree, sort_keys=False, width=1 << 30).rstrip("\n") + mark + section


def toml(value: Any, path: str = "") -> str:
    """A document as TOML; what TOML has no word for is left out."""
    if not isinstance(value, dict):
        return ""
    pairs = {key: word for key, item in value.items() if (word := _toml_value(item)) is not None}
    own = [f"{_toml_key(key)} = {word}" for key, word in pairs.items() if not _is_table(value[key])]
    text = f"[{path}]\n" * bool(path) + "\n".join(own) + "\n"
    for key, item in value.items():
        if _is_table(item):
            text += toml(item, f"{path}.{_toml_key(key)}".lstrip("."))
    return text


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) and bool(value)


def _toml_key(key: Any) -> str:
    return str(key) if re.fullmatch(r"[A-Za-z0-9_-]+", str(key)) else json.dumps(str(key))


def _toml_value(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, dict):
        pairs = (f"{_toml_key(key)} = {_toml_value(item) or 0}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml_value(item) or "0" for item in value) + "]"
    return str(value).lower() if isinstance(value, float) else json.dumps(value)
