"""Names, arguments, values and settings of a linked program: all mistakes at once."""
