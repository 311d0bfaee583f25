"""Resolving and installing PyPI packages with uv. The one folder that runs uv."""
