"""Render a lock as files for other tools: explicit, requirements, pinned YAML; pure functions."""
