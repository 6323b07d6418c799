"""`python -m redirflow`."""

import sys

from redirflow.cli import main

if __name__ == "__main__":
    sys.exit(main())
