import pytest

from emulator.keys import Keys
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
    return Keys(clock)


def test_root_keys_are_found_and_never_end(keys, clock):
    clock.now += 10**9
    assert keys.find(keys.root_id).kind == "root"
    assert keys.find(keys.root_id).expires_at is None


def test_issued_keys_are_of_their_role_and_end_when_they_say(keys, clock):
    issued = keys.issue("run", 60)
    holder = keys.find(issued.secret_id)
    assert (holder.kind, holder.name, holder.token) == ("role", "run", issued.token)
    assert issued.expires_at == clock.now + 60


def test_no_two_issues_are_alike(keys):
    issued = [keys.issue("run", 60) for _ in range(20)]
    assert len({each.secret_id for each in issued} | {each.token for each in issued}) == 40


@pytest.mark.parametrize("lifetime_s", [0, -1])
def test_a_lifetime_is_positive(keys, lifetime_s):
    with pytest.raises(ValueError, match="positive"):
        keys.issue("run", lifetime_s)


def test_the_longest_lifetime_caps_each(clock):
    assert Keys(clock, longest_s=30).issue("run", 60).expires_at == clock.now + 30


def test_root_keys_cannot_be_revoked(keys):
    with pytest.raises(KeyError):
        keys.revoke(keys.root_id)


def test_revoking_all_leaves_the_root(keys):
    issued = keys.issue("run", 60)
    keys.revoke_all()
    assert keys.find(issued.secret_id) is None
    assert keys.find(keys.root_id)


def test_keys_that_ended_a_day_ago_are_forgotten(keys, clock):
    old = keys.issue("run", 60)
    clock.now += 86_400 + 61
    young = keys.issue("run", 60)
    assert keys.find(old.secret_id) is None
    assert keys.find(young.secret_id)


def test_no_secret_stands_in_a_repr(keys):
    issued = keys.issue("run", 60)
    shown = repr(issued) + repr(keys.find(issued.secret_id)) + repr(keys.find(keys.root_id))
    assert not any(secret in shown for secret in (issued.secret_key, issued.token, keys.root_key))


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
def test_expired_keys_are_refused_in_the_services_words(timed, params, status, code):
    cloud, clock = timed
    issued = cloud.keys.issue("run", 600)
    span = {"starts": int(clock.now), "ends": int(clock.now) + 7200}
    headers = {"x-cos-security-token": issued.token}
    with Plain(cloud) as plain:
        assert plain("PUT", "a", body=b"x", **span).status == 200
        plain.key = (issued.secret_id, issued.secret_key)
        assert plain("GET", "a", headers=headers, **span).status == 200
        clock.now = issued.expires_at
        reply = plain("GET", "a", params=params, headers=headers, **span)
    assert (reply.status, reply.code) == (status, code)
