"""``python -m claimwire.schemas [--check] FOLDER`` writes the JSON Schemas to a folder, or checks those in it."""

import json
import sys
from pathlib import Path

from claimwire.schemas.jsonschema import PUBLISHED, json_schema


def main(arguments: list[str]) -> int:
    check = "--check" in arguments
    folder = Path(next(argument for argument in arguments if not argument.startswith("-")))
    folder.mkdir(parents=True, exist_ok=True)
    stale = []
    for name in PUBLISHED:
        path = folder / f"{name}.schema.json"
        text = json.dumps(json_schema(name), indent=2, ensure_ascii=False) + "\n"
        if check and (not path.exists() or path.read_text(encoding="utf-8") != text):
            stale.append(str(path))
        elif not check:
            path.write_text(text, encoding="utf-8")
    if stale:
        print("These schemas differ from schemas/records.py; run `make schemas`:", *stale, sep="\n  ")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
