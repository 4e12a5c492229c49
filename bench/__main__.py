"""
How fast it is, beside other ways to the same kernels.

    ./scripts/bench [--rounds 5] [part …]

Writes all samples as JSON, and a table and figures into docs/, unless told otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from . import browser, crowd, idle, lists, startup, talk

PARTS = {
    "talk": talk.run,
    "browser": browser.run,
    "lists": lists.run,
    "startup": startup.run,
    "crowd": crowd.run,
    "idle": idle.run,
}


def main() -> int:
    """Parse the command line, run, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all, where none is named")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    for part in arguments.parts or PARTS:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            findings = asyncio.run(PARTS[part](arguments.rounds, Path(folder)))
        print(findings.document(), flush=True)
        Path(f"bench-{part}.json").write_text(json.dumps(asdict(findings)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
