"""The address of a Kafka cluster, and how clients log in to it.

Options use kafka-python's names. Kafka's own names (``security.protocol``) and librdkafka's (``ssl.ca.location``) are
accepted where they mean the same. Secrets come from the environment or a file and are read where a client is created.
They never appear in a pipeline, a command line, a log, a record or an error message.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import ssl
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
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
"""Environment variables for SASL, and for the private key of a client certificate. They override the file."""

_DEFAULT_PORT = 9092
_NAME = re.compile(r"[A-Za-z0-9._-]{1,249}")  # Kafka's rule for topic names
_SECRETS = ("sasl_plain_password", "ssl_password")
_FROM_ENVIRONMENT = {"sasl_plain_username": USERNAME, "sasl_plain_password": PASSWORD, "ssl_password": KEY_PASSWORD}
_FILES = ("ssl_cafile", "ssl_certfile", "ssl_keyfile", "ssl_crlfile")
_PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_REASON_TIMEOUT_S = 5
_REFUSAL_S = 1

# Options whose values cannot be written in a file, and login methods that this package does not support.
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
"""The options that all kafka-python clients accept and that ``Connection`` sets."""

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
    """Text that is masked when printed or formatted; joining or encoding it gives the real value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"


class KafkaAddress(Struct, frozen=True):
    """The parts of ``kafka://host:port[,host:port]/name``."""

    brokers: tuple[str, ...]
    """As host:port."""
    name: str
    """A topic, or the prefix of several topics."""

    @classmethod
    def parse(cls, url: str) -> KafkaAddress:
        """Parse an address. The default port is 9092.

        Raises:
            BadAddress: The address is not valid.
        """
        if "@" in url:  # checked first, and without quoting the address: the part before @ may be the password
            raise BadAddress(
                "a Kafka address must not contain a user name or password, because addresses show up in process lists "
                f"and logs; set the environment variables {USERNAME} and {PASSWORD}, or use a file of client options"
            )
        scheme, found, rest = url.partition("://")
        if not found or scheme.lower() != "kafka":
            raise BadAddress(f"{url} is not a valid Kafka address; write kafka://host:port/name")
        if set(rest) & set("?#"):
            raise BadAddress(f"{url}: a Kafka address has no query and no fragment; use a file of client options")
        hosts, _, name = rest.partition("/")
        name = name.removesuffix("/")
        if not name:
            raise BadAddress(f"{url} names no topic; write kafka://host:port/name")
        if not _NAME.fullmatch(name) or name in (".", ".."):
            raise BadAddress(
                f"{url}: {name!r} is not a valid topic name; use up to 249 letters, digits, '.', '_' and '-'"
            )
        return cls(tuple(_host_and_port(host, url) for host in hosts.split(",")), name)

    def __str__(self) -> str:
        return f"kafka://{','.join(self.brokers)}/{self.name}"


def _host_and_port(text: str, where: str) -> str:
    match = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^\s:\[\]]+)(?::(\d{1,5}))?", text)
    if not match or not 0 < int(match[2] or _DEFAULT_PORT) < 65536:
        raise BadAddress(f"{where}: {text!r} is not a valid host:port; write e.g. kafka1.example.org:9092")
    return f"{match[1]}:{match[2] or _DEFAULT_PORT}"


