"""``conda multiplat schema``: print a JSON Schema of the manifest, for editors."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.console import Console
from conda_multiplat.machine.files import shown
from conda_multiplat.machine.named_outputs import (
    refuse_others,
    require_place,
    with_text,
    write_named,
)
from conda_multiplat.manifest.schema import is_schema, schema

#: The file that ``init`` writes beside a manifest, and the line by which editors find it.
SCHEMA_FILE = "environment.schema.json"
EDITOR_LINE = f"# yaml-language-server: $schema={SCHEMA_FILE}"
EXAMPLES = f"""\
examples:
  conda multiplat schema -o {SCHEMA_FILE}
      and as the first line of environment.yml, for editors:
      {EDITOR_LINE}
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    summary = "a file to write (default: the terminal)"
    parser.add_argument("-o", "--output", dest="output_file", metavar="FILE", help=summary)


def schema_text() -> str:
    """Return the schema as the text of a file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def run(args: argparse.Namespace, _: Settings, console: Console) -> int:
    """Print the JSON Schema of the manifest, or write it."""
    if args.output_file is None:
        console.show(schema_text().rstrip("\n"))
        console.result({"schema": schema()})
        return 0
    path = Path(args.output_file).absolute()
    require_place(path, json=console.json)
    refuse_others(path, "a JSON Schema", with_text(is_schema))
    write_named(path, schema_text())
    console.say(f" wrote {shown(path)}")
    console.result({"file": shown(path)})
    return 0
