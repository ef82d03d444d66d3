"""Rewrites of the primitive graph that keep what it computes, one file each, without backends."""
