"""`python -m volfix`."""

from __future__ import annotations

from volfix.cli.main import main

if __name__ == "__main__":
    main()
