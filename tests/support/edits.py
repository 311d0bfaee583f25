"""Manifests in all kinds of handwriting."""

from __future__ import annotations

from random import Random

NAMES = ("python", "numpy", "scipy", "Mesa_Lib", "gdb", "jax", "x264")
SPECS = ("", " >=1", ">=1,<9", " 3.12.*", "=2")
PLATFORMS = ("linux-64", "linux-aarch64", "osx-64", "osx-arm64", "win-64")


def generated(random: Random) -> str:
    """A manifest: its lists in lines or brackets, one kind of selectors or none, any layout."""
    kind = random.choice(["none", "none", "comment", "comment", "dict"])
    step = random.choice([0, 2, 2, 4])
    platforms = random.sample(PLATFORMS, random.randint(1, 4))
    parts = [
        random.choice(["name: robot\n", "# a robot\nname:   robot  # its name\n", ""]),
        _list(random, "platforms", list(platforms), 0, step),
        _list(random, "channels", ["conda-forge"], 0, step),
        _dependencies(random, kind, 0, step),
    ]
    random.shuffle(parts)
    environments = "".join(
        f"    {name}:\n" + _dependencies(random, kind, 6, step) for name in ("dev", "docs")
    )
    parts.append(f"multiplat:\n  environments:  # more\n{environments}")
    text = "".join(parts)
    text = text if random.random() < 0.8 else text.rstrip("\n")
    return text.replace("\n", "\r\n") if random.random() < 0.3 else text


def _list(random: Random, key: str, values: list[str], column: int, step: int) -> str:
    indent = " " * column
    if random.random() < 0.5:
        return f"{indent}{key}: [{', '.join(values)}]\n"
    lines = "".join(f"{indent}{' ' * step}- {value}\n" for value in values)
    return f"{indent}{key}:\n{lines}"


def _dependencies(random: Random, kind: str, column: int, step: int) -> str:
    names = random.sample(NAMES, random.randint(0, 5))
    specs = [name + random.choice(SPECS) for name in names]
    pip = random.sample(["robosuite", "Mujoco_MPS>=2", "-e ."], random.randint(0, 3))
    indent = " " * column
    if random.random() < 0.2:
        quoted = [f'"{spec}"' if "," in spec else spec for spec in specs]
        nested = [f"pip: [{', '.join(pip)}]"] if pip else []
        return f"{indent}dependencies: [{', '.join([*quoted, *nested])}]\n"
    dash = indent + " " * step + random.choice(["- ", "-   "])
    lines = [dash + _selected(random, kind, spec) for spec in specs]
    if pip:
        entries = [_commented(random, kind, entry) for entry in pip]
        width = len(dash) + random.choice([0, 2])
        lines.append(f"{dash}pip:" + "".join(f"\n{' ' * width}- {entry}" for entry in entries))
    for at in sorted(random.sample(range(len(lines) + 1), min(2, len(lines))), reverse=True):
        lines.insert(
            at, random.choice(["", f"{indent}  # a remark", f"{indent}  # - commented out"])
        )
    if not specs and not pip:
        return f"{indent}dependencies: []\n"
    return "\n".join([f"{indent}dependencies:", *lines]) + "\n"


def _selected(random: Random, kind: str, spec: str) -> str:
    if kind == "dict" and random.random() < 0.4:
        return f"sel({random.choice(['linux', 'osx', 'win', 'unix'])}): {spec}"
    return _commented(random, kind, random.choice([spec, f'"{spec}"', f"'{spec}'"]))


def _commented(random: Random, kind: str, text: str) -> str:
    if kind == "comment" and random.random() < 0.5:
        words = random.choice(["", "needed there "])
        selector = random.choice(["linux", "not win", "osx"])
        return f"{text}{random.choice([' ', '   '])}# {words}[{selector}]"
    return text + random.choice(["", "", "  # why not"])
