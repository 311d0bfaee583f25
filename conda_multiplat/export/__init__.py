"""A lock as files that other tools install: explicit, requirements, pinned YAML. Pure."""
