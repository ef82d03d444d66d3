"""The commands, one per file: arguments in, a use case, rendering out."""
