"""Beam's look at the methods of a DoFn, done once.

For every pipeline Beam (2.77, ``transforms/userstate.py``) asks eight times for the parameters of all thirty methods of
each DoFn, inherited ones included, to find out whether one of them wants state or a timer. That took more than half of
the time of a pipeline over a few articles.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import FunctionType, MethodType
from typing import Any
from weakref import WeakKeyDictionary, finalize

from apache_beam.transforms import core, userstate

_Parameters = tuple[list[str], list[Any]]
_Specs = tuple[set[userstate.StateSpec], set[userstate.TimerSpec]]


@cache
def remember_dofns() -> None:
    """From here on Beam inspects each function and each DoFn once in this process, as long as it lives.

    Beam has no way to ask for this, so its ``get_function_args_defaults`` and ``get_dofn_specs`` are replaced by ones
    that remember.
    """
    core.get_function_args_defaults = _remembering(core.get_function_args_defaults)
    userstate.get_dofn_specs = _remembering_specs(userstate.get_dofn_specs)


def _remembering(inspect: Callable[[Any], _Parameters]) -> Callable[[Any], _Parameters]:
    """The same answers for functions and methods. Without ``self`` a method has other parameters than its function."""
    of_functions: WeakKeyDictionary[FunctionType, _Parameters] = WeakKeyDictionary()
    of_methods: WeakKeyDictionary[FunctionType, _Parameters] = WeakKeyDictionary()

    def parameters(function: Any) -> _Parameters:
        known, key = (of_methods, function.__func__) if isinstance(function, MethodType) else (of_functions, function)
        if not isinstance(key, FunctionType):
            return inspect(function)
        if key not in known:
            known[key] = inspect(function)
        names, defaults = known[key]
        return list(names), list(defaults)

    return parameters


def _remembering_specs(inspect: Callable[[core.DoFn], _Specs]) -> Callable[[core.DoFn], _Specs]:
    """The same answers for DoFns."""
    # By identity: a DoFn may be equal to another one, or have no hash.
    known: dict[int, _Specs] = {}

    def specs(dofn: core.DoFn) -> _Specs:
        key = id(dofn)
        if key not in known:
            known[key] = inspect(dofn)
            finalize(dofn, known.pop, key)
        states, timers = known[key]
        return set(states), set(timers)

    return specs
