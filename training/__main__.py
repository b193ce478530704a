"""Train the tagger's weights, one head after the other.

    python -m training --data shared/data --work out/training --out pipelines/extract/tagger/weights

First attributions (who said what), with the whole encoder; then names, in a branch above its lower layers; then
check-worthiness, on the finished encoder. The results of the first two steps are kept in --work; delete a file there to
repeat its step.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m training", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with attribution/, entities/, checkworthy/")
    parser.add_argument("--out", type=Path, required=True, help="folder for the three graphs and vocab.txt")
    parser.add_argument(
        "--work", type=Path, required=True, help="folder for attributions.pt and names.pt; existing files are reused"
    )
    parser.add_argument("--epochs", type=int, default=5, help="epochs of each step [5]")
    parser.add_argument("--rate", type=float, default=2e-4, help="highest learning rate of the encoder [2e-4]")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch [1]")
    parser.add_argument("--seed", type=int, default=1, help="random seed [1]")
    given = parser.parse_args()
    try:
        from training.tagger import train  # noqa: PLC0415 - so that --help needs none of these libraries
    except ImportError as error:
        sys.exit(f"training needs more libraries ({error}); install them with: pip install --editable '.[train]'")
    train(**vars(given))


if __name__ == "__main__":
    main()
