"""A program with the files it uses, and the settings that the command line overrides."""
