"""The options of ``info``."""

from __future__ import annotations

import argparse

from conda_multiplat.commands.info import info
from conda_multiplat.config import Settings
from conda_multiplat.console import Console

EXAMPLES = """\
examples:
  conda multiplat info                      virtual packages, and what can be installed here
  CONDA_OVERRIDE_CUDA=12.4 conda multiplat info     as if the driver had CUDA 12.4
"""


def configure(_: argparse.ArgumentParser) -> None:
    """Nothing beyond what every command takes."""


def run(args: argparse.Namespace, settings: Settings, console: Console) -> int:
    """Run the command."""
    return info(files=tuple(args.files), settings=settings, console=console)
