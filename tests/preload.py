"""What the process has loaded whose forks are the commands of the tests (``command.py``): the whole of claimwire.

Whatever the forks had to import themselves, Beam above all, thousands of them would pay for.
"""

import gc
import logging
import pkgutil
from importlib import import_module

logging.disable()  # Beam's word about libraries that it did not find; the command is silent about it too

import killing  # noqa: E402, F401 - used by processes that are killed

import claimwire  # noqa: E402

for _module in pkgutil.walk_packages(claimwire.__path__, "claimwire."):
    if not _module.name.endswith("__main__"):
        import_module(_module.name)

from claimwire.pipelines.extract import extract  # noqa: E402
from claimwire.pipelines.memory.encoder import encode, has_weights  # noqa: E402
from claimwire.pipelines.normalize.article import normalize  # noqa: E402
from claimwire.schemas import RawArticle  # noqa: E402

# Models and tables are loaded when they are first asked for.
_TEXT = "The bridge over the river will stay closed until the spring, Mayor Ann Lee said on Tuesday in Oslo, Norway."
normalize(RawArticle(text=_TEXT))
extract(_TEXT)
if has_weights():
    encode([_TEXT])
logging.disable(logging.NOTSET)
# A fork that collects garbage would write to, and so copy, each page of memory that holds an object.
gc.collect()
gc.freeze()
