"""All benchmarks, one after the other: `python -m benchmarks [--short]`."""

import subprocess
import sys

ALL = ("inprocess", "http", "startup", "routing", "payload", "concurrency")


def main() -> int:
    """Run each in a process of its own; 1 if one failed."""
    given = sys.argv[1:]
    runs = dict.fromkeys(ALL, given) | {"tables": []}
    failed = [name for name, options in runs.items() if run(name, options)]
    if failed:
        print("failed:", ", ".join(failed))
    return 1 if failed else 0


def run(name: str, options: list[str]) -> int:
    print(f"--- {name}", flush=True)
    command = [sys.executable, "-m", f"benchmarks.{name}", *options]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
