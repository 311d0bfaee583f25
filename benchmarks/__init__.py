"""``python -m benchmarks``: the bounds of the design, measured side by side in one run."""
