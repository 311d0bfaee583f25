"""Tables that are shipped as files."""
