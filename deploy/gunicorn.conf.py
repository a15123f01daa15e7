"""How the web server runs: `gunicorn --config deploy/gunicorn.conf.py lfb_site.wsgi`."""

import os

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 4
max_requests, max_requests_jitter = 20_000, 2_000
graceful_timeout = 20
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108


def post_worker_init(worker: object) -> None:
    """Load the model in use before the first request: reading it takes seconds, answering from it does not."""
    from lfb_site.warm_up import warm_up

    warm_up()
