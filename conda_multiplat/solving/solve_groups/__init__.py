"""How the environments of a solve-group come to the same versions."""
