"""claimwire from Airflow 3: a run every ten minutes, and a backup of its state every night.

Put this file into the folder of DAGs. It expects claimwire in an environment of its own, which shares no package with
Airflow's, and the settings in /etc/claimwire.yaml, on every worker that may take the task: the state is on one disk, so
give the tasks a queue that one machine serves, or use Kubernetes' CronJob (deploy/kubernetes) in their place.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

# A failed source or a dead letter is no failed task: the log and the events tell them.
RUN = "/opt/claimwire/bin/claimwire run --config /etc/claimwire.yaml --quiet --log-format json --incomplete-exit 0"
BACKUP = "/opt/claimwire/bin/claimwire state backup /backup --state /var/lib/claimwire/state"

_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)

with DAG(
    dag_id="claimwire_run",
    description="Reads every source once, and writes who said what",
    schedule="*/10 * * * *",
    start_date=_BEGAN,
    # What feeds had an hour ago cannot be asked for now: a run that was missed is made up for by the next one.
    catchup=False,
    # A second run on the same state would end at once, with exit code 1.
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=6),
    tags=["claimwire"],
):
    # Stopping the task sends SIGTERM, at which a run ends at its next commit; a kill after that loses nothing either.
    BashOperator(task_id="run", bash_command=RUN, append_env=True, retries=1, retry_delay=timedelta(minutes=2))

with DAG(
    dag_id="claimwire_backup",
    description="Backs up the state, also while a run goes on; copy the outputs after it",
    schedule="30 3 * * *",
    start_date=_BEGAN,
    catchup=False,
    max_active_runs=1,
    tags=["claimwire"],
):
    BashOperator(task_id="backup", bash_command=BACKUP, append_env=True, retries=3, retry_delay=timedelta(minutes=10))
