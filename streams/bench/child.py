"""One reader as a process of its own: ``python -m streams.bench.child JOB READING``, two JSON files."""

from __future__ import annotations

import logging
import os
import sys
from importlib import import_module
from pathlib import Path

import msgspec

from streams.bench.job import READERS, Job, Reading
from streams.process_memory import collect_seldom, give_back


def main(job_file: Path, reading_file: Path) -> None:
    """Do the job in `job_file`, and write what was measured."""
    logging.basicConfig(level=logging.WARNING)
    job = msgspec.json.decode(job_file.read_bytes(), type=Job)
    read = import_module(READERS[job.reader].module).read
    os.chdir(job_file.parent)  # a plain Faust app makes folders where it is started
    # As Firebreak's processes do; here for all, so that it makes no difference.
    collect_seldom()
    give_back()
    reading: Reading = read(job)
    reading_file.write_bytes(msgspec.json.encode(reading))


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute())
