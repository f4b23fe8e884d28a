"""The table of what the cloud's refusals mean."""

import re

import pytest
from tencentcloud.cam.v20190116 import errorcodes as cam_codes
from tencentcloud.scf.v20180416 import errorcodes as scf_codes

from ops.refusals import MEANING, explain

GENERAL = {
    "AuthFailure",
    "RequestSizeLimitExceeded",
    "RequestLimitExceeded",
    "UnsupportedRegion",
    "ClientNetworkError",
    "ServerNetworkError",
}


def test_no_line_stands_below_one_that_takes_its_codes():
    starts = [start for start, _, _ in MEANING]
    shadowed = [late for at, late in enumerate(starts) for early in starts[:at] if late.startswith(early)]
    assert shadowed == []


def test_every_code_in_it_is_one_of_the_apis():
    known = {value for module in (cam_codes, scf_codes) for value in vars(module).values() if isinstance(value, str)}
    strange = [
        start
        for start, _, _ in MEANING
        if not any(code.startswith(start) for code in known) and start.partition(".")[0] not in GENERAL
    ]
    assert strange == []


def test_every_line_says_what_happened_and_what_to_do():
    for _, what, remedy in MEANING:
        assert re.match(r"[a-z]|SCF", what)
        assert not what.endswith(".")
        assert re.match(r"[A-Z].*[.?]$", remedy)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("AuthFailure.SecretIdNotFound", "these keys do not exist"),
        ("UnauthorizedOperation.CAM", "may not do that"),
        ("ResourceNotFound.CosObject", "did not find the uploaded code"),
        ("ResourceNotFound.Cos", "the bucket does not exist"),
        ("LimitExceeded.Memory", "over its limit"),
        ("Never.Heard.Of", "the call was refused"),
    ],
)
def test_a_refusal_is_told_with_the_clouds_own_words_kept(code, said):
    error = explain("SCF", "CreateFunction", code=code, message="its words", request_id="r-1")
    assert said in error.what
    assert f"{code}: its words (request r-1)" in error.what
    assert error.remedy
    assert (error.code, error.request_id) == (code, "r-1")
