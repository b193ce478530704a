"""A worker process: Beam's own harness, without its chatter, for one pipeline after the other."""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
import warnings


def main() -> None:
    """Work for the pipelines that standard input names, a line of JSON each, until there is no more.

    A line has the variables in which Beam tells a harness of its pipeline; "done" on standard output answers it.
    """
    # Whatever prints must not come between the answers.
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as replies:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        warnings.filterwarnings("ignore")
        # What fails in a worker reaches the driver as the pipeline's failure; its log would only say so twice.
        logging.disable(logging.CRITICAL)
        import grpc  # noqa: PLC0415 - these log while they are imported
        from apache_beam.runners.worker import sdk_worker_main  # noqa: PLC0415

        from claimwire.pipelines.run.signatures import remember_dofns  # noqa: PLC0415

        remember_dofns()
        gc.freeze()  # as in the driver
        for line in sys.stdin:
            _, harness, _ = sdk_worker_main.create_harness(json.loads(line))
            try:
                harness.run()
            except grpc.RpcError:
                return  # the driver is gone
            print("done", file=replies, flush=True)


if __name__ == "__main__":
    main()
