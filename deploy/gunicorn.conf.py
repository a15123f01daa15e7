"""How the web server runs: `gunicorn --config deploy/gunicorn.conf.py lfb_site.wsgi`."""

import os
import shutil
import tempfile
from pathlib import Path

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 4
max_requests, max_requests_jitter = 20_000, 2_000
graceful_timeout = 20
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108

# The workers count in files that they share, so that any of them can tell the sum.
own_folder = None
if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    own_folder = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="lfb-metrics-")


def on_starting(server: object) -> None:
    from lfb_site.observability import processes

    processes.empty(Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]), roles="web-*")


def pre_fork(server, worker) -> None:
    from lfb_site.observability import processes

    taken = {other.metrics_slot for other in server.WORKERS.values()}
    worker.metrics_slot = processes.free_slot(taken)


def post_fork(server, worker) -> None:
    from lfb_site.observability import processes

    processes.count_as(lambda: processes.web_role(worker.metrics_slot))


def post_worker_init(worker: object) -> None:
    """Load the model in use before the first request: reading it takes seconds, answering from it does not."""
    from lfb_site.observability.buffered_lines import buffer_prediction_lines
    from lfb_site.warm_up import warm_up

    buffer_prediction_lines()
    warm_up()


def child_exit(server, worker) -> None:
    from prometheus_client.multiprocess import mark_process_dead

    from lfb_site.observability import processes

    mark_process_dead(processes.web_role(worker.metrics_slot))


def on_exit(server: object) -> None:
    if own_folder:
        shutil.rmtree(own_folder, ignore_errors=True)
