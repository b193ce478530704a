"""What Beam finds out about a function is the same when it is remembered."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import MethodType
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.transforms import core, userstate
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec

from claimwire.pipelines.run import signatures

inspect, inspect_dofn = core.get_function_args_defaults, userstate.get_dofn_specs


@pytest.fixture(autouse=True)
def remembering(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "get_function_args_defaults", signatures._remembering(inspect))
    monkeypatch.setattr(userstate, "get_dofn_specs", signatures._remembering_specs(inspect_dofn))


SEEN = ReadModifyWriteStateSpec("seen", beam.coders.VarIntCoder())
_STATE = beam.DoFn.StateParam(SEEN)


class Stateful(beam.DoFn):
    def process(self, element: Any, seen: Any = _STATE) -> None: ...


def plain(one: int, two: str = "2", *rest: int, three: int = 3) -> None: ...


@pytest.mark.parametrize(
    "function",
    [plain, lambda one, two=2: None, partial(plain, 1), str.upper, len, Stateful, MethodType(partial(plain, 1), 2)],
)
def test_the_parameters_are_those_that_beam_finds(function: Callable[..., Any]) -> None:
    for _ in range(2):
        assert core.get_function_args_defaults(function) == inspect(function)


def test_a_method_and_its_function_have_other_parameters() -> None:
    dofn = Stateful()
    for _ in range(2):
        assert core.get_function_args_defaults(dofn.process)[0] == ["element", "seen"]
        assert core.get_function_args_defaults(Stateful.process)[0] == ["self", "element", "seen"]


def test_whoever_changes_the_answer_changes_no_other() -> None:
    core.get_function_args_defaults(plain)[0].clear()
    assert core.get_function_args_defaults(plain)[0] == ["one", "two"]


def test_each_function_of_a_map_has_parameters_of_its_own() -> None:
    wants_time = beam.Map(lambda element, at=beam.DoFn.TimestampParam: element).fn
    wants_none = beam.Map(lambda element: element).fn
    assert [wants_time.get_function_arguments("process")[1], wants_none.get_function_arguments("process")[1]] == [
        [beam.DoFn.TimestampParam],
        [],
    ]


def test_state_is_found() -> None:
    dofn = Stateful()
    for _ in range(2):
        assert userstate.get_dofn_specs(dofn) == ({SEEN}, set())
        assert userstate.is_stateful_dofn(dofn)
        assert userstate.get_dofn_specs(beam.Map(plain).fn) == (set(), set())


def test_a_dofn_takes_nothing_over_from_one_that_is_gone() -> None:
    for _ in range(100):  # a new object often stands where the last one stood
        assert userstate.is_stateful_dofn(Stateful())
        assert not userstate.is_stateful_dofn(beam.Map(plain).fn)


def test_whoever_changes_what_was_found_of_a_dofn_changes_no_other() -> None:
    dofn = Stateful()
    userstate.get_dofn_specs(dofn)[0].clear()
    assert userstate.get_dofn_specs(dofn) == ({SEEN}, set())
