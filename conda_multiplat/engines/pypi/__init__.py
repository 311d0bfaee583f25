"""Resolve and install PyPI packages with uv; only this folder runs uv."""
