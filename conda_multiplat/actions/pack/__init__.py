"""Pack environments into archives for machines without a network, and unpack them there."""
