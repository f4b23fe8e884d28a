"""Fixtures of pytest for any project: a cloud that is empty for each test, and the official client of COS aimed at it.

Installed with the distribution `tencent-cos-emulator`; nothing is loaded until a test asks for a fixture.
"""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.cloud import Cloud

_DEFAULT_BUCKET = "examplebucket-1250000000"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the settings of the cloud to pytest's own configuration."""
    parser.addini("cos_buckets", f"buckets of cos_cloud, as NAME-APPID ({_DEFAULT_BUCKET})", type="args")
    parser.addini("cos_region", "region of cos_cloud (ap-guangzhou)", default="ap-guangzhou")


@pytest.fixture(scope="session")
def cos_session_cloud(pytestconfig: pytest.Config) -> "Iterator[Cloud]":
    """Serve one cloud for the whole session, on a free port of 127.0.0.1."""
    from emulator.cloud import Cloud  # noqa: PLC0415  # it takes a while, and not every project's tests need it

    buckets = pytestconfig.getini("cos_buckets") or [_DEFAULT_BUCKET]
    try:
        cloud = Cloud(buckets=buckets, region=pytestconfig.getini("cos_region"))
    except ValueError as error:
        pytest.fail(f"cos_buckets or cos_region in pytest's settings ({' '.join(buckets)}): {error}", pytrace=False)
    with cloud:
        yield cloud


@pytest.fixture
def cos_cloud(cos_session_cloud: "Cloud") -> "Cloud":
    """Return the cloud with its buckets empty, and without functions, faults, and credentials of an earlier test."""
    cos_session_cloud.clear()
    return cos_session_cloud


@pytest.fixture
def cos_client(cos_cloud: "Cloud") -> Any:  # noqa: ANN401  # the SDK has no types
    """Return a CosS3Client with the root account's credentials; it does not retry."""
    try:
        from qcloud_cos import CosConfig, CosS3Client  # noqa: PLC0415  # the caller's own, if it is there
    except ImportError:
        pytest.fail("cos_client needs the official client: pip install cos-python-sdk-v5", pytrace=False)
    config = CosConfig(
        Region=cos_cloud.region,
        SecretId=cos_cloud.secret_id,
        SecretKey=cos_cloud.secret_key,
        Scheme="http",
        IP="127.0.0.1",
        Port=cos_cloud.port,
    )
    return CosS3Client(config, retry=0)
