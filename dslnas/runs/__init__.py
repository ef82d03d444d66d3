"""Run folders: what a search leaves behind."""
