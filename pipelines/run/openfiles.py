"""How many files this process may have open: each request under way is one of them, or two."""

from __future__ import annotations

import resource
from contextlib import suppress

_ENOUGH = 4096


def allow_open_files() -> None:
    """Raise the limit of this process to what a thousand requests at once need, as far as the system allows it.

    Most systems allow 1,024 at first and many times that where a process asks for it, because of old programs that use
    select(); nothing here does.
    """
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if most == resource.RLIM_INFINITY else min(_ENOUGH, most)
    if now != resource.RLIM_INFINITY and now < wanted:
        with suppress(ValueError, OSError):  # it may be forbidden
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