class Connection(Struct, frozen=True):
    """The brokers, and how to log in to them. It holds no secrets, so it can be printed and sent to workers.

    Wherever it is used, on remote workers too, the file must exist and the environment variables must be set.
    """

    brokers: tuple[str, ...]
    """The bootstrap servers, as host:port; clients discover the others."""
    config_file: str | None = None
    """A file of client options: ``name=value`` lines as for ``--command-config`` of Kafka's command line tools, or YAML
    if its name ends in .yaml or .yml."""
    options: dict[str, Any] = {}
    """More options by kafka-python's names, without secrets; they override the file."""

    @classmethod
    def given(cls, config: Mapping[str, Any], config_file: str | None = None) -> tuple[Connection, dict[str, Any]]:
        """Split a client configuration, like ``producer_config`` of Beam's KafkaIO, into connection and other options.

        Returns:
            The connection and the other options, by kafka-python's names.

        Raises:
            BadConfig: ``bootstrap.servers`` is missing, or the configuration contains a secret.
        """
        named = {_python_name(name): value for name, value in config.items()}
        if secret := next((name for name in named if name in (*_SECRETS, "sasl_jaas_config")), None):
            raise BadConfig(
                f"{secret} in the options of a pipeline is visible to everybody who can see the pipeline; set the "
                f"environment variable {_FROM_ENVIRONMENT.get(secret, PASSWORD)}, or use a file of client options"
            )
        servers = named.pop("bootstrap_servers", None)
        if not servers:
            raise BadConfig("the options have no bootstrap_servers; set it to host:port, with commas between several")
        hosts = servers.split(",") if isinstance(servers, str) else servers
        brokers = tuple(_host_and_port(host.strip(), "bootstrap_servers") for host in hosts)
        own = {name: value for name, value in named.items() if name in CONNECTION_OPTIONS}
        rest = {name: value for name, value in named.items() if name not in own}
        return cls(brokers, config_file, _checked(own, CONNECTION_OPTIONS, "the options")), rest

    def client_config(self) -> dict[str, Any]:
        """The options for a kafka-python client, including secrets. The file and the environment are read on each call.

        Raises:
            BadConfig: An option is unknown or not valid, or a file cannot be read.
        """
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
                raise BadConfig(f"{where}: {name}: the file {config[name]} does not exist or is not readable")
        config |= {name: Secret(config[name]) for name in _SECRETS if name in config}
        return {**config, "bootstrap_servers": list(self.brokers)}

    def producer(self, **options: Any) -> KafkaProducer:
        """A connected producer. Raises KafkaUnavailable, NotAuthorized or BadConfig."""
        return self._client(KafkaProducer, options)

    def consumer(self, **options: Any) -> KafkaConsumer:
        """A connected consumer. Raises KafkaUnavailable, NotAuthorized or BadConfig."""
        return self._client(KafkaConsumer, options)

    @contextmanager
    def admin(self) -> Iterator[KafkaAdminClient]:
        """A connected admin client, closed on exit. Raises KafkaUnavailable, NotAuthorized or BadConfig."""
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
            except (ValueError, RuntimeError, AssertionError) as error:  # a value unknown to the client or a codec
                raise BadConfig(f"{kind.__name__} does not accept these options: {error}") from None

    def unreachable(self) -> dict[str, str]:
        """The brokers that accept no connections, with the reasons, because kafka-python only logs them."""
        config = self.client_config()
        found = {broker: _why_unreachable(broker, config) for broker in self.brokers}
        return {broker: why for broker, why in found.items() if why}

    def why_unreachable(self) -> str | None:
        """Why there was no answer in time, in words; None if nothing seems wrong."""
        down = self.unreachable()
        reasons = list(down.values())
        if len(down) < len(self.brokers) and self.client_config()["security_protocol"].startswith("SASL_"):
            # A broker closes the connection right after refusing a login, so kafka-python may miss the refusal.
            one = "another one" if down else "it"
            reasons.append(f"{one} accepts connections; check the user name, password and mechanism of the login")
        return "; ".join(reasons) or None


