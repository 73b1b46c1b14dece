"""`python -m chatkit`: the chatkit command without its script."""

import sys

from chatkit._cli import main

if __name__ == "__main__":
    sys.exit(main())
