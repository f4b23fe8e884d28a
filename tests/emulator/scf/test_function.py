import pytest

from emulator.account import Account
from emulator.scf.clock import Clock
from emulator.scf.environment import process_variables
from emulator.scf.function import DeadLetterQueue, Function
from emulator.scf.role import RoleCredentials


def function(folder, **choices):
    return Function(**{"name": "demo", "code_dir": folder, **choices})


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"name": "1demo"}, "a name has"),
        ({"name": "demo-"}, "a name has"),
        ({"name": "d" * 61}, "a name has"),
        ({"handler": "main_handler"}, "not file.function"),
        ({"handler": "handler.x"}, "not file.function"),
        ({"handler": "handler.main_handler1"}, "not file.function"),
        ({"handler": "a_package.handler.main_handler"}, "not file.function"),
        ({"memory_mb": 100}, "memory_mb"),
        ({"memory_mb": 3200}, "memory_mb"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"timeout_s": 901}, "timeout_s"),
        ({"init_timeout_s": 2}, "init_timeout_s 2 is not 3 to 300"),
        ({"timeout_s": 901}, "timeout_s 901 is not 1 to 900"),
        ({"timeout_s": 86401, "async_run": True}, "timeout_s 86401 is not 1 to 86400"),
        ({"retry_num": 3}, "retry_num"),
        ({"retry_num": -1}, "retry_num"),
        ({"retry_interval_s": 0}, "retry_interval_s"),
        ({"msg_ttl_s": 21601}, "msg_ttl_s"),
        ({"max_instances": -1}, "max_instances"),
        ({"description": "x" * 1001}, "description"),
        ({"environment": {"1A": "x"}}, "'1A' is not a letter"),
        ({"environment": {"A-B": "x"}}, "'A-B' is not a letter"),
        ({"environment": {"_A": "x"}}, "'_A' is not a letter"),
        ({"environment": {"SCF_A": "x"}}, "'SCF_A' is reserved"),
        ({"environment": {"QCLOUD_A": "x"}}, "'QCLOUD_A' is reserved"),
        ({"environment": {"TENCENTCLOUD_SECRETID": "x"}}, "'TENCENTCLOUD_SECRETID' is reserved"),
        ({"environment": {"A": "a\0b"}}, "NUL"),
        ({"environment": {"A": "x" * 4095}}, "4097 bytes"),
    ],
)
def test_refused_configurations(tmp_path, wrong, problem):
    """A value that SCF does not accept is refused with its reason."""
    with pytest.raises(ValueError, match=problem):
        function(tmp_path, **wrong)


@pytest.mark.parametrize(
    "right",
    [
        {"memory_mb": 64},
        {"memory_mb": 3072},
        {"timeout_s": 900},
        {"handler": "index-1a.my_handler"},
        {"environment": {"A": "x" * 4094}},
        {"max_instances": 0},
    ],
)
def test_limits_are_accepted(tmp_path, right):
    """A value on the limit is accepted."""
    function(tmp_path, **right)


def test_absent_folder_and_python(tmp_path):
    """A folder or an interpreter that does not exist is refused with all else."""
    with pytest.raises(ValueError, match=r"memory_mb 1 .*code_dir .*python "):
        function(tmp_path / "none", python=tmp_path / "python", memory_mb=1)


def test_variables_are_not_printed(tmp_path):
    """The values of variables do not show where a function is printed."""
    assert "hush" not in repr(function(tmp_path, environment={"PASSWORD": "hush"}))


def test_variables_are_frozen(tmp_path):
    """A change of the variables after the fact changes nothing."""
    variables = {"A": "1"}
    configured = function(tmp_path, environment=variables)
    variables["A"] = "2"
    assert configured.environment == {"A": "1"}


def test_dead_letter_queue(tmp_path):
    """The dead letter queue is named with its kind."""
    assert function(tmp_path, dead_letter=DeadLetterQueue("lost")).dead_letter == DeadLetterQueue("lost", "CMQ-QUEUE")


def test_platform_variables_win(tmp_path):
    """The platforms variables win over the functions."""
    configured = function(tmp_path, environment={"PATH": "/elsewhere", "HOME": "/elsewhere"})
    variables_given = process_variables(configured, Account("1250000000", "100000000001", "ap-guangzhou"))
    assert "/elsewhere" not in variables_given.values()


# The clock


def test_real_clock():
    """A real clock cannot leap."""
    with pytest.raises(RuntimeError, match="compressed=True"):
        Clock().leap_to(0)


def test_compressed_clock():
    """A compressed clock leaps forward and never back."""
    clock = Clock(compressed=True)
    end_s = clock.now_s() + 21600
    clock.leap_to(end_s)
    clock.leap_to(end_s - 3600)
    assert clock.now_s() >= end_s


# Role keys


def test_credentials_are_renewed(issuer):
    """A role's credentials are kept while they last, and renewed before they expire."""
    keys = RoleCredentials(issuer, 3600)
    first = keys.credentials_for("role", until_s=0)
    assert keys.credentials_for("role", until_s=first.expires_at) is first
    assert keys.credentials_for("role", until_s=first.expires_at + 1) is not first
    assert issuer.requests == [("role", 3600)] * 2


def test_credentials_of_each_role(issuer):
    """Each role has credentials of its own."""
    keys = RoleCredentials(issuer, 3600)
    assert keys.credentials_for("one", until_s=0).secret_id != keys.credentials_for("another", until_s=0).secret_id


@pytest.mark.parametrize("lifetime_s", [0, 6 * 3600 + 1])
def test_longest_lifetime(issuer, lifetime_s):
    """A role's credentials last six hours at most."""
    with pytest.raises(ValueError, match="21600"):
        RoleCredentials(issuer, lifetime_s)
