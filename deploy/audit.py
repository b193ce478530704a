"""``make audit``: looks up every package of deploy/requirements.lock among the known vulnerabilities, by pip-audit.

pip-audit calls a package that its service does not know "skipped", and ends with "no known vulnerabilities" even where
it could look up none, as behind a mirror that has no such data. Here that is said, and is not a success.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCK = Path(__file__).with_name("requirements.lock")


def outcome(report: dict[str, Any]) -> tuple[list[str], bool]:
    """What a report of pip-audit (``--format json``) says, line by line, and whether a vulnerability is known."""
    packages = report["dependencies"]
    audited = [package for package in packages if "vulns" in package]
    found = [
        f"{package['name']} {package['version']}: {known['id']}, mended in {', '.join(known['fix_versions']) or 'none'}"
        for package in audited
        for known in package["vulns"]
    ]
    told = f"{len(audited)} of {len(packages)} packages audited, {len(found)} known vulnerabilities"
    if len(audited) < len(packages):
        told = f"NOT AUDITED: {len(packages) - len(audited)} of {len(packages)} packages, because their data is missing"
    return [*found, told], bool(found)


def main() -> int:
    """Audit the lock file; 1 where a vulnerability is known."""
    command = [sys.executable, "-m", "pip_audit", "--format", "json", "--disable-pip", "--require-hashes"]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [*command, "--progress-spinner", "off", "--requirement", str(LOCK)], capture_output=True, text=True, check=False
    )
    if not done.stdout.startswith("{"):
        why = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        print(f"NOT AUDITED: the data of known vulnerabilities cannot be reached from here ({why[0]})")
        return 0
    lines, vulnerable = outcome(json.loads(done.stdout))
    print("\n".join(lines))
    return int(vulnerable)


if __name__ == "__main__":
    sys.exit(main())
