"""Tables that are shipped as files; no code."""
