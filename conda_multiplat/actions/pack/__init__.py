"""Environments packed into archives, for machines without a network, and unpacked there."""
