import pytest

from emulator.identity.credentials import Credentials
from tests.emulator.plain import Plain


class Clock:
    def __init__(self):
        self.now = 1_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def keys(clock):
    return Credentials(clock)


def test_root(keys, clock):
    """The root account's credentials are known and never expire."""
    clock.now += 10**9
    assert keys.find(keys.root_id).kind == "root"
    assert keys.find(keys.root_id).expires_at is None


def test_issued(keys, clock):
    """Issued credentials belong to their role and expire when they say."""
    issued = keys.issue("run", 60)
    holder = keys.find(issued.secret_id)
    assert (holder.kind, holder.name, holder.token) == ("role", "run", issued.token)
    assert issued.expires_at == clock.now + 60


def test_unique(keys):
    """No two credentials are alike."""
    issued = [keys.issue("run", 60) for _ in range(20)]
    assert len({item.secret_id for item in issued} | {item.token for item in issued}) == 40


@pytest.mark.parametrize("lifetime_s", [0, -1])
def test_positive_lifetime(keys, lifetime_s):
    """A lifetime is positive."""
    with pytest.raises(ValueError, match="positive"):
        keys.issue("run", lifetime_s)


def test_maximum_lifetime(clock):
    """The maximum lifetime caps each."""
    assert Credentials(clock, max_lifetime_s=30).issue("run", 60).expires_at == clock.now + 30


def test_root_stays(keys):
    """The root account's credentials cannot be revoked."""
    with pytest.raises(KeyError):
        keys.revoke(keys.root_id)


def test_revoke_all(keys):
    """Revoking all leaves the root account's."""
    issued = keys.issue("run", 60)
    keys.revoke_all()
    assert keys.find(issued.secret_id) is None
    assert keys.find(keys.root_id)


def test_forgotten(keys, clock):
    """Credentials that expired a day ago are forgotten."""
    old = keys.issue("run", 60)
    clock.now += 86_400 + 61
    young = keys.issue("run", 60)
    assert keys.find(old.secret_id) is None
    assert keys.find(young.secret_id)


def test_no_secret_in_repr(keys):
    """No secret stands in a repr."""
    issued = keys.issue("run", 60)
    text = repr(issued) + repr(keys.find(issued.secret_id)) + repr(keys.find(keys.root_id))
    assert not any(secret in text for secret in (issued.secret_key, issued.token, keys.root_key))


@pytest.fixture(scope="module")
def timed():
    """A cloud whose keys and signatures are held to a clock of the test's."""
    from emulator.cloud import Cloud

    clock = Clock()
    with Cloud(now=clock) as cloud:
        yield cloud, clock


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        pytest.param({}, 400, "ExpiredToken", id="COS"),
        pytest.param({"ci-process": "snapshot", "time": "1"}, 401, "SignatureExpired", id="CI"),
    ],
)
def test_expired(timed, params, status, code):
    """Expired credentials are refused in each service's own words."""
    cloud, clock = timed
    issued = cloud.credentials.issue("run", 600)
    span = {"starts": int(clock.now), "ends": int(clock.now) + 7200}
    headers = {"x-cos-security-token": issued.token}
    with Plain(cloud) as plain:
        assert plain("PUT", "a", body=b"x", **span).status == 200
        plain.key = (issued.secret_id, issued.secret_key)
        assert plain("GET", "a", headers=headers, **span).status == 200
        clock.now = issued.expires_at
        reply = plain("GET", "a", params=params, headers=headers, **span)
    assert (reply.status, reply.code) == (status, code)
