"""Where a Kafka is, and how clients log in to it.

Options have kafka-python's names; Kafka's own (``security.protocol``) and librdkafka's (``ssl.ca.location``) are
understood where they mean the same. Secrets come from the environment or from a file and are read where a client is
made, so that they travel in no pipeline, and stand in no command line, log, record or message of an error.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import ssl
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError
from msgspec import Struct

from claimwire.connectors.kafka.errors import LOGIN_REFUSED, BadAddress, BadConfig, explained

USERNAME = "CLAIMWIRE_KAFKA_USERNAME"
PASSWORD = "CLAIMWIRE_KAFKA_PASSWORD"  # noqa: S105 - the variable's name
KEY_PASSWORD = "CLAIMWIRE_KAFKA_KEY_PASSWORD"  # noqa: S105
"""Environment variables: of SASL, and of the private key of a client's certificate. They go before the file."""

_DEFAULT_PORT = 9092
_NAME = re.compile(r"[A-Za-z0-9._-]{1,249}")  # of a topic; Kafka's own rule
_SECRETS = ("sasl_plain_password", "ssl_password")
_FROM_ENVIRONMENT = {"sasl_plain_username": USERNAME, "sasl_plain_password": PASSWORD, "ssl_password": KEY_PASSWORD}
_FILES = ("ssl_cafile", "ssl_certfile", "ssl_keyfile", "ssl_crlfile")
_PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_REASON_TIMEOUT_S = 5

# Values that no file can hold, and logins that this package does not know.
_NOT_OPTIONS = re.compile(
    r"bootstrap_servers|kafka_client|metric.*|selector|socket_options|socks5_proxy|ssl_context|.*_kerberos_.*|.*oauth.*"
)
CONNECTION_OPTIONS = frozenset(
    name
    for name in set(KafkaAdminClient.DEFAULT_CONFIG).intersection(
        KafkaProducer.DEFAULT_CONFIG, KafkaConsumer.DEFAULT_CONFIG
    )
    if not _NOT_OPTIONS.fullmatch(name)
)
"""What all of kafka-python's clients take and ``Connection`` sets."""

_SAME = {
    "sasl_mechanisms": "sasl_mechanism",
    "sasl_username": "sasl_plain_username",
    "sasl_password": "sasl_plain_password",
    "ssl_ca_location": "ssl_cafile",
    "ssl_certificate_location": "ssl_certfile",
    "ssl_key_location": "ssl_keyfile",
    "ssl_crl_location": "ssl_crlfile",
    "ssl_truststore_location": "ssl_cafile",  # of type PEM (KIP-651)
    "ssl_keystore_location": "ssl_certfile",
    "ssl_key_password": "ssl_password",
    "compression_codec": "compression_type",
    "queue_buffering_max_ms": "linger_ms",
    "message_max_bytes": "max_request_size",
}
_JAAS_LOGIN = re.compile(r'\b(username|password)\s*=\s*(?:"([^"]*)"|([^\s;"]+))')


class Secret(str):
    """Text that shows itself to nobody who prints or formats it, only to who joins or encodes it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"


class KafkaAddress(Struct, frozen=True):
    """What ``kafka://host:port[,host:port]/name`` says."""

    brokers: tuple[str, ...]
    """As host:port."""
    name: str
    """A topic, or what the names of several begin with."""

    @classmethod
    def parse(cls, url: str) -> KafkaAddress:
        """Read an address; without a port, it is 9092. Raises BadAddress."""
        if "@" in url:  # said first, and without the address, because everything before it may be the password
            raise BadAddress(
                "an address of Kafka holds no user and no password, because addresses are shown in lists of processes "
                f"and in logs; put them into the variables {USERNAME} and {PASSWORD}, or into a file of client options"
            )
        scheme, found, rest = url.partition("://")
        if not found or scheme.lower() != "kafka":
            raise BadAddress(f"{url} is no address of Kafka; write kafka://host:port/name")
        if set(rest) & set("?#"):
            raise BadAddress(f"{url}: an address of Kafka ends with a name; options go into a file of client options")
        hosts, _, name = rest.partition("/")
        name = name.removesuffix("/")
        if not name:
            raise BadAddress(f"{url} names no topic; write kafka://host:port/name")
        if not _NAME.fullmatch(name) or name in (".", ".."):
            raise BadAddress(f"{url}: {name!r} is no name of a topic: up to 249 of letters, digits, '.', '_' and '-'")
        return cls(tuple(_host_and_port(host, url) for host in hosts.split(",")), name)

    def __str__(self) -> str:
        return f"kafka://{','.join(self.brokers)}/{self.name}"


