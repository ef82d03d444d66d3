"""The language: from text to a checked program, and back; its grammar in other notations."""
