"""The table of the cloud's refusals and their meanings."""

import re

import pytest
from tencentcloud.cam.v20190116 import errorcodes as cam_codes
from tencentcloud.scf.v20180416 import errorcodes as scf_codes

from ops.cloud.refusals import MEANINGS, explain

GENERAL = {
    "AuthFailure",
    "RequestSizeLimitExceeded",
    "RequestLimitExceeded",
    "UnsupportedRegion",
    "ClientNetworkError",
    "ServerNetworkError",
    "StrangeAnswer",  # of this program: an answer that cannot be understood
    "NoSuchBucket",
    "NoSuchKey",
    "AccessDenied",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "RequestTimeTooSkewed",
    "MediaBucketUnBinded",
    "InvalidObjectState",
}
"""Common codes of the API, of its SDK, and of COS and CI, which the SDK's modules do not list."""


def test_no_row_is_hidden():
    """No row stands below one that matches all its codes."""
    codes = [meaning.code for meaning in MEANINGS]
    hidden = [late for at, late in enumerate(codes) for early in codes[:at] if late.startswith(early)]
    assert hidden == []


def test_codes_exist():
    """Every code is one that the API, COS or CI documents."""
    known = {value for module in (cam_codes, scf_codes) for value in vars(module).values() if isinstance(value, str)}
    unknown = [
        meaning.code
        for meaning in MEANINGS
        if not any(code.startswith(meaning.code) for code in known) and meaning.code.partition(".")[0] not in GENERAL
    ]
    assert unknown == []


def test_rows_are_sentences():
    """Every row has a cause and a remedy."""
    for meaning in MEANINGS:
        assert re.match(r"[a-z]|SCF|the S", meaning.problem)
        assert not meaning.problem.endswith(".")
        assert re.match(r"[A-Z].*[.?]$", meaning.remedy)


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("AuthFailure.SecretIdNotFound", "these credentials do not exist"),
        ("UnauthorizedOperation.CAM", "may not do that"),
        ("ResourceNotFound.CosObject", "did not find the uploaded package"),
        ("ResourceNotFound.Cos", "the bucket does not exist"),
        ("LimitExceeded.Memory", "over its limit"),
        ("Never.Heard.Of", "the call was refused"),
    ],
)
def test_explain(code, problem):
    """A refusal keeps the cloud's own code, message and request id."""
    error = explain("SCF", "CreateFunction", code=code, message="its words", request_id="r-1")
    assert problem in error.problem
    assert f"{code}: its words (request r-1)" in error.problem
    assert error.remedy
    assert (error.code, error.request_id) == (code, "r-1")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("FailedOperation.InsufficientBalance", "x"),
        ("UnavailableForLegalReasons", "Overdue payment"),
        ("AccessDenied", "Your account is in arrears."),
    ],
)
def test_overdue(code, message):
    """An overdue payment has its own remedy, under whatever code it comes."""
    error = explain("COS", "put_object of b", code=code, message=message)
    assert "a payment of the account is overdue" in error.problem
    assert "Billing" in error.remedy
