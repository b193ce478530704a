"""Run all benchmarks, one after the other. Takes about three hours on two cores.

    python benchmarks/run_all.py [--data shared/data] [--quick]

Without --data, those that need real data are left out, and the others use made-up articles.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the shared/data folder")
    parser.add_argument("--quick", action="store_true", help="smaller inputs, for a quick look: about five minutes")
    arguments = parser.parse_args(argv)
    data = ["--data", str(arguments.data)] if arguments.data else []
    few = ["--articles", "60"] if arguments.quick else []
    planned = {
        "throughput": [*data, *few, "--extractor", "tagger", "rules", "--rounds", "1" if arguments.quick else "3"],
        "copies": [*data, *few],
        "scale": [*data, *few],
        "warc": ["--pages", "300"] if arguments.quick else [],
        "polling": ["--feeds", "200", "--pages", "500"] if arguments.quick else [],
        "changes": ["--extractor", "rules"] if arguments.quick else [],
        "store": ["--claims", "20000", *few] if arguments.quick else [],
        "page_times": ["--claims", "20000", "--seconds", "3"] if arguments.quick else [],
        "readers": ["--minutes", "0.3"] if arguments.quick else [],
        "memory": ["--articles", "2000", "20000"] if arguments.quick else [],
        "memory_claims": ["--articles", "500"] if arguments.quick else [],
        "soak": ["--runs", "120", "--extract", "none"] if arguments.quick else [],
        "kill": ["--kills", "20"] if arguments.quick else [],
        "kafka_read": ["--share", "0.2"] if arguments.quick else [],
        "kafka_write": ["--share", "0.2"] if arguments.quick else [],
        "kafka_kill": ["--kills", "6"] if arguments.quick else [],
        "kafka_lag": ["--articles", "60"] if arguments.quick else [],
        "dedupe_stream": ["--remembered", "5000", "--articles", "1000"] if arguments.quick else [],
        "dedupe": ["--data", str(arguments.data / "dedupe")] if arguments.data else [],
    }
    if data:
        planned["feeds"] = data
        planned["entities"] = data
        planned["stories"] = [*data, "--splits", "1"] if arguments.quick else data
        planned["claims"] = data
        planned["speakers"] = data
        planned["speakers_over_time"] = data
        planned["threads"] = data
        planned["meanings"] = data
        planned["watches"] = [*data, "--articles", "16"] if arguments.quick else data
        planned["page_claims"] = data
        planned["page_dates"] = data
        planned["pages"] = data
        planned["whole_pages"] = [*data, "--pages", "30"] if arguments.quick else data
    failed = []
    for name, options in planned.items():
        print(f"\n== {name}", flush=True)
        # Each in its own process, so that none measures what another has left in memory.
        if subprocess.run([sys.executable, Path(__file__).with_name(f"{name}.py"), *options], check=False).returncode:
            failed.append(name)
    print(f"\nfailed or missed a goal: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
