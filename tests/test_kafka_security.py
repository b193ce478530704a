"""TLS, SASL and ACLs against a real broker, and where passwords must not appear."""

from __future__ import annotations

import base64
import logging
import pickle
import re
import subprocess
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from broker import Broker
from kafka import KafkaAdminClient
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType
from webserver import free_port

from claimwire.connectors.kafka import (
    BadConfig,
    Connection,
    KafkaConnectorError,
    KafkaUnavailable,
    Message,
    NotAuthorized,
    TransactionalPublisher,
    WriteToKafka,
    describe_topics,
)
from claimwire.schemas import encode

PASSWORD, WRONG = "correct-horse-battery", "another-horse-staple"
USERNAME_VARIABLE, PASSWORD_VARIABLE = "CLAIMWIRE_KAFKA_USERNAME", "CLAIMWIRE_KAFKA_PASSWORD"


class Secured:
    """A broker with listeners for TLS, TLS of both sides, SASL/SCRAM over TLS and SASL/PLAIN, and ACLs.

    Users are named after their rights.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificate, self.stranger, self.client = map(self._certificate, ("broker", "stranger", "client"))
        users = " ".join(
            f"--add-scram SCRAM-SHA-512=[name={name},password={PASSWORD}]" for name in ("writer", "reader")
        )
        self.broker = Broker(folder / "kafka", format_arguments=users)
        self.broker.stop()
        ports = {name: free_port() for name in ("SSL", "SASL_SSL", "SASL_PLAINTEXT", "MUTUAL")}
        self.tls, self.scram, self.plain, self.mutual = (f"127.0.0.1:{port}" for port in ports.values())
        more = "".join(f",{name}://127.0.0.1:{port}" for name, port in ports.items())
        properties = folder / "kafka" / "server.properties"
        text = re.sub(r"(?m)^((?:advertised\.)?listeners=.*)$", rf"\1{more}", properties.read_text())
        text = text.replace("security.protocol.map=", "security.protocol.map=MUTUAL:SSL,")
        properties.write_text(
            f"""{text}
listener.name.mutual.ssl.client.auth=required
ssl.truststore.type=PEM
ssl.truststore.location={folder}/client.pem
ssl.keystore.type=PEM
ssl.keystore.location={folder}/broker.both.pem
listener.name.sasl_ssl.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_plaintext.sasl.enabled.mechanisms=PLAIN
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl_plaintext.plain.sasl.jaas.config=\
org.apache.kafka.common.security.plain.PlainLoginModule required user_writer="{PASSWORD}";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:writer;User:CN=127.0.0.1
"""
        )
        self.broker.start()
        self.broker.create("t")
        admin = KafkaAdminClient(bootstrap_servers=self.broker.address)
        topic = ResourcePattern(ResourceType.TOPIC, "t")
        admin.create_acls([ACL("User:reader", "*", ACLOperation.READ, ACLPermissionType.ALLOW, topic)])
        admin.close()

    def _certificate(self, name: str) -> Path:
        key, certificate = self.folder / f"{name}.key.pem", self.folder / f"{name}.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
             "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
            check=True, capture_output=True,
        )  # fmt: skip
        (self.folder / f"{name}.both.pem").write_text(key.read_text() + certificate.read_text())
        return certificate

    def login(self, mechanism: str = "SCRAM-SHA-512", **more: str) -> str:
        """A file of client options with Kafka's own names."""
        protocol = "SASL_PLAINTEXT" if mechanism == "PLAIN" else "SASL_SSL"
        options = {
            "security.protocol": protocol,
            "sasl.mechanism": mechanism,
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.certificate),
            **{name.replace("_", "."): value for name, value in more.items()},
        }
        file = self.folder / "client.properties"
        file.write_text("# of a test\n" + "".join(f"{name} = {value}\n" for name, value in options.items()))
        return str(file)


