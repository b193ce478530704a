"""A desk to try with: receives what watches tell, and prints it.

    python deploy/desk/receive.py claimwire run --config examples/desk.yaml

The command runs with the variable DESK_CHAT, which holds the address of a webhook on this machine. Whatever comes there
is printed when the command has ended.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_LARGEST = 1 << 20


def main(command: list[str]) -> int:
    """Run a command beside the desk; its exit code."""
    if not command:
        print(__doc__, file=sys.stderr)
        return 2
    messages: list[dict[str, Any]] = []

    class Desk(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            messages.append(json.loads(self.rfile.read(min(length, _LARGEST))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"json://127.0.0.1:{server.server_address[1]}/"
    code = subprocess.run(command, env={**os.environ, "DESK_CHAT": address}, check=False).returncode  # noqa: S603
    server.shutdown()
    for message in messages:
        print(f"\nThe desk was told: {message['title']}\n\n{message['message'].strip()}")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
