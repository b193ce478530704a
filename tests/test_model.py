"""The spaCy model whose files are pinned."""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from claimwire.pipelines.extract.model import PINNED, ModelUnfitError, load_model


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