@pytest.fixture(scope="module")
def secured(kafka: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    secured = Secured(tmp_path_factory.mktemp("secured"))
    yield secured
    secured.broker.stop()


@pytest.fixture
def as_user(monkeypatch: pytest.MonkeyPatch) -> Any:
    def become(name: str, password: str = PASSWORD) -> None:
        monkeypatch.setenv(USERNAME_VARIABLE, name)
        monkeypatch.setenv(PASSWORD_VARIABLE, password)

    return become


def found(broker: str, config_file: str, bootstrap_timeout_ms: int = 60_000) -> bool:
    patience = {"bootstrap_timeout_ms": bootstrap_timeout_ms}
    return "t" in describe_topics(Connection((broker,), config_file, patience), ["t"])


def refused(broker: str, config_file: str) -> None:
    """The same where nobody is let in, for which a client would try for a long time."""
    found(broker, config_file, 5_000)


def test_tls(secured: Secured, tmp_path: Path) -> None:
    client = tmp_path / "client.yaml"
    client.write_text(f"security_protocol: SSL\nssl_cafile: {secured.certificate}\n")
    assert found(secured.tls, str(client))


def test_an_untrusted_certificate_is_refused_with_the_reason(secured: Secured, tmp_path: Path) -> None:
    client = tmp_path / "client.yaml"
    client.write_text(f"security.protocol: SSL\nssl.ca.location: {secured.stranger}\n")
    with pytest.raises(KafkaUnavailable, match=r"its certificate is not trusted: .*self.signed"):
        refused(secured.tls, str(client))


def test_tls_of_both_sides_with_a_key_that_is_encrypted(
    secured: Secured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "client.key"
    subprocess.run(
        ["openssl", "pkcs8", "-topk8", "-in", secured.folder / "client.key.pem", "-passout", f"pass:{PASSWORD}",
         "-out", key],
        check=True, capture_output=True,
    )  # fmt: skip
    client = tmp_path / "client.properties"
    client.write_text(
        f"security.protocol=SSL\nssl.cafile={secured.certificate}\nssl.certfile={secured.client}\nssl.keyfile={key}\n"
    )
    monkeypatch.setenv("CLAIMWIRE_KAFKA_KEY_PASSWORD", PASSWORD)
    assert found(secured.mutual, str(client))
    with TransactionalPublisher(Connection((secured.mutual,), str(client)), "mutual", "t") as publishing:
        assert publishing.publish((publishing.last_published() or 0) + 1, [Message("t", b"mutual", b"k")])


@pytest.mark.parametrize("whose", ["nobody's", "a stranger's"])
def test_tls_of_both_sides_refuses_a_client_that_the_broker_does_not_trust(
    secured: Secured, tmp_path: Path, whose: str
) -> None:
    client = tmp_path / "client.yaml"
    own = f"ssl_certfile: {secured.folder}/stranger.both.pem\n" if whose == "a stranger's" else ""
    client.write_text(f"security_protocol: SSL\nssl_cafile: {secured.certificate}\n{own}")
    with pytest.raises(KafkaUnavailable, match=f"{secured.mutual} .*certificate"):
        refused(secured.mutual, str(client))


def test_scram_with_the_password_in_the_environment(secured: Secured, as_user: Any) -> None:
    as_user("writer")
    assert found(secured.scram, secured.login())


def test_scram_with_the_password_in_kafkas_own_file(secured: Secured) -> None:
    jaas = f'org.apache.kafka.common.security.scram.ScramLoginModule required username="writer" password="{PASSWORD}";'
    assert found(secured.scram, secured.login(sasl_jaas_config=jaas))


def test_the_environment_overrides_the_file(secured: Secured, as_user: Any) -> None:
    as_user("writer")
    assert found(secured.scram, secured.login(sasl_username="nobody", sasl_password=WRONG))


def test_plain(secured: Secured, as_user: Any) -> None:
    as_user("writer")
    assert found(secured.plain, secured.login("PLAIN"))


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "PLAIN"])
def test_a_wrong_password_is_reported(secured: Secured, as_user: Any, mechanism: str) -> None:
    as_user("writer", WRONG)
    broker = secured.plain if mechanism == "PLAIN" else secured.scram
    with pytest.raises(
        (NotAuthorized, KafkaUnavailable), match=f"{broker} .*check the user name, password and mechanism"
    ):
        refused(broker, secured.login(mechanism))


