"""Credentials and addresses, read from the environment and from arguments."""

import pytest

from ops.cloud.credentials import Credentials, Endpoints, read_credentials
from ops.errors import OpsError

ID, KEY, TOKEN = "TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TOKEN"


@pytest.mark.parametrize("spoilt", ["ab\ncd", "ab cd", "ab\u200bcd", "abé"], ids=["line", "blank", "unseen", "foreign"])
@pytest.mark.parametrize("name", [ID, KEY, TOKEN])
def test_unsendable(name, spoilt):
    """A value that cannot be sent is named and not shown: a library would print it, and the signature with it."""
    with pytest.raises(OpsError, match=f"^{name} cannot be valid") as raised:
        read_credentials({ID: "AKIDx", KEY: "y", name: spoilt})
    assert spoilt not in str(raised.value)


def test_blanks_around():
    """Blanks around a value are removed."""
    environment = {"TENCENT_SECRET_ID": " AKIDx\n", "TENCENT_SECRET_KEY": "y\n", "TENCENT_TOKEN": "t\n"}
    assert read_credentials(environment) == Credentials("AKIDx", "y", "t")


@pytest.mark.parametrize(
    ("environment", "problem", "remedy"),
    [
        ({ID: "AKIDx"}, f"{ID} is set, but {KEY} is not.", f"Set {KEY} too"),
        ({KEY: "y"}, f"{KEY} is set, but {ID} is not.", f"Set {ID} too"),
        ({"TENCENT_SECRET_ID": "AKIDx"}, "TENCENT_SECRET_ID is set, but TENCENT_SECRET_KEY is not.", "Set TENCENT_"),
        (
            {"TENCENTCLOUD_SECRETID": "AKIDx", "TENCENTCLOUD_SECRETKEY": "y"},
            "TENCENTCLOUD_SECRETID and TENCENTCLOUD_SECRETKEY are what SCF sets inside a function",
            f"Set {ID} and {KEY}",
        ),
        ({}, "There are no credentials in the environment.", "Create an API key"),
    ],
    ids=["id alone", "key alone", "other names", "the function's names", "nothing"],
)
def test_missing(environment, problem, remedy):
    """A missing variable is named, with those that are set."""
    with pytest.raises(OpsError) as raised:
        read_credentials(environment)
    assert raised.value.problem.startswith(problem)
    assert raised.value.remedy.startswith(remedy)
    assert "AKIDx" not in str(raised.value)


def test_repr_hides_credentials():
    """Credentials never appear in a repr."""
    assert repr(Credentials("AKIDx", "hidden", "token")) == "Credentials()"


@pytest.mark.parametrize("address", ["127.0.0.1:8000", "ftp://127.0.0.1", "http://127.0.0.1:8000/path"])
def test_no_address(address):
    """A text that is not an address is refused: the SDKs would ignore it and call Tencent Cloud."""
    with pytest.raises(OpsError, match="is not the address of a local cloud"):
        Endpoints(cos=address)
