"""The grammar of the language in other notations, for programs that write it."""
