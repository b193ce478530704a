"""Every way to run claimwire that deploy/ has: each file names what is there, and nothing that is not."""

from __future__ import annotations

import ast
import copy
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from socket import create_server
from typing import Any

import kubernetes_validate
import pytest
import yaml
from apache_beam.options.pipeline_options import PipelineOptions
from confined import options
from conftest import ROOT
from ways import DEPLOY, dockerfile, documents, read

from claimwire.connectors.kafka import KafkaAddress
from claimwire.pipelines.cli.states import backup
from claimwire.pipelines.observe.endpoint import serving
from claimwire.pipelines.observe.monitor import registry_of
from claimwire.pipelines.settings import SettingsError, load_settings

CONTAINER, KUBERNETES, FLINK = DEPLOY / "container", DEPLOY / "kubernetes", DEPLOY / "flink"
COMPOSE = yaml.safe_load((CONTAINER / "compose.yaml").read_text(encoding="utf-8"))
ASKED = (CONTAINER / "Dockerfile").read_text(encoding="utf-8")


def instruction(name: str) -> str:
    """What the last one of this name is given."""
    return [given for each, given in dockerfile() if each == name][-1]


def test_a_command_line_with_a_wrong_option_or_value_is_found() -> None:
    with pytest.raises(SettingsError, match="metrics"):
        read(["watch", "--metrics", "9464"])
    assert read(["watch", "--metrisc=:9464"])[1] == ("--metrisc=:9464",), "it goes to Beam, which has none"


# The container


def test_the_image_is_built_of_two_stages_and_runs_as_a_user_by_number() -> None:
    stages = [given for each, given in dockerfile() if each == "FROM"]
    assert stages == ["${PYTHON_IMAGE} AS build", "${PYTHON_IMAGE}"]
    kinds = {each for each, _ in dockerfile()}
    assert "ADD" not in kinds
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", instruction("USER"))
    copied = [given for each, given in dockerfile() if each == "COPY"]
    assert copied == [". /checkout", "--from=build /opt/claimwire /opt/claimwire"], "only what was installed is in it"
    image = next(given for each, given in dockerfile() if each == "ARG" and given.startswith("PYTHON_IMAGE="))
    assert re.fullmatch(r"PYTHON_IMAGE=python:3\.1[123]-slim-\w+", image)


def test_the_image_says_what_it_is() -> None:
    (version,) = re.findall(r'version="([^"]+)"', (ROOT / "setup.py").read_text(encoding="utf-8"))
    assert f"ARG VERSION={version}\n" in ASKED
    labels = set(re.findall(r"org\.opencontainers\.image\.(\w+)=", ASKED))
    assert labels >= {"title", "description", "licenses", "version", "revision"}
    named = {
        each["newTag"] for file in DEPLOY.rglob("kustomization.yaml") for each in documents(file)[0].get("images", ())
    }
    assert named == {version}
    assert COMPOSE["services"]["claimwire"]["image"] == f"claimwire:{version}"


