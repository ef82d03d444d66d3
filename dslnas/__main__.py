"""`python -m dslnas`: the command, for those whose PATH does not know it."""

from __future__ import annotations

from dslnas.cli.main import main

if __name__ == "__main__":
    main()
