"""python3 evaluate.py NAME TASK [WORD...] <FILE 3>RESULT: see thermos_config/evaluate.py."""

import sys

from thermos_config.evaluate import main

if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
