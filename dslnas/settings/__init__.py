"""The settings of a spec: their types, ranges, paper defaults and one-line explanations."""
