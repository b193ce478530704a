"""A small outlet to try claimwire with: an invented paper in ``site/``, served on this machine and to nobody else.

    python deploy/outlet/serve.py                                       # until Ctrl-C; prints its address
    python deploy/outlet/serve.py claimwire run --source {outlet} ...   # for as long as the command runs

In the second form ``{outlet}`` in the command becomes the address, and the exit code is that of the command. The server
is a thread of this process, so it ends with it, whatever happens. In the pages the outlet's own address stands as
``https://wexcombepacket.example``, and is replaced when they are served.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

SITE = Path(__file__).with_name("site")
HOST = b"https://wexcombepacket.example"
PORT = 8377
"""Where it is free, so that the addresses of the articles, and with them their ids, are the same each time."""


class Handler(SimpleHTTPRequestHandler):
    """Serves the files of the site with the address that they have here."""

    def do_GET(self) -> None:
        """The file at a path."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        body = path.read_bytes().replace(HOST, address(self.server).encode())
        self.send_response(HTTPStatus.OK)
        kind = self.guess_type(path)
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if kind.startswith("text/") else kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Says nothing: what was asked for is not of interest here."""


def serve() -> ThreadingHTTPServer:
    """The server, started, at its port or at any that is free."""
    handler = partial(Handler, directory=str(SITE))
    try:
        server = ThreadingHTTPServer(("127.0.0.1", PORT), handler)
    except OSError:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


def address(server: Any) -> str:
    """The address of the home page, without the slash at its end."""
    return f"http://127.0.0.1:{server.server_address[1]}"


def main(command: list[str]) -> int:
    """Serve while the command runs, or until Ctrl-C; the exit code."""
    server = serve()
    if not command:
        print(f"The Wexcombe Packet is at {address(server)}/ until Ctrl-C.", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
        return 0
    words = [word.replace("{outlet}", f"{address(server)}/") for word in command]
    running = subprocess.Popen(words)  # noqa: S603 - what the user has typed
    # Ctrl-C reaches the command as well, which ends in its own way; a signal to this process alone is passed on.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: running.terminate())
    return running.wait()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM} if not sys.argv[1:] else ())
    sys.exit(main(sys.argv[1:]))
