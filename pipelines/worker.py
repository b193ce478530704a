"""A worker process of ``--workers N``: Beam's own, without its chatter and deaf to who asks for an end.

A Ctrl-C reaches every process of the terminal, and a stop by systemd every process of the service. The driver alone
decides where it ends; a worker ends when the driver has no more to do for it, or is gone.
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
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    warnings.filterwarnings("ignore")
    # What fails in a worker reaches the driver as the pipeline's failure; its log would only say so twice.
    logging.disable(logging.CRITICAL)
    from apache_beam.runners.worker import sdk_worker_main  # noqa: PLC0415 - logs while it is imported

    sdk_worker_main.main(sys.argv)


if __name__ == "__main__":
    main()
