"""`python -m rushlight VERB ...`: see app/cli.py."""

import sys

from rushlight.app.cli import main

if __name__ == "__main__":
    sys.exit(main())
