"""``python -m streams`` is the command ``firebreak``."""

from streams.cli import main

if __name__ == "__main__":
    main(prog_name="firebreak")
