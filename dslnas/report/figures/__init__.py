"""Figures of reports as SVG: pure functions from data to text, in colours that the page sets."""
