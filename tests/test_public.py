"""The public face: import claimwire, and nothing more than that is paid for."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from conftest import ROOT

import claimwire
from claimwire import schemas


def python(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def test_every_public_name_is_there() -> None:
    for name in claimwire.__all__:
        assert getattr(claimwire, name) is not None
        assert name in dir(claimwire)
    assert claimwire.EnrichedArticle is schemas.EnrichedArticle
    assert claimwire.__version__ == version("claimwire")
    with pytest.raises(AttributeError, match="has no attribute 'extrakt'"):
        claimwire.extrakt  # noqa: B018


def test_a_text_becomes_claims() -> None:
    (claim,) = claimwire.extract("The bridge is closed, Mayor Verr said.").claims
    assert claim.speaker is not None
    assert (claim.speaker.text, claim.text) == ("Mayor Verr", "The bridge is closed")


def test_importing_it_imports_nothing_and_records_need_no_beam() -> None:
    loaded = "import sys; print([name for name in ('apache_beam', 'spacy', 'msgspec', 'click') if name in sys.modules])"
    assert python(f"import claimwire; {loaded}") == "[]"
    assert python(f"import claimwire; claimwire.Claim, claimwire.decode; {loaded}") == "['msgspec']"
    assert python(f"import claimwire; claimwire.ClaimwireError, claimwire.__version__; {loaded}") == "[]"
    assert "apache_beam" not in python(f"import claimwire; claimwire.extract; {loaded}")
    assert "apache_beam" in python(f"import claimwire; claimwire.beam.ReadFromFeeds; {loaded}")


def test_the_names_are_those_that_are_listed_and_their_types_are_known(tmp_path: Path) -> None:
    program = tmp_path / "uses.py"
    program.write_text(
        "import claimwire\n"
        "from claimwire import EnrichedArticle\n"
        "from claimwire.beam import ReadFromFeeds, WriteToJsonl\n"
        "def of(record: EnrichedArticle) -> int:\n    record.nothing\n    return len(record.claims)\n"
        "reveal_type(claimwire.extract)\nreveal_type(claimwire.__version__)\nclaimwire.nowhere\n"
        "ReadFromFeeds(concurrency='many')\nWriteToJsonl('out', compression='zip')\n"
    )
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(program)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    assert '"EnrichedArticle" has no attribute "nothing"' in checked
    assert "article: str |" in checked
    assert 'Revealed type is "str"' in checked
    assert 'has no attribute "nowhere"' in checked
    assert 'Argument "concurrency" to "ReadFromFeeds" has incompatible type "str"; expected "int"' in checked
    assert 'Argument "compression" to "WriteToJsonl"' in checked
    assert checked.count("error:") == 4, checked
