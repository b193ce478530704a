"""Whom a watch tells: addresses in the form of apprise (https://github.com/caronc/apprise/wiki), without secrets.

What is secret stands in the environment. A target names a variable, as ``${NAME}``, for the whole address or for a part
of it. It is replaced when a message is sent, so a password stands in no settings file, state, event or log.

Targets are the user's own words, unlike the addresses in feeds and pages. So they may lead into private networks: the
mail server of a newsroom is most often in one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote

from claimwire.errors import UsageError

INSTALL = "pip install 'claimwire[notify]'"
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")
_PASSWORD = re.compile(r"^[^/?#]*://[^/?#]*:(?P<password>[^/?#]*)@")
_SECRET_PARAMETER = re.compile(
    r"[?&](?:[+-])?[^=&]*(?:pass|passwd|password|pwd|secret|token|key|authorization)=(?P<value>[^&]*)", re.IGNORECASE
)
_LONGEST = 2_000
_SHORTEST_SECRET = 4
"""Characters. To hide a shorter one would hide ordinary text."""


class TargetError(UsageError):
    """A target means nothing, or holds what must not stand in a file; the message shows no secret."""


def check_form(target: object) -> str:
    """A target as the settings give it, if it may stand in them; the bare name of a variable becomes ``${NAME}``.

    Raises TargetError where it is no address, or has a secret in it.
    """
    if not isinstance(target, str) or not target.strip():
        raise TargetError("a target is an address, e.g. mailto://desk@mail.example, or a variable, e.g. ${DESK_CHAT}")
    target = target.strip()
    if len(target) > _LONGEST:
        raise TargetError(f"the target {shown(target)} has more than {_LONGEST} characters")
    if _NAME.fullmatch(target):
        return f"${{{target}}}"
    rest = _VARIABLE.sub("", target)
    if "${" in rest:
        raise TargetError(f"the target {shown(target)} names no variable; write ${{NAME}}, with letters, digits and _")
    if rest == "" and target.count("${") == 1:
        return target
    if "://" not in target:
        # Not shown: without a scheme it is not known what of it is a password.
        raise TargetError("a target without :// is no address; write e.g. mailto://desk@mail.example")
    if any(_VARIABLE.sub("", found) for found in _open_secrets(target)) or _is_masked(target):
        raise TargetError(
            f"the target {shown(target)} has a password, a token or a key in it. Put it into the environment, e.g. as "
            "DESK, and write ${DESK} in its place, or for the whole address"
        )
    return target


def check_known(target: str) -> None:
    """See that apprise knows what the target is. Raises TargetError where it does not, or is not installed."""
    apprise = _apprise()
    if not _VARIABLE.search(target) and apprise.Apprise.instantiate(target, suppress_exceptions=True) is None:
        raise TargetError(
            f"the target {shown(target)} is none that apprise knows: see https://github.com/caronc/apprise/wiki for "
            "their forms"
        )


def variables(target: str) -> list[str]:
    """The variables that a target names."""
    return _VARIABLE.findall(target)


def resolve(target: str, environment: Mapping[str, str]) -> str:
    """The address with its secrets. In a part of it a value is percent-encoded; a whole address is taken as it is.

    Raises TargetError for a variable that is not set.
    """
    for name in variables(target):
        if not environment.get(name):
            raise TargetError(f"the variable {name} is not set; the target {shown(target)} needs it")
    if _VARIABLE.fullmatch(target):
        return environment[target[2:-1]].strip()
    return _VARIABLE.sub(lambda found: quote(environment[found[1]], safe=""), target)


def hiding(target: str, environment: Mapping[str, str]) -> Callable[[str], str]:
    """What replaces the secrets of a target in a text by ``***``."""
    secrets = {value for name in variables(target) if (value := environment.get(name, "").strip())}
    # A whole address may come back in parts.
    parts = {part for secret in secrets for part in re.split(r"[:/?&=@#+]+", secret)} | secrets
    parts |= {form(part) for part in parts for form in (unquote, lambda each: quote(each, safe=""))}
    found = sorted((part for part in parts if len(part) >= _SHORTEST_SECRET), key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, found)) or r"(?!)")
    return lambda text: pattern.sub("***", text)


def shown(target: str) -> str:
    """A target as a message may show it: with the names of variables, and without what may be secret."""
    for found in sorted(_open_secrets(target), key=len, reverse=True):
        if found and _VARIABLE.sub("", found):
            target = target.replace(found, "***")
    if _VARIABLE.sub("", target) and _is_masked(target):
        return f"{target.partition('://')[0]}://***"
    return target if len(target) <= _MOST_SHOWN else f"{target[:_MOST_SHOWN]}..."


_MOST_SHOWN = 120


def _open_secrets(target: str) -> Iterator[str]:
    """What stands where an address has a password, or a parameter that is named for a secret."""
    if found := _PASSWORD.match(target):
        yield found["password"]
    for parameter in _SECRET_PARAMETER.finditer(target):
        yield parameter["value"]


def _is_masked(target: str) -> bool:
    """Whether apprise takes a part of an address for a secret: tokens of chats stand in their paths.

    An address with variables is the word of somebody who knows of them. False where apprise is not installed.
    """
    if _VARIABLE.search(target):
        return False
    try:
        made = _apprise().Apprise.instantiate(target, suppress_exceptions=True)
    except TargetError:
        return False
    return made is not None and made.url(privacy=True) != made.url(privacy=False)


def _apprise() -> Any:
    try:
        import apprise  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise TargetError(f"a watch with notify needs apprise; install it with: {INSTALL}") from error
    return apprise
