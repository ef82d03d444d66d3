"""Faster forms of what image supernets spend their time on; each falls back on plain torch."""
