"""python3 -i repl.py [FILE...]: see thermos_config/repl.py."""

import sys

from thermos_config.repl import start

start(globals(), sys.argv[1:])
