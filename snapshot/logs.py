"""Changes of state -> one line of JSON each on standard output, which SCF keeps. It knows nothing of what is logged.

SCF parses the first level of a single-line JSON log into fields; fields named SCF_* are the platform's.
Source: SCF log structure (INTL), read 2026-11-22.
"""

import json
import logging
import re
import sys
import time

ROOT = "snapshot"
_LINE_ENDS = re.compile(r"[\x7f-\x9f\u2028\u2029]")  # JSON leaves them; a log viewer may end a line there


def fact(logger: logging.Logger, name: str, /, *, level: int = logging.INFO, **facts: object) -> None:
    """Log one change of state, named like a symbol (`frame.captured`), with its facts as fields."""
    logger.log(level, name, extra={"facts": facts})


def to_stdout(request_id: str) -> None:
    """Send this program's log to standard output, each line with this request id; replaces what was set before."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_JsonLine(request_id))
    logger = logging.getLogger(ROOT)
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    silence("PIL")  # logs each part of a PNG at DEBUG, to which SCF sets the root logger


def silence(*libraries: str) -> None:
    """Let nothing that these libraries log get out."""
    for name in libraries:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


class _JsonLine(logging.Formatter):
    def __init__(self, request_id: str) -> None:
        super().__init__()
        self.request_id = request_id

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "what": record.getMessage(),
            "request_id": self.request_id,
            **getattr(record, "facts", {}),
        }
        if record.exc_info and record.exc_info[0]:
            line["raised"] = record.exc_info[0].__name__
            line["stack"] = _where(record)
        text = _LINE_ENDS.sub(_escape, json.dumps(line, ensure_ascii=False, default=str))
        return text.encode(errors="backslashreplace").decode()  # a lone surrogate, as JSON escapes it


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _where(record: logging.LogRecord) -> list[str]:
    """Give file, line and function of each step down to the failure; no message, which could hold anything."""
    steps = []
    trace = record.exc_info[2] if record.exc_info else None
    while trace:
        code = trace.tb_frame.f_code
        steps.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return steps
