"""Log lines written by the handful."""

import logging
import logging.handlers
import time

import pytest

from lfb_site.observability.buffered_lines import AT_MOST, EVERY_SECONDS, BufferedHandler


class Writes(logging.Handler):
    """A file that remembers what was written to it, piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.pieces.append(self.format(record))


@pytest.fixture
def file():
    return Writes()


@pytest.fixture
def buffered(file):
    file.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    handler = BufferedHandler(file)
    yield handler
    handler.close()


@pytest.fixture
def log(buffered):
    logger = logging.Logger("buffered", logging.DEBUG)
    logger.addHandler(buffered)
    return logger


def test_what_matters_is_written_at_once_behind_what_came_before(log, file):
    log.debug("first %s", 1)
    assert file.pieces == []
    log.info("second")
    assert file.pieces == ["DEBUG first 1\nINFO second"]


def test_nothing_waits_longer_than_said(log, file):
    log.debug("alone")
    waited_until = time.monotonic() + 20 * EVERY_SECONDS
    while not file.pieces and time.monotonic() < waited_until:
        time.sleep(0.05)
    assert file.pieces == ["DEBUG alone"]


def test_many_lines_make_several_pieces_and_none_is_lost(log, file):
    for number in range(2 * AT_MOST + 5):
        log.debug("%d", number)
    log.handlers[0].close()
    assert "\n".join(file.pieces).split("\n") == [f"DEBUG {number}" for number in range(2 * AT_MOST + 5)]
    assert len(file.pieces) < 10


def test_level_and_filters_of_the_file_hold(file):
    file.setLevel(logging.INFO)
    file.addFilter(lambda record: "hidden" not in record.msg)
    handler = BufferedHandler(file)
    logger = logging.Logger("buffered", logging.DEBUG)
    logger.addHandler(handler)
    logger.debug("too fine")
    logger.info("hidden")
    logger.info("shown")
    handler.close()
    assert file.pieces == ["shown"]
