"""What the process has loaded whose forks are the commands of the tests (``command.py``)."""

import logging

logging.disable()  # Beam's word about libraries that it did not find; the command is silent about it too

import killing  # noqa: E402, F401 - used by processes that are killed

import claimwire.connectors.kafka  # noqa: E402
import claimwire.pipelines.cli  # noqa: E402
import claimwire.pipelines.ingest  # noqa: E402
import claimwire.pipelines.run.bounded  # noqa: E402
import claimwire.pipelines.stream  # noqa: E402, F401
from claimwire.pipelines.extract import extract  # noqa: E402
from claimwire.pipelines.normalize.article import normalize  # noqa: E402
from claimwire.schemas import RawArticle  # noqa: E402

# Models and tables are loaded when they are first asked for.
_TEXT = "The bridge over the river will stay closed until the spring, Mayor Ann Lee said on Tuesday in Oslo, Norway."
normalize(RawArticle(text=_TEXT))
extract(_TEXT)
logging.disable(logging.NOTSET)
