"""Architectures as other programs write them, read and written; nothing is evaluated."""
