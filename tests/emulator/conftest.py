"""One cloud a session, fresh for each test; the SDK and a plain client of its own, both aimed at it."""

import logging

import pytest
from qcloud_cos import CosConfig, CosS3Client

from emulator.cloud import Cloud
from emulator.films.film import make_film
from tests.emulator.plain import Plain

BUCKET = "examplebucket-1250000000"
SECOND = "second-1250000000"


@pytest.fixture(scope="session")
def running_cloud():
    logging.getLogger("qcloud_cos").setLevel(logging.CRITICAL)  # it logs each refusal as an error of its own
    with Cloud(buckets=(BUCKET, SECOND)) as cloud:
        yield cloud


@pytest.fixture
def cloud(running_cloud):
    running_cloud.clear()
    return running_cloud


@pytest.fixture
def bucket():
    return BUCKET


def sdk_of(cloud, *, secret_id=None, secret_key=None, token=None, **options):
    return CosS3Client(
        CosConfig(
            Scheme="http",
            IP="127.0.0.1",
            Port=cloud.port,
            Region=cloud.region,
            SecretId=secret_id or cloud.secret_id,
            SecretKey=secret_key or cloud.secret_key,
            Token=token,
            Timeout=20,
            **options,
        ),
        retry=0,
    )


@pytest.fixture
def sdk(cloud):
    return sdk_of(cloud)


@pytest.fixture
def role(cloud):
    """An SDK with a run role's temporary keys."""
    keys = cloud.credentials.issue("run", 600)
    return sdk_of(cloud, secret_id=keys.secret_id, secret_key=keys.secret_key, token=keys.token)


@pytest.fixture
def plain(cloud):
    with Plain(cloud) as client:
        yield client


@pytest.fixture(scope="session")
def film(tmp_path_factory):
    """The bytes of a short film with stripes."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    make_film(path, duration_s=2.0, size=(320, 180))
    return path.read_bytes()