def _host_and_port(text: str, where: str) -> str:
    match = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^\s:\[\]]+)(?::(\d{1,5}))?", text)
    if not match or not 0 < int(match[2] or _DEFAULT_PORT) < 65536:
        raise BadAddress(f"{where}: {text!r} is no host:port; write for example kafka1.example.org:9092")
    return f"{match[1]}:{match[2] or _DEFAULT_PORT}"


class Connection(Struct, frozen=True):
    """The brokers and how to log in to them. It holds no secret, so it may be printed and sent to workers.

    Where it is used, the file must be there and the variables set: on workers in other places too.
    """

    brokers: tuple[str, ...]
    """To begin with, as host:port; a client finds the rest by them."""
    config_file: str | None = None
    """A file of client options, ``name=value`` lines as Kafka's command line tools read them (``--command-config``),
    or YAML where it ends in .yaml or .yml."""
    options: dict[str, Any] = {}
    """More options, by kafka-python's names, going before the file; no secrets."""

    @classmethod
    def given(cls, config: Mapping[str, Any], config_file: str | None = None) -> tuple[Connection, dict[str, Any]]:
        """Take the connection out of a client's configuration, as KafkaIO's ``producer_config`` is.

        Returns it and the other options, all by kafka-python's names. Raises BadConfig: ``bootstrap.servers`` is not
        there, or a secret is.
        """
        named = {_python_name(name): value for name, value in config.items()}
        if secret := next((name for name in named if name in (*_SECRETS, "sasl_jaas_config")), None):
            raise BadConfig(
                f"{secret} in a pipeline's options could be seen by everybody who sees the pipeline; "
                f"put it into the variable {_FROM_ENVIRONMENT.get(secret, PASSWORD)}, or into a file of client options"
            )
        servers = named.pop("bootstrap_servers", None)
        if not servers:
            raise BadConfig("there is no bootstrap_servers among the options; write host:port, more parted by commas")
        hosts = servers.split(",") if isinstance(servers, str) else servers
        brokers = tuple(_host_and_port(host.strip(), "bootstrap_servers") for host in hosts)
        own = {name: value for name, value in named.items() if name in CONNECTION_OPTIONS}
        rest = {name: value for name, value in named.items() if name not in own}
        return cls(brokers, config_file, _checked(own, CONNECTION_OPTIONS, "the options")), rest

    def client_config(self) -> dict[str, Any]:
        """The options for each of kafka-python's clients, secrets included, read anew. Raises BadConfig."""
        where = self.config_file or "the options"
        config = _from_file(self.config_file) if self.config_file else {}
        config |= _checked(self.options, CONNECTION_OPTIONS, "the options")
        for name, variable in _FROM_ENVIRONMENT.items():
            if value := os.environ.get(variable):
                config[name] = value
        protocol = config.setdefault("security_protocol", "PLAINTEXT")
        _one_of("security_protocol", protocol, _PROTOCOLS, where)
        if protocol.startswith("SASL_"):
            _check_login(config, where)
            _hide_logins_from_log()
        else:
            config = {name: value for name, value in config.items() if not name.startswith("sasl_")}
        for name in _FILES:
            if name in config and not os.access(config[name], os.R_OK):
                raise BadConfig(f"{where}: {name}: there is no file {config[name]} that may be read")
        config |= {name: Secret(config[name]) for name in _SECRETS if name in config}
        return {**config, "bootstrap_servers": list(self.brokers)}

    def producer(self, **options: Any) -> KafkaProducer:
        """A producer, connected. Raises KafkaUnavailable, NotAuthorized, BadConfig."""
        return self._client(KafkaProducer, options)

    def consumer(self, **options: Any) -> KafkaConsumer:
        """A consumer, connected. Raises KafkaUnavailable, NotAuthorized, BadConfig."""
        return self._client(KafkaConsumer, options)

    @contextmanager
    def admin(self) -> Iterator[KafkaAdminClient]:
        """An admin client, connected, closed at the end. Raises KafkaUnavailable, NotAuthorized, BadConfig."""
        client = self._client(KafkaAdminClient, {})
        try:
            yield client
        finally:
            client.close()

    def _client(self, kind: Callable[..., Any], options: Mapping[str, Any]) -> Any:
        config = {**self.client_config(), **options}
        with explained(self.brokers, "connecting", why=self.why_unreachable), _LoginFailures() as refused:
            try:
                return kind(**config)
            except KafkaError as error:
                raise refused.last or error from None
            except (ValueError, RuntimeError, AssertionError) as error:  # a value that no broker or codec knows
                raise BadConfig(f"these options fit no {kind.__name__}: {error}") from None

    def why_unreachable(self) -> str | None:
        """What a plain connection to the brokers meets, because kafka-python only logs that; None if it is fine."""
        config = self.client_config()
        reasons = [_why_unreachable(broker, config) for broker in self.brokers]
        if None not in reasons:
            return "; ".join(filter(None, reasons))
        # A refusal is followed so soon by the end of the connection that kafka-python may not get to read it.
        login = config["security_protocol"].startswith("SASL_")
        return "it takes connections; check user name, password and mechanism of the login" if login else None


