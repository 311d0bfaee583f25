"""The documentation as a site: `make docs`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import command_reference

from conda_multiplat import __version__

project = "conda-multiplat"
author = "the maintainers of conda-multiplat"
version = release = __version__
extensions = ["myst_parser", "sphinx_copybutton"]
exclude_patterns = ["_build"]
source_suffix = {".md": "markdown"}
html_theme = "conda_sphinx_theme"
html_title = "conda-multiplat"
html_show_sourcelink = False
html_theme_options = {"navigation_with_keys": False, "show_prev_next": True}
myst_heading_anchors = 4
myst_links_external_new_tab = False
# A terminal is no language, and much of what is shown is one.
highlight_language = "none"
suppress_warnings = ["misc.highlighting_failure"]
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True


def setup(app: Any) -> None:
    """Write the reference of the commands before anything is read."""
    app.connect("builder-inited", lambda _: command_reference.write(Path(__file__).parent))
