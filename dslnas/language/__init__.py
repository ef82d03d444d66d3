"""The language: from text to a checked program, and back to text."""