def checked_options(config: Mapping[str, Any], allowed: Collection[str], where: str) -> dict[str, Any]:
    """Options by kafka-python's names, their values of the right types, none but the allowed.

    Raises BadConfig with the nearest name that there is, or what a value must be.
    """
    return _checked({_python_name(name): value for name, value in config.items()}, allowed, where)


def _python_name(name: str) -> str:
    plain = name.strip().replace(".", "_").replace("-", "_").lower()
    return _SAME.get(plain, plain)


def _checked(config: Mapping[str, Any], allowed: Collection[str], where: str) -> dict[str, Any]:
    for name in config:
        if name not in allowed:
            near = get_close_matches(name, allowed, 1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(allowed))}"
            raise BadConfig(f"{where}: there is no option {name!r} of Kafka's clients here; {hint}")
    return {name: _typed(name, value, where) for name, value in config.items()}


def _typed(name: str, value: Any, where: str) -> Any:
    """A value as kafka-python wants it; files of properties hold nothing but text."""
    if not isinstance(value, str):
        return value
    default = KafkaProducer.DEFAULT_CONFIG.get(name)
    try:
        if isinstance(default, bool):
            return {"true": True, "false": False}[value.strip().lower()]
        if name == "acks":
            return {"all": "all", "-1": -1, "0": 0, "1": 1}[value.strip()]
        if isinstance(default, int | float) or name in ("send_buffer_bytes", "receive_buffer_bytes"):
            return int(value)
        if name == "api_version":
            return tuple(map(int, value.split(".")))
        if name == "compression_type" and value == "none":
            return None
    except (KeyError, ValueError):
        raise BadConfig(f"{where}: {name} cannot be {value!r}") from None
    return value


def _one_of(name: str, value: object, allowed: tuple[str, ...], where: str) -> None:
    if value not in allowed:
        raise BadConfig(f"{where}: {name} cannot be {value!r}; it must be one of {', '.join(allowed)}")


def _check_login(config: Mapping[str, Any], where: str) -> None:
    _one_of("sasl_mechanism", config.get("sasl_mechanism"), _MECHANISMS, where)
    for name in ("sasl_plain_username", "sasl_plain_password"):
        if not config.get(name):
            raise BadConfig(
                f"{where}: SASL needs {name}; set the variable {_FROM_ENVIRONMENT[name]}, or put it into a file of "
                "client options"
            )


# Files


def _from_file(path: str) -> dict[str, Any]:
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise BadConfig(f"cannot read the client options in {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadConfig(f"{path} is no text in UTF-8") from None
    found = _from_yaml(text, path) if path.endswith((".yaml", ".yml")) else dict(_from_properties(text, path))
    config = _translated({_python_name(name): value for name, value in found.items() if value is not None}, path)
    if "bootstrap_servers" in config:
        raise BadConfig(f"{path}: take bootstrap.servers out; which brokers there are stands in the address")
    return _checked(config, CONNECTION_OPTIONS, path)


def _from_yaml(text: str, path: str) -> dict[str, Any]:
    import yaml  # noqa: PLC0415 - only who has such a file needs the library

    try:
        content = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)  # the error itself would quote a line, and so a password
        raise BadConfig(f"{path} is no YAML{f' (line {mark.line + 1})' if mark else ''}") from None
    if not isinstance(content, dict):
        raise BadConfig(f"{path} must hold 'name: value' lines")
    return {str(name): value for name, value in content.items()}


