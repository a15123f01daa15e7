"""After a run: sends the figures of its component to the Pushgateway. Never fails a run, nor holds one up for long."""

from __future__ import annotations

import logging
import threading
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from prometheus_client.exposition import basic_auth_handler, default_handler, pushadd_to_gateway

from lfb_site.observability import components
from lfb_site.observability.metrics import AlsoAsPromised, record, registries
from pipeline.models import DatasetRun, RunStatus

logger = logging.getLogger(__name__)

PUSH_SECONDS = 2.0


def on_run_ended(sender: Any, run: DatasetRun, **more: Any) -> None:
    """Receiver of the signal of the same name. What a good run came to was recorded when it was logged."""
    component = components.of_step(run.step)
    if run.status in (RunStatus.FAILED, RunStatus.CRASHED):
        record(component, dict.fromkeys(_success_names(run), 0.0))
    if settings.PUSHGATEWAY_ENABLED:
        push(component)


def _success_names(run: DatasetRun) -> list[str]:
    if run.step == "process_data":
        return [f"success_{dataset}" for dataset in run.parameters.get("datasets", ())]
    return ["success"] if run.step in ("build_features", "predict") else []


def push(component: str) -> bool:
    """Send the figures; False, with a warning, where the gateway does not take them within PUSH_SECONDS.

    Each component is one group, and a name in it is replaced by the next run that has it: nothing piles up, and a run
    for incidents alone leaves the figures of mobilisations as they were.
    """
    outcome: list[str] = []

    def send() -> None:
        try:
            address, handler = _gateway()
            registry = AlsoAsPromised(registries[component])
            pushadd_to_gateway(address, job=component, registry=registry, timeout=PUSH_SECONDS, handler=handler)
            outcome.append("")
        except Exception as error:  # whatever it is, the run went well without it
            outcome.append(f"{type(error).__name__}: {error}")

    # A thread, because the look-up of a name cannot be timed out.
    thread = threading.Thread(target=send, daemon=True, name="push of metrics")
    thread.start()
    thread.join(PUSH_SECONDS)
    trouble = outcome[0] if outcome else f"no answer within {PUSH_SECONDS:g} s"
    if trouble:
        logger.warning("the metrics of %s were not pushed: %s", component, trouble)
    return not trouble


def _gateway() -> tuple[str, Any]:
    """The gateway's address without a login, and the handler that sends one where there is one."""
    parts = urlsplit(settings.PUSHGATEWAY_URL)
    address = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    if parts.username is None:
        return address, default_handler
    login = unquote(parts.username), unquote(parts.password or "")

    def handler(**request: Any) -> Any:
        return basic_auth_handler(**request, username=login[0], password=login[1])

    return address, handler
