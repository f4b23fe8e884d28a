"""Testable statements of the GetSnapshot document, and the tests that hold them -> the table in emulator/README.md.

`python -m tests.emulator.conformance` writes the table; test_conformance.py holds it to this list, and this list to
the tests there are. Source: the GetSnapshot document, last updated 2026-01-12, read 2026-11-22.
"""

import re
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
README = FOLDER.parents[1] / "emulator" / "README.md"
BEGIN, END = "<!-- conformance: made by python -m tests.emulator.conformance -->", "<!-- conformance ends -->"

MEDIA, REQUEST, SHOT, SIGNED = "cos/test_media.py", "ci/test_request.py", "ci/test_snapshot.py", "cos/test_signature.py"
CAM, ORACLE = "test_policy.py", "ci/test_oracle.py"

# (what the document says, file, names of tests)
ROWS = [
    (
        "obtains a screenshot of a media file at a certain time",
        ORACLE,
        ["test_ffmpeg_agrees"],
    ),
    (
        "a sub-account needs the permission `ci:GenerateSnapshot`",
        CAM,
        ["test_ci_needs_both"],
    ),
    (
        "Cloud Infinite is enabled and the bucket bound beforehand",
        MEDIA,
        ["test_unbound_bucket", "test_unbound_from_start"],
    ),
    (
        "Media Processing is enabled beforehand, by console or API",
        MEDIA,
        ["test_media_bucket", "test_bind_over_http"],
    ),
    (
        "request style 1: GET with an Authorization header",
        MEDIA,
        ["test_first_example"],
    ),
    (
        "request style 2: the signature in the address",
        MEDIA,
        [
            "test_second_example",
            "test_request_styles",
        ],
    ),
    (
        "the Auth String is a request signature",
        SIGNED,
        [
            "test_document_examples",
            "test_tampering",
            "test_unsigned",
        ],
    ),
    (
        "ObjectKey is the object's key in the bucket",
        MEDIA,
        ["test_any_key", "test_missing_object"],
    ),
    (
        "`ci-process`: required, always `snapshot`",
        MEDIA,
        ["test_missing_process", "test_ci_errors"],
    ),
    ("`time`: required", REQUEST, ["test_missing_time"]),
    (
        "`time`: a float, in seconds",
        REQUEST,
        ["test_exact_time", "test_refused_times"],
    ),
    (
        "`width`, `height`: Int, not required, 0 by default",
        REQUEST,
        [
            "test_defaults",
            "test_refused_sides",
            "test_extreme_sides",
        ],
    ),
    (
        "`format`: `jpg` or `png`, `jpg` by default",
        REQUEST,
        ["test_defaults", "test_unknown_values"],
    ),
    (
        "`rotate`: `auto` rotates by the video's rotation information, `off` does not",
        SHOT,
        ["test_rotate"],
    ),
    ("`rotate`: `auto` by default", REQUEST, ["test_defaults"]),
    (
        "`mode`: `keyframe` captures the latest key frame before the time",
        SHOT,
        ["test_keyframe_mode"],
    ),
    (
        "`mode`: `exactframe` captures the frame at the time",
        SHOT,
        [
            "test_frame_times",
            "test_last_frame",
        ],
    ),
    ("`mode`: `exactframe` by default", REQUEST, ["test_defaults"]),
    ("width and height both 0: the video's aspect ratio", SHOT, ["test_size"]),
    (
        "one of width and height 0: it follows the other by the video's aspect ratio",
        SHOT,
        ["test_following_side"],
    ),
    ("the request has no body", MEDIA, ["test_first_example"]),
    (
        "common response headers: Content-Type, Content-Length, Connection, Date, `Server: tencent-ci`, its request id",
        MEDIA,
        ["test_first_example"],
    ),
    ("the response body is the screenshot's file", SHOT, ["test_pictures"]),
    (
        "common error responses and error codes",
        MEDIA,
        ["test_ci_errors", "test_missing_object"],
    ),
]


def table():
    """Give the Markdown table, a row a statement."""
    rows = ["| the document says | held by |", "| --- | --- |"]
    for says, file, names in ROWS:
        rows.append(f"| {says} | " + "<br>".join(f"`{file}::{name}`" for name in names) + " |")
    return "\n".join(rows)


def with_table(text):
    """Give the README's text with the table as it is now between its marks."""
    marks = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    return marks.sub(lambda _: f"{BEGIN}\n\n{table()}\n\n{END}", text, count=1)


if __name__ == "__main__":
    README.write_text(with_table(README.read_text()))
    sys.stdout.write(f"{len(ROWS)} statements, {sum(len(names) for _, _, names in ROWS)} tests\n")
