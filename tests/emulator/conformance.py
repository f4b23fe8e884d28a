"""What the GetSnapshot document says that can be tested, and the tests that hold it -> the table in emulator/README.md.

`python -m tests.emulator.conformance` writes the table; test_conformance.py holds it to this list, and this list to
the tests there are. Source: the GetSnapshot document, last updated 2026-01-12, read 2026-11-22.
"""

import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
README = HERE.parents[1] / "emulator" / "README.md"
BEGIN, END = "<!-- conformance: made by python -m tests.emulator.conformance -->", "<!-- conformance ends -->"

MEDIA, REQUEST, SHOT, SIGNED = "test_cos_media.py", "test_ci_request.py", "test_ci_snapshot.py", "test_signature.py"
CAM, ORACLE, EXAMPLES = "test_cam.py", "test_oracle.py", "test_cos_media.py"

# (what the document says, file, names of tests)
ROWS = [
    (
        "obtains a screenshot of a media file at a certain time",
        ORACLE,
        ["test_each_snapshot_is_the_frame_that_ffmpeg_shows_then"],
    ),
    (
        "a sub-account needs the permission `ci:GenerateSnapshot`",
        CAM,
        ["test_ci_needs_its_own_action_and_the_right_to_read"],
    ),
    (
        "Cloud Infinite is enabled and the bucket bound beforehand",
        MEDIA,
        ["test_an_unbound_bucket_says_so", "test_a_cloud_begins_with_the_buckets_unbound_that_it_is_told"],
    ),
    (
        "Media Processing is enabled beforehand, by console or API",
        MEDIA,
        ["test_the_ci_host_turns_media_processing_off_and_on", "test_an_admin_call_binds_and_unbinds"],
    ),
    (
        "request style 1: GET with an Authorization header",
        MEDIA,
        ["test_the_documents_first_example_answers_as_printed"],
    ),
    (
        "request style 2: the signature in the address",
        MEDIA,
        [
            "test_the_documents_second_example_answers_as_printed",
            "test_the_two_request_styles_of_the_document_give_one_picture",
        ],
    ),
    (
        "the Auth String is a request signature",
        SIGNED,
        [
            "test_the_documents_examples_come_out_as_printed",
            "test_whatever_is_signed_cannot_be_changed",
            "test_no_signature_is_no_access",
        ],
    ),
    (
        "ObjectKey is the object's key in the bucket",
        MEDIA,
        ["test_a_picture_of_any_key", "test_a_missing_object_is_coss_to_refuse"],
    ),
    (
        "`ci-process`: required, always `snapshot`",
        MEDIA,
        ["test_a_snapshot_without_its_process_is_refused_by_name", "test_ci_refuses_in_its_own_words"],
    ),
    ("`time`: required", REQUEST, ["test_a_missing_time_is_refused_by_name"]),
    (
        "`time`: a float, in seconds",
        REQUEST,
        ["test_time_is_exact", "test_a_time_that_is_no_plain_number_of_seconds_is_refused_by_name"],
    ),
    (
        "`width`, `height`: Int, not required, 0 by default",
        REQUEST,
        [
            "test_what_is_not_given_takes_the_documents_defaults",
            "test_a_side_outside_its_range_or_not_whole_is_refused_by_name",
            "test_a_side_at_the_ends_of_its_range_is_taken",
        ],
    ),
    (
        "`format`: `jpg` or `png`, `jpg` by default",
        REQUEST,
        ["test_what_is_not_given_takes_the_documents_defaults", "test_a_value_that_does_not_exist_is_refused_by_name"],
    ),
    (
        "`rotate`: `auto` rotates by the video's rotation information, `off` does not",
        SHOT,
        ["test_a_turned_film_comes_upright_with_auto_and_as_coded_with_off"],
    ),
    ("`rotate`: `auto` by default", REQUEST, ["test_what_is_not_given_takes_the_documents_defaults"]),
    (
        "`mode`: `keyframe` captures the latest key frame before the time",
        SHOT,
        ["test_key_frame_mode_gives_the_key_frame_at_or_before"],
    ),
    (
        "`mode`: `exactframe` captures the frame at the time",
        SHOT,
        [
            "test_a_frame_is_shown_from_its_own_time_until_the_next_ones",
            "test_the_last_frame_is_shown_until_its_duration_is_over",
        ],
    ),
    ("`mode`: `exactframe` by default", REQUEST, ["test_what_is_not_given_takes_the_documents_defaults"]),
    ("width and height both 0: the video's aspect ratio", SHOT, ["test_the_size_is_the_one_asked_for"]),
    (
        "one of width and height 0: it follows the other by the video's aspect ratio",
        SHOT,
        ["test_a_side_that_follows_follows_the_shown_aspect"],
    ),
    ("the request has no body", MEDIA, ["test_the_documents_first_example_answers_as_printed"]),
    (
        "common response headers: Content-Type, Content-Length, Connection, Date, `Server: tencent-ci`, its request id",
        MEDIA,
        ["test_the_documents_first_example_answers_as_printed"],
    ),
    ("the response body is the screenshot's file", SHOT, ["test_pictures_look_like_what_was_painted"]),
    (
        "common error responses and error codes",
        MEDIA,
        ["test_ci_refuses_in_its_own_words", "test_a_missing_object_is_coss_to_refuse"],
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
