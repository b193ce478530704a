"""An archive of files, however large, on a runner: ``claimwire batch``. There is no state directory and no queue.

    files -> read -> sort by publication -> judge -> extract and write

Each step is a job of its own, whose workers take units: a file, a slice of days, a part of a slice. What is done of a
unit lies whole in a work folder beside the output, or not at all, so a start after a kill does the rest.

plan        what is done, decided once, and kept in the work folder; where everything lies there
sources     the files that are named
steps       a step: units to workers, and a line about each when all are done
reading     a file to articles in normal form
sorting     articles of all files to slices of days, each sorted, and cut into parts
judging     the verdicts on all parts, one after the other
extracting  a part to records in the sink
notes       which articles were being extracted when a worker died
job         the steps one after the other
"""