def _from_properties(text: str, path: str) -> Iterator[tuple[str, str]]:
    """The lines of a file of Java properties; its escapes (``\\uXXXX``) are not needed for what stands here."""
    for number, line in enumerate(re.sub(r"\\\r?\n[ \t]*", "", text).splitlines(), 1):
        entry = line.strip()
        if entry and not entry.startswith(("#", "!")):
            name, found, value = entry.partition("=")
            if not found:
                raise BadConfig(f"{path}: line {number} is no name=value")
            yield name.strip(), value.strip()


def _translated(config: dict[str, Any], path: str) -> dict[str, Any]:
    """Options of Kafka's Java clients that stand for other options of kafka-python."""
    if (jaas := config.pop("sasl_jaas_config", None)) is not None:
        login = {match[1]: match[2] or match[3] for match in _JAAS_LOGIN.finditer(str(jaas))}
        config |= {f"sasl_plain_{name}": value for name, value in login.items()}
    for store in ("ssl_truststore_type", "ssl_keystore_type"):
        kind = config.pop(store, "PEM")
        if kind != "PEM":
            raise BadConfig(f"{path}: {store} cannot be {kind!r}; Python reads PEM only (keytool and openssl convert)")
    if "ssl_endpoint_identification_algorithm" in config:
        config["ssl_check_hostname"] = bool(config.pop("ssl_endpoint_identification_algorithm"))
    return config


# Finding out why


def _why_unreachable(broker: str, config: Mapping[str, Any]) -> str | None:
    host, _, port = broker.rpartition(":")
    host = host.strip("[]")
    try:
        with socket.create_connection((host, int(port)), timeout=_REASON_TIMEOUT_S) as connected:
            if config["security_protocol"].endswith("SSL"):
                with _tls(config).wrap_socket(connected, server_hostname=host):
                    pass
    except ssl.SSLCertVerificationError as error:
        return f"{broker}: its certificate is not trusted: {error.verify_message}"
    except ssl.SSLError as error:
        return f"{broker}: no TLS: {error.reason or error}"
    except socket.gaierror:
        return f"{broker}: the host has no address"
    except OSError as error:
        return f"{broker}: {error.strerror or error}"
    return None


def _tls(config: Mapping[str, Any]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=config.get("ssl_cafile"))
    context.check_hostname = config.get("ssl_check_hostname", True)
    if certificate := config.get("ssl_certfile"):
        context.load_cert_chain(certificate, config.get("ssl_keyfile"), config.get("ssl_password"))
    return context


class _LoginFailures(logging.Filter):
    """Takes out of kafka-python's log why a login failed; what it raises is only that time was up (3.0.12)."""

    _LOG = logging.getLogger("kafka.net.manager")

    def __init__(self) -> None:
        super().__init__()
        self.last: KafkaError | None = None
        self._wanted = self._LOG.getEffectiveLevel()
        self._level = self._LOG.level

    def __enter__(self) -> Self:
        if self._wanted > logging.WARNING:  # or we would hear nothing
            self._LOG.setLevel(logging.WARNING)
        self._LOG.addFilter(self)
        return self

    def __exit__(self, *exception: object) -> None:
        self._LOG.removeFilter(self)
        self._LOG.setLevel(self._level)

    def filter(self, record: logging.LogRecord) -> bool:
        for argument in record.args if isinstance(record.args, tuple) else ():
            if isinstance(argument, LOGIN_REFUSED):
                self.last = argument
        return record.levelno >= self._wanted


class _NoLogins(logging.Filter):
    """Keeps logins, the password among them, out of kafka-python's log of requests and of their bytes (level DEBUG)."""

    def filter(self, record: logging.LogRecord) -> bool:
        arguments = record.args if isinstance(record.args, tuple) else ()
        return not any(
            isinstance(argument, bytes | bytearray | memoryview) or type(argument).__name__.startswith("Sasl")
            for argument in arguments
        )


def _hide_logins_from_log() -> None:
    for name in ("kafka.net.connection", "kafka.protocol.parser"):
        log = logging.getLogger(name)
        if not any(isinstance(existing, _NoLogins) for existing in log.filters):
            log.addFilter(_NoLogins())
