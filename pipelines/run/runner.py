"""Beam's options, and one pipeline run with them."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.runner import PipelineResult, create_runner

from claimwire.errors import ClaimwireError
from claimwire.pipelines.observe import traces
from claimwire.pipelines.run import RunError
from claimwire.pipelines.run.signatures import remember_dofns
from claimwire.pipelines.run.workers import LOST, KeptWorkers, lost_one
from claimwire.pipelines.settings import SettingsError

_log = logging.getLogger(__name__)


class Runner:
    """Runs the pipelines of a run, one after the other.

    Args:
        flags: For Beam's PipelineOptions; without ``--runner``, or with ``--runner=DirectRunner``, pipelines run on
            the in-process FnApiRunner.
        workers: So many processes.

    Raises SettingsError for a runner or an option of Beam that does not exist.
    """

    def __init__(self, flags: list[str], workers: int) -> None:
        check_options(flags)
        remember_dofns()
        self._flags = flags
        self._workers = workers
        self._options = self._read_options()
        self._running: PipelineResult | None = None
        self._in_process = not _named_runner(self._options)
        self.is_one_process = self._in_process and workers == 1
        """Whether all is done in this process."""

    def run(
        self,
        what: str,
        build: Callable[[beam.Pipeline], object],
        after: str = "nothing of it was committed",
        submitted: Callable[[], object] = lambda: None,
    ) -> None:
        """Build a pipeline and wait for its end; ``submitted`` is called when it has begun.

        Raises RunError, which names the step by ``what`` and says what is ``after`` the failure.
        """
        try:
            with traces.span("pipeline", {"claimwire.pipeline": what}) as span:
                pipeline = self._pipeline()
                build(pipeline)
                self._running = result = pipeline.run()
                submitted()
                result.wait_until_finish()
                span.set_attributes(traces.of_steps(result))
        except Exception as error:
            why = LOST if lost_one() else _innermost(error)
            raise RunError(f"the {what} step failed, {after}: {why}") from error
        finally:
            self._running = None

    def cancel(self) -> None:
        """End the pipeline that runs on another runner, from another thread or a signal; what fails is logged."""
        if self._running is None or self._in_process:
            return
        try:
            self._running.cancel()
        except Exception as error:
            _log.warning("the runner was not told to end, so its job may go on: %s", _innermost(error))

    def _read_options(self) -> PipelineOptions:
        return _Options(self._flags, direct_num_workers=self._workers, save_main_session=False)

    def _pipeline(self) -> beam.Pipeline:
        """An empty pipeline, in this process unless another runner is asked for.

        Beam's own name DirectRunner is a switch that first tries to download the Prism runner from the internet
        (apache_beam/runners/direct/direct_runner.py, 2.77), so here it means the FnApiRunner, which is named.
        """
        if not self._in_process:  # such a runner writes into its options
            return beam.Pipeline(options=self._read_options())
        # One worker runs in this process. More are processes that we start ourselves: Beam's would start again for
        # every pass and write their log to stderr. So Beam's direct_running_mode is left alone.
        runner = FnApiRunner(default_environment=KeptWorkers() if self._workers > 1 else None)
        return beam.Pipeline(runner=runner, options=self._options)


def check_options(flags: list[str]) -> None:
    """Raises SettingsError for a runner or an option of Beam that does not exist."""
    runner = _named_runner(PipelineOptions(flags))
    if runner:
        try:
            create_runner(runner)
        except ValueError as error:
            raise SettingsError(str(error).splitlines()[0]) from error
        return
    # Beam ignores options that it does not know. Here, where no other runner can know them, they are typing errors.
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for kind in PipelineOptions.__subclasses__():
        with suppress(argparse.ArgumentError):  # two of Beam's own kinds of options may have one in common
            kind._add_argparse_args(parser)
    unknown = parser.parse_known_args(flags)[1]
    if unknown:
        raise SettingsError(f"neither claimwire nor Beam has an option {unknown[0]}; see claimwire run --help")


class _Options(PipelineOptions):  # type: ignore[misc]
    """Beam's options, each kind parsed once: Beam asks for one with every transform, which parses the flags again.

    That took a third of the time of a pipeline that has nothing to do. One object serves all pipelines of a run: Beam
    would copy it for each, and parse again for the copy. The in-process runner only writes what it has written before.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Past Beam's own __setattr__, which takes attributes for options.
        self.__dict__["_views"] = {}
        super().__init__(*args, **kwargs)

    def __deepcopy__(self, memo: object) -> PipelineOptions:
        return self

    def view_as(self, cls: type[PipelineOptions]) -> PipelineOptions:
        # Views share their values, so that it does not matter how many there are of a kind.
        views: dict[type[PipelineOptions], PipelineOptions] = self.__dict__["_views"]
        if cls not in views:
            views[cls] = super().view_as(cls)
        return views[cls]


def _named_runner(options: PipelineOptions) -> str | None:
    """The name of the runner that was asked for, or None for the in-process one."""
    runner = str(options.view_as(StandardOptions).runner or "DirectRunner").rpartition(".")[2]
    return None if runner in ("DirectRunner", "FnApiRunner") else runner


def _innermost(error: BaseException) -> str:
    """The cause below Beam's wrappings, on one line. What claimwire itself says has no better one below it."""
    while error.__cause__ and not isinstance(error, ClaimwireError):
        error = error.__cause__
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[-1] if text else ''}".rstrip(": ")
