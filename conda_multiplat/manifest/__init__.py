"""``environment.yml`` as a value: text to manifest, manifest to targets; pure functions."""
