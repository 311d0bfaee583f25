"""Implementations of the core's interfaces: rattler for conda, uv for PyPI, OSV for advisories."""
