"""What runs on a runner elsewhere: Flink, Dataflow, a Prism of its own.

streaming    the stream: submitted, watched, and ended
jobs         the job of a stream: its name, that there is one only, and its end
flink        what is asked of Flink's REST API
enriching    the articles of a bounded pass, enriched elsewhere
shared       the folder that this machine and the workers share
s3           one client of S3 for a process
results      what is handed over there
"""
