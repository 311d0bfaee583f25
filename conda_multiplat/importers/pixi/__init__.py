"""pixi's manifests, read to be imported."""
