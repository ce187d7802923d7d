"""``python -m polyplive``."""

import sys

from polyplive.cli import main

sys.exit(main())
