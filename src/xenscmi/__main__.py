"""`python -m xenscmi` is `xenscmi`."""

import sys

from xenscmi.cli import main

sys.exit(main())
