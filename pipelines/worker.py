"""A worker process of ``--workers N``: Beam's own, without its chatter and deaf to the terminal.

A Ctrl-C reaches every process of the terminal; the driver alone decides where it ends, and ends its workers itself.
"""

from __future__ import annotations

import logging
import shlex
import signal
import sys
import warnings

COMMAND = f"exec {shlex.quote(sys.executable)} -m pipelines.worker"


def main() -> None:
    """Work for the driver whose addresses Beam has put into the environment, until it has no more to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.filterwarnings("ignore")
    # What fails in a worker reaches the driver as the pipeline's failure; its log would only say so twice.
    logging.disable(logging.CRITICAL)
    from apache_beam.runners.worker import sdk_worker_main  # noqa: PLC0415 - logs while it is imported

    sdk_worker_main.main(sys.argv)


if __name__ == "__main__":
    main()
