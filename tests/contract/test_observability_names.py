"""Log files and metrics under the names that users rely on."""

from prometheus_client import REGISTRY

from lfb_site.observability import components, logs, metrics
from tests.contract.metric_names import COMPONENTS, GAUGES, LOG_COUNTERS


def test_log_files_are_the_promised_ones():
    assert set(logs.FILE_NAMES) == {f"{component}.log" for component in COMPONENTS} | {"history.log"}
    assert (logs.FILE_BYTES, logs.BACKUPS) == (1_000_000, 5)


def test_every_component_counts_its_messages_by_level():
    counted = {metric.name for metric in metrics.AlsoAsPromised(REGISTRY).collect()}
    assert counted >= LOG_COUNTERS


def test_the_catalogue_has_the_promised_names_and_no_others():
    told = {f"{name}_{component}" for component, names in metrics.CATALOGUE.items() for name in names}
    assert told == GAUGES
    assert set(metrics.CATALOGUE) <= set(components.COMPONENTS)
