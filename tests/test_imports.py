"""Imports run one way, and what is to be used without Beam or Kafka loads neither."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

# What the modules of a folder may import of the project: the folder itself and those before it. The root of the errors
# stands below all but the records, which import nothing; the public face stands above.
LAYERS = {
    "schemas": {"schemas"},
    "connectors": {"schemas", "errors", "connectors"},
    "pipelines": {"schemas", "errors", "connectors", "pipelines"},
}


def imported(path: Path) -> set[str]:
    """All modules of the project that a file imports, at its top or in a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno}: a relative import; write it from claimwire on"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.partition(".")[0] == "claimwire"}


@pytest.mark.parametrize("layer", LAYERS)
def test_the_direction_of_imports_is_from_pipelines_to_connectors_to_schemas(layer: str) -> None:
    files = sorted((ROOT / layer).rglob("*.py"))
    assert files
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files
        for name in sorted(imported(path))
        if name.split(".")[1] not in LAYERS[layer]
    ]
    assert not wrong


_ALL_OF = """
import importlib, json, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    importlib.import_module(module.name)
print(json.dumps(sorted(sys.modules)))
"""


@pytest.mark.parametrize(
    ("package", "without"),
    [
        ("claimwire.schemas", ("kafka", "spacy", "claimwire.connectors", "claimwire.pipelines")),
        ("claimwire.pipelines.state", ("apache_beam", "kafka", "spacy", "pyarrow")),
        ("claimwire.pipelines.extract", ("apache_beam", "kafka", "pyarrow")),
    ],
)
def test_all_modules_of_a_package_do_without(package: str, without: tuple[str, ...]) -> None:
    done = subprocess.run([sys.executable, "-c", _ALL_OF, package], capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout)
    assert package in loaded
    assert [name for name in without if name in loaded] == []


def test_a_run_loads_what_reads_text_when_it_has_a_text_to_read() -> None:
    code = "import json, sys; import claimwire.pipelines.run.bounded; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"spacy", "thinc", "onnxruntime"}.isdisjoint(json.loads(done.stdout))


def test_a_run_without_metrics_loads_nothing_for_them(tmp_path: Path) -> None:
    (tmp_path / "wire.jsonl").write_text('{"url": "https://courier.example/1", "title": "One", "text": "One."}\n')
    code = (
        "import sys; from claimwire.pipelines.cli import main\n"
        "try: main()\n"
        "finally: print(sorted(name for name in sys.modules if name.startswith('prometheus_client')))"
    )
    options = ["--source", "wire.jsonl", "--extract", "none", "--sink", "jsonl:out", "--state", "state", "--quiet"]
    command = [sys.executable, "-c", code, "run", *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
