"""Log lines of single predictions, written by the handful: a lock and a flush for each would cost more than the answer."""

from __future__ import annotations

import logging
import logging.handlers
import threading
import time

EVERY_SECONDS = 1.0
AT_MOST = 200  # lines; so much may a file be longer than its limit


class BufferedHandler(logging.handlers.MemoryHandler):
    """Stands before a file: keeps what is below INFO for at most EVERY_SECONDS, and hands it on as one piece of text.

    What is INFO or above is written at once, behind all that came before it. Only a process that is killed loses lines,
    those of its last second; one that ends in order has logging.shutdown write them.
    """

    def __init__(self, file: logging.Handler) -> None:
        super().__init__(AT_MOST, flushLevel=logging.INFO, target=file)
        self.setLevel(file.level)
        self.setFormatter(file.formatter)
        for passing in file.filters:
            self.addFilter(passing)
        file.setFormatter(logging.Formatter("%(message)s"))
        threading.Thread(target=self._flush_for_ever, name=f"log lines of {file.get_name()}", daemon=True).start()

    def flush(self) -> None:
        self.acquire()
        try:
            if self.buffer and self.target is not None:
                text = "\n".join(self.format(record) for record in self.buffer)
                self.buffer.clear()
                self.target.emit(logging.makeLogRecord({"msg": text}))
        finally:
            self.release()

    def _flush_for_ever(self) -> None:
        while self.target is not None:
            time.sleep(EVERY_SECONDS)
            self.flush()


def buffer_prediction_lines() -> None:
    """From now on this process writes the lines of its predictions in batches. For web workers, after they were forked."""
    root = logging.getLogger()
    for place, handler in enumerate(root.handlers):
        if handler.get_name() in ("predict_model", "history") and not isinstance(handler, BufferedHandler):
            root.handlers[place] = BufferedHandler(handler)