def test_the_build_installs_by_hashes_and_gets_no_more_of_the_checkout_than_it_needs() -> None:
    script = (CONTAINER / "install.sh").read_text(encoding="utf-8")
    installs = re.findall(r'/pip" (?:install|wheel) (.+?)(?<!\\)\n', script, re.DOTALL)
    assert len(installs) == 3
    assert all("--require-hashes" in each or "--no-index" in each for each in installs)
    allowed = [
        line.removeprefix("!")
        for line in (CONTAINER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    ]
    assert all((ROOT / each).exists() for each in allowed)
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    packed = {name for name in names if any(name == each or name.startswith(f"{each}/") for each in allowed)}
    packages = {"claimwire", "connectors", "pipelines", "schemas", "examples"}
    assert {name for name in names if name.split("/")[0] in packages} <= packed
    assert {"setup.py", "pyproject.toml", "README.md", "LICENSE", "deploy/requirements.lock"} <= packed
    assert {name.split("/")[0] for name in packed} == {
        *packages,
        "deploy",
        "setup.py",
        "pyproject.toml",
        "README.md",
        "LICENSE",
    }


def test_the_health_check_of_the_image_sees_whether_the_process_lives() -> None:
    asked = json.loads(instruction("HEALTHCHECK").partition("CMD ")[2])
    assert asked[0] == "python"

    def healthy(port: int) -> bool:
        command = [sys.executable, *(each.replace("9464", str(port)) for each in asked[1:])]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    with create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
    with serving(("127.0.0.1", port), registry_of(), lambda: "not ready, which is not dead"):
        assert healthy(port)
    assert not healthy(port)


def test_what_the_image_runs_is_what_compose_asks_and_prometheus_scrapes() -> None:
    claimwire = COMPOSE["services"]["claimwire"]
    command = json.loads(instruction("CMD"))
    mounted = dict(reversed(volume.removesuffix(":ro").split(":")) for volume in claimwire["volumes"])
    config = CONTAINER / mounted[command[command.index("--config") + 1]]
    settings, beam = read(command, config)
    assert not beam
    assert settings.metrics == f"0.0.0.0:{instruction('EXPOSE')}"
    assert f"127.0.0.1:{instruction('EXPOSE')}/healthz" in instruction("HEALTHCHECK")
    assert claimwire["expose"] == [instruction("EXPOSE")]
    scraped = documents(CONTAINER / "prometheus.yml")[0]["scrape_configs"]
    assert [each["targets"] for job in scraped for each in job["static_configs"]] == [
        [f"claimwire:{instruction('EXPOSE')}"]
    ]
    volume = instruction("VOLUME")
    assert mounted[volume] in COMPOSE["volumes"]
    for path in (settings.state, *(sink.partition(":")[2] for sink in settings.sink if sink.startswith("jsonl:"))):
        assert path.startswith(f"{volume}/"), "all else is read-only"
    for source in settings.source:
        folder = next(target for target in mounted if source.startswith(f"{target}/"))
        assert (CONTAINER / mounted[folder] / Path(source).relative_to(folder)).exists()


def test_compose_mounts_what_is_there_and_kafka_tells_others_the_names_they_know_it_by() -> None:
    services = COMPOSE["services"]
    for name, service in services.items():
        for volume in service["volumes"]:
            source, target, *mode = volume.split(":")
            if source.startswith("."):
                assert (CONTAINER / source).exists(), f"{name}: {volume}"
                assert mode == ["ro"]
            else:
                assert source in COMPOSE["volumes"]
            assert target.startswith("/")
        assert re.fullmatch(r"[\w/-]+:\d+\.\d+\.\d+|[\w/-]+:v\d+\.\d+\.\d+", service["image"]), service["image"]
        assert set(service.get("depends_on", ())) <= set(services)
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), f"{name} is open to all"
    (sink,) = (each for each in load_settings(CONTAINER / "claimwire.yaml", {}, {}).sink if each.startswith("kafka:"))
    kafka = services["kafka"]["environment"]
    advertised = dict(each.split("://") for each in kafka["KAFKA_ADVERTISED_LISTENERS"].split(","))
    assert KafkaAddress.parse(sink).brokers == (advertised["INSIDE"],)
    assert advertised["OUTSIDE"].replace("localhost", "127.0.0.1").rpartition(":")[2] in services["kafka"]["ports"][0]
    protocols = dict(each.split(":") for each in kafka["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(","))
    assert set(protocols) == {each.partition("://")[0] for each in kafka["KAFKA_LISTENERS"].split(",")}
    (source,) = documents(CONTAINER / "grafana" / "datasources.yaml")[0]["datasources"]
    assert source["url"] == "http://prometheus:9090"
    (provider,) = documents(CONTAINER / "grafana" / "dashboards.yaml")[0]["providers"]
    boards = [each.split(":")[1] for each in services["grafana"]["volumes"] if each.endswith(".json:ro")]
    assert [str(Path(board).parent) for board in boards] == [provider["options"]["path"]]


def test_promtool_finds_nothing_wrong_with_the_configuration_of_compose(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip("NOT TESTED BY promtool: install Debian's prometheus")
    for volume in COMPOSE["services"]["prometheus"]["volumes"]:
        source, target, *_ = volume.split(":")
        if target.startswith("/etc/prometheus/"):
            shutil.copy(CONTAINER / source, tmp_path / Path(target).name)
    done = subprocess.run(
        [promtool, "check", "config", "prometheus.yml"], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


# Kubernetes and Flink

# Kinds of operators, which the API's own schemas do not know.
OPERATORS = {"Kustomization", "ServiceMonitor", "PrometheusRule", "FlinkDeployment"}
MANIFESTS = sorted(
    path for folder in (KUBERNETES, FLINK) for path in folder.rglob("*.yaml") if path.name != "claimwire.yaml"
)
OBJECTS = [(path, each) for path in MANIFESTS for each in documents(path)]


def named(path: Path, each: dict[str, Any]) -> str:
    return f"{path.relative_to(DEPLOY)}:{each['kind']}"


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """The spec of each pod, by where it stands."""
    for path, each in OBJECTS:
        spec = each.get("spec", {})
        for keys in (("template",), ("jobTemplate", "spec", "template"), ("taskManager", "podTemplate")):
            found = spec
            for key in keys:
                found = found.get(key, {})
            if "spec" in found:
                yield named(path, each), found["spec"]


def ours() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Each pod with its container of claimwire's image."""
    for where, pod in pods():
        for container in pod["containers"]:
            if container["image"] == "claimwire":
                yield where, pod, container


@pytest.mark.parametrize(("path", "each"), [pytest.param(*found, id=named(*found)) for found in OBJECTS])
def test_the_schemas_of_kubernetes_find_nothing_wrong(path: Path, each: dict[str, Any]) -> None:
    if each["kind"] in OPERATORS:
        assert set(each) - {"apiVersion", "kind", "metadata", "spec"} == set() or each["kind"] == "Kustomization"
        return
    kubernetes_validate.validate(each, "1.31", strict=True)


def test_a_manifest_with_a_fault_is_found() -> None:
    (deployment,) = (each for path, each in OBJECTS if path == KUBERNETES / "watch" / "deployment.yaml")
    wrong = copy.deepcopy(deployment)
    wrong["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError, match="readinesProbe"):
        kubernetes_validate.validate(wrong, "1.31", strict=True)


def test_a_kustomization_names_every_file_beside_it() -> None:
    folders = {path.parent for path in DEPLOY.rglob("kustomization.yaml")}
    assert len(folders) == 5
    for folder in folders:
        (said,) = documents(folder / "kustomization.yaml")
        files = {*said["resources"], *(file for each in said.get("configMapGenerator", ()) for file in each["files"])}
        for name in files:
            assert (folder / name).exists()
            assert (folder / name).is_file() or (folder / name / "kustomization.yaml").exists()
        there = {path.name for path in folder.glob("*.*ml")} - {"kustomization.yaml"}
        assert {name for name in files if not name.startswith("..")} == {
            name for name in there if not fnmatch(name, "*.example.yaml")
        }


def test_pods_are_the_users_that_the_image_has_and_may_write_to_nothing_but_their_volumes() -> None:
    user = int(instruction("USER").partition(":")[0])
    found = list(ours())
    assert len(found) == 4
    for where, pod, container in found:
        own, of_pod = container["securityContext"], pod.get("securityContext", {})
        assert own["readOnlyRootFilesystem"] is True, where
        assert own["allowPrivilegeEscalation"] is False, where
        assert own["capabilities"] == {"drop": ["ALL"]}, where
        assert (of_pod | own)["runAsNonRoot"] is True, where
        assert (of_pod | own)["runAsUser"] == user, where
        assert (of_pod | own)["seccompProfile"] == {"type": "RuntimeDefault"}, where
        mounts = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
        assert set(mounts) == {each["name"] for each in pod["volumes"]}, where
        assert {"/tmp", instruction("VOLUME")} <= set(mounts.values()), where
        assert container["resources"]["limits"]["memory"], where


def test_pods_run_commands_that_there_are_with_the_settings_of_the_config_map() -> None:
    config = KUBERNETES / "base" / "claimwire.yaml"
    lines = {where: (container, container["args"]) for where, _, container in ours() if "args" in container}
    assert len(lines) == 3
    for where, (container, arguments) in lines.items():
        settings, beam = read(arguments, config if "--config" in arguments else None)
        ports = {each["name"]: each["containerPort"] for each in container.get("ports", ())}
        if "metrics" in ports:
            assert settings.metrics == f"0.0.0.0:{ports['metrics']}", where
        for probe in (value for name, value in container.items() if name.endswith("Probe")):
            assert probe["httpGet"]["port"] in ports
            assert probe["httpGet"]["path"] in ("/healthz", "/readyz")
        assert settings.state.startswith(f"{instruction('VOLUME')}/"), where
        known = PipelineOptions(list(beam)).get_all_options(drop_default=True)
        given = {each.removeprefix("--").partition("=")[0] for each in beam}
        # That of Flink's runner, which tells it when a job is submitted.
        assert given - set(known) <= {"checkpointing_interval"}, where


def test_prometheus_finds_the_metrics_of_the_service() -> None:
    (service,) = documents(KUBERNETES / "watch" / "service.yaml")
    (monitor,) = documents(KUBERNETES / "monitoring" / "servicemonitor.yaml")
    (deployment,) = documents(KUBERNETES / "watch" / "deployment.yaml")
    (policy,) = documents(KUBERNETES / "base" / "networkpolicy.yaml")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert policy["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
    assert [each["port"] for each in monitor["spec"]["endpoints"]] == [
        each["name"] for each in service["spec"]["ports"]
    ]
    assert [each["port"] for each in policy["spec"]["ingress"][0]["ports"]] == [service["spec"]["ports"][0]["port"]]
    assert service["metadata"]["name"] == "claimwire", "the job of ClaimwireDown"


def test_the_rules_of_the_operator_are_those_of_prometheus() -> None:
    (rule,) = documents(KUBERNETES / "monitoring" / "prometheusrule.yaml")
    assert rule["spec"] == documents(DEPLOY / "monitoring" / "claimwire.rules.yml")[0]


def test_driver_workers_and_job_server_of_a_stream_fit_together() -> None:
    (cluster,) = documents(FLINK / "cluster.yaml")
    server, service = documents(FLINK / "jobserver.yaml")
    (job,) = documents(FLINK / "stream.yaml")
    (driver,) = job["spec"]["template"]["spec"]["containers"]
    options = dict(each.removeprefix("--").split("=", 1) for each in driver["args"][1:])
    (pool,) = cluster["spec"]["taskManager"]["podTemplate"]["spec"]["containers"]
    port = pool["readinessProbe"]["tcpSocket"]["port"]
    assert options["environment_config"] == f"localhost:{port}"
    assert pool["command"][-1] == f"--service_port={port}"
    name, ports = service["metadata"]["name"], {each["name"]: each["port"] for each in service["spec"]["ports"]}
    assert (options["job_endpoint"], options["artifact_endpoint"]) == (
        f"{name}:{ports['job']}",
        f"{name}:{ports['artifact']}",
    )
    (container,) = server["spec"]["template"]["spec"]["containers"]
    assert f"--flink-master={cluster['metadata']['name']}-rest:8081" in container["args"]
    assert options["flink_master"] == f"{cluster['metadata']['name']}-rest:8081"
    assert {each["name"]: each["containerPort"] for each in container["ports"]} == ports
    lock = (DEPLOY / "requirements.lock").read_text(encoding="utf-8")
    (beam,) = re.findall(r"^apache-beam==(\S+)", lock, re.MULTILINE)
    flink = cluster["spec"]["flinkVersion"].removeprefix("v").replace("_", ".")
    assert container["image"] == f"apache/beam_flink{flink}_job_server:{beam}"
    assert cluster["spec"]["image"].startswith(f"flink:{flink}-")
    slots = int(cluster["spec"]["flinkConfiguration"]["taskmanager.numberOfTaskSlots"])
    assert int(options["parallelism"]) == slots * cluster["spec"]["taskManager"]["replicas"]
    assert int(options["sdk_worker_parallelism"]) == int(pool["resources"]["requests"]["cpu"])
    assert job["spec"]["backoffLimit"] == 0, "a second driver would be a second job"


# cron, systemd, Airflow, GitHub Actions


def command_lines() -> Iterator[tuple[str, list[str]]]:
    """Each command of claimwire in these files, by where it stands."""
    for unit in sorted((DEPLOY / "systemd").glob("*.service")):
        yield unit.name, shlex.split(options(unit)["ExecStart"][0])
    for line in (DEPLOY / "cron" / "crontab").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            yield "crontab", shlex.split(line)[5:]
    for node in ast.walk(ast.parse((DEPLOY / "airflow" / "claimwire_dags.py").read_text(encoding="utf-8"))):
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Constant)
            and "claimwire" in str(node.value.value)
        ):
            yield "Airflow", shlex.split(str(node.value.value))
    for step in ARCHIVE["jobs"]["archive"]["steps"]:
        for line in step.get("run", "").replace("\\\n", " ").splitlines():
            if line.startswith("claimwire "):
                yield "GitHub Actions", shlex.split(line)


ARCHIVE = yaml.safe_load((DEPLOY / "github" / "archive.yml").read_text(encoding="utf-8"))


def test_every_command_line_is_one_that_claimwire_has() -> None:
    found = list(command_lines())
    assert [where for where, _ in found] == [
        "claimwire-watch.service", "claimwire.service", "crontab", "Airflow", "Airflow", "GitHub Actions",
    ]  # fmt: skip
    for where, (program, *arguments) in found:
        assert Path(program).name == "claimwire", where
        if arguments[0] == "state":
            backup.make_context("backup", arguments[2:])
            continue
        settings, beam = read(arguments, DEPLOY / "claimwire.yaml" if "--config" in arguments else None)
        assert not beam, where
        assert settings.source, where


def test_the_archive_keeps_the_state_after_the_records() -> None:
    steps = [step.get("name") or step["uses"].partition("@")[0] for step in ARCHIVE["jobs"]["archive"]["steps"]]
    kept = steps.index("actions/cache/save")
    assert steps.index("actions/cache/restore") < steps.index("Read the feeds") < steps.index("Keep the records") < kept
    saved, restored = (
        next(step["with"] for step in ARCHIVE["jobs"]["archive"]["steps"] if step.get("uses", "").startswith(name))
        for name in ("actions/cache/save", "actions/cache/restore")
    )
    assert saved["key"].startswith(restored["restore-keys"])
    assert saved["path"] == restored["path"]


def test_airflow_never_runs_two_at_once_nor_makes_up_for_runs_that_were_missed() -> None:
    tree = ast.parse((DEPLOY / "airflow" / "claimwire_dags.py").read_text(encoding="utf-8"))
    dags = [
        {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "DAG"
    ]
    assert [dag["dag_id"] for dag in dags] == ["'claimwire_run'", "'claimwire_backup'"]
    assert all((dag["catchup"], dag["max_active_runs"]) == ("False", "1") for dag in dags)