def checked_options(config: Mapping[str, Any], allowed: Collection[str], where: str) -> dict[str, Any]:
    """Translate options to kafka-python's names, convert their values to the right types, and check them.

    Args:
        config: The options.
        allowed: The names that are allowed.
        where: Where the options were given, for error messages.

    Raises:
        BadConfig: An option is not allowed, or its value is not valid; the message suggests the right one.
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
            raise BadConfig(f"{where}: there is no client option {name!r}; {hint}")
    return {name: _typed(name, value, where) for name, value in config.items()}


def _typed(name: str, value: Any, where: str) -> Any:
    """Convert a value to the type that kafka-python expects; in a properties file every value is text."""
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
                f"{where}: SASL needs {name}; set the environment variable {_FROM_ENVIRONMENT[name]}, or put it into a "
                "file of client options"
            )


# Files


def _from_file(path: str) -> dict[str, Any]:
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise BadConfig(f"cannot read the client options in {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadConfig(f"{path} is not UTF-8 text") from None
    found = _from_yaml(text, path) if path.endswith((".yaml", ".yml")) else dict(_from_properties(text, path))
    config = _translated({_python_name(name): value for name, value in found.items() if value is not None}, path)
    if "bootstrap_servers" in config:
        raise BadConfig(f"{path}: remove bootstrap.servers; the address names the brokers")
    return _checked(config, CONNECTION_OPTIONS, path)


def _from_yaml(text: str, path: str) -> dict[str, Any]:
    import yaml  # noqa: PLC0415 - only needed for such a file

    try:
        content = yaml.safe_load(text) or {}
    except Exception as error:  # for dates, numbers and nesting PyYAML lets out whatever Python raises
        mark = getattr(error, "problem_mark", None)  # the error itself would quote a line, perhaps with a password
        raise BadConfig(f"{path} is not valid YAML{f' (line {mark.line + 1})' if mark else ''}") from None
    if not isinstance(content, dict):
        raise BadConfig(f"{path} must contain 'name: value' lines")
    return {str(name): value for name, value in content.items()}


def _from_properties(text: str, path: str) -> Iterator[tuple[str, str]]:
    """The lines of a Java properties file. Escapes (``\\uXXXX``) are not supported; no option needs them."""
    for number, line in enumerate(re.sub(r"\\\r?\n[ \t]*", "", text).splitlines(), 1):
        entry = line.strip()
        if entry and not entry.startswith(("#", "!")):
            name, found, value = entry.partition("=")
            if not found:
                raise BadConfig(f"{path}: line {number} is not name=value")
            yield name.strip(), value.strip()


def _translated(config: dict[str, Any], path: str) -> dict[str, Any]:
    """Translate options of Kafka's Java clients that correspond to different options of kafka-python."""
    if (jaas := config.pop("sasl_jaas_config", None)) is not None:
        login = {match[1]: match[2] or match[3] for match in _JAAS_LOGIN.finditer(str(jaas))}
        config |= {f"sasl_plain_{name}": value for name, value in login.items()}
    for store in ("ssl_truststore_type", "ssl_keystore_type"):
        kind = config.pop(store, "PEM")
        if kind != "PEM":
            raise BadConfig(
                f"{path}: {store} cannot be {kind!r}, because Python only reads PEM; convert it with keytool or openssl"
            )
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
                with _tls(config).wrap_socket(connected, server_hostname=host) as encrypted, suppress(TimeoutError):
                    encrypted.settimeout(_REFUSAL_S)
                    encrypted.recv(1)  # in TLS 1.3 a broker refuses a client's certificate after the handshake
    except ssl.SSLCertVerificationError as error:
        return f"{broker}: its certificate is not trusted: {error.verify_message}"
    except ssl.SSLError as error:
        if "_CERTIFICATE" in (error.reason or ""):
            return f"{broker}: it does not accept our certificate ({error.reason}); check ssl_certfile and ssl_keyfile"
        return f"{broker}: the TLS handshake failed: {error.reason or error}"
    except socket.gaierror:
        return f"{broker}: the host name cannot be resolved"
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
    """Reads from kafka-python's log why a login failed, because 3.0.12 only raises a timeout."""

    _LOG = logging.getLogger("kafka.net.manager")

    def __init__(self) -> None:
        super().__init__()
        self.last: KafkaError | None = None
        self._wanted = self._LOG.getEffectiveLevel()
        self._level = self._LOG.level

    def __enter__(self) -> Self:
        if self._wanted > logging.WARNING:  # else nothing would reach the filter
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
    """Keeps logins, including the password, out of kafka-python's DEBUG log of requests and their bytes."""

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
