"""``python -m claimwire`` is the command ``claimwire``, for where the folder of scripts is not on the PATH."""

from claimwire.pipelines.cli import main

main(prog_name="claimwire")