def test_a_login_without_a_password_says_where_to_put_it(secured: Secured) -> None:
    with pytest.raises(BadConfig, match=f"needs sasl_plain_username; set the environment variable {USERNAME_VARIABLE}"):
        found(secured.scram, secured.login())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("security.protocl=SSL", "did you mean security_protocol"),
        ("security.protocol=TLS", "one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL"),
        ("security.protocol=SASL_SSL\nsasl.mechanism=OAUTHBEARER", "one of PLAIN, SCRAM"),
        ("security.protocol=SSL\nssl.cafile=/nowhere.pem", "ssl_cafile: the file /nowhere.pem does not exist"),
        ("ssl.truststore.type=JKS", "Python only reads PEM"),
        ("bootstrap.servers=elsewhere:9092", "remove bootstrap.servers"),
        (f"sasl.password {WRONG}", "line 1 is not name=value"),
        (f"request.timeout.ms=soon\nsasl.password={WRONG}", "request_timeout_ms cannot be 'soon'"),
    ],
)
def test_a_wrong_file_of_client_options_is_refused_with_the_place(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "client.properties"
    file.write_text(line)
    with pytest.raises(BadConfig, match=re.escape(said)) as refused:
        Connection(("127.0.0.1:1",), str(file)).client_config()
    assert WRONG not in str(refused.value)


@pytest.mark.parametrize("value", ["2026-13-45", "0x_", "!!timestamp", "[" * 5_000, f"secret: {PASSWORD}: x"])
def test_a_file_that_yaml_cannot_read_is_refused_without_a_word_of_it(tmp_path: Path, value: str) -> None:
    file = tmp_path / "client.yaml"
    file.write_text(f"client_id: {value}\n")
    with pytest.raises(BadConfig, match=r"client\.yaml is not valid YAML") as refused:
        Connection(("a:9092",), str(file)).client_config()
    assert PASSWORD not in str(refused.value)


# ACLs


def test_missing_write_permission_is_reported(secured: Secured, as_user: Any) -> None:
    as_user("reader")
    connection = {"bootstrap_servers": secured.scram}
    pipeline = beam.Pipeline(runner=FnApiRunner())
    _ = pipeline | beam.Create([b"x"]) | WriteToKafka(connection, "t", config_file=secured.login())
    with pytest.raises(Exception, match=f"{secured.scram} does not allow .*Authorization"):
        pipeline.run().wait_until_finish()


def test_missing_permission_to_describe_a_topic_is_reported(secured: Secured, as_user: Any) -> None:
    secured.broker.create("secret")
    as_user("reader")
    with pytest.raises(NotAuthorized, match="does not allow the topic secret"):
        describe_topics(Connection((secured.scram,), secured.login()), ["secret"])


def test_missing_permission_for_a_transactional_id_is_reported(secured: Secured, as_user: Any) -> None:
    as_user("reader")
    connection = Connection((secured.scram,), secured.login())
    publishing = TransactionalPublisher(connection, "tx", "t")
    with publishing, pytest.raises(NotAuthorized, match="TransactionalIdAuthorizationFailed"):
        publishing.last_published()


# Secrets


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "PLAIN"])
def test_the_password_appears_nowhere(
    secured: Secured, as_user: Any, caplog: pytest.LogCaptureFixture, mechanism: str
) -> None:
    broker = secured.plain if mechanism == "PLAIN" else secured.scram
    seen: list[bytes] = []
    with caplog.at_level(logging.DEBUG):
        for password in (PASSWORD, WRONG):
            as_user("writer", password)
            file = secured.login(mechanism)
            patience = {"bootstrap_timeout_ms": 60_000 if password == PASSWORD else 2_000}
            connection = Connection((broker,), file, patience)
            seen += [repr(connection).encode(), pickle.dumps(connection), repr(connection.client_config()).encode()]
            seen.append(f"{connection.client_config()} {connection.client_config()['sasl_plain_password']}".encode())
            try:
                with TransactionalPublisher(connection, f"tx-{mechanism}", "t") as publishing:
                    publishing.publish(publishing.last_published() or 1, [Message("t", b"v", b"k")])
                    seen.append(repr(vars(publishing)).encode())
            except KafkaConnectorError:
                seen.append(traceback.format_exc().encode())
            config = {"bootstrap_servers": broker, **patience}
            pipeline = beam.Pipeline(runner=FnApiRunner())
            letters_of = (
                pipeline
                | beam.Create([b"x" * 2_000_000])
                | WriteToKafka(config, "t", config_file=file, refused="dead_letter")
            )
            _ = letters_of | beam.Map(encode) | beam.io.WriteToText(str(secured.folder / f"letters-{mechanism}"))
            seen.append(pipeline.to_runner_api().SerializeToString())
            try:
                pipeline.run().wait_until_finish()
            except Exception:
                seen.append(traceback.format_exc().encode())
    letters = [file.read_bytes() for file in secured.folder.glob(f"letters-{mechanism}*")]
    assert any(b"MessageSizeTooLarge" in letter for letter in letters)
    assert "kafka.net.connection" in caplog.text, "kafka-python logs at DEBUG"
    everything = b"\n".join([*seen, *letters, caplog.text.encode()])
    for password in (PASSWORD, WRONG):
        encoded = password.encode()
        assert encoded not in everything
        assert base64.b64encode(encoded) not in everything
        assert encoded.hex().encode() not in everything
