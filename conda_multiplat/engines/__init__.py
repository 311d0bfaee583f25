"""The engines behind the core's ports: rattler for conda, uv for PyPI, OSV for advisories."""
