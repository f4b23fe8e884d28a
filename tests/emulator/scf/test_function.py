import pytest

from emulator.scf.clock import Clock
from emulator.scf.function import DeadLetterQueue, Function
from emulator.scf.role import RoleKeys
from emulator.scf.surroundings import Account, environment


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
        ({"init_timeout_s": 0}, "init_timeout_s"),
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
def test_what_scf_does_not_accept_is_refused_with_its_reason(tmp_path, wrong, problem):
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
def test_what_lies_on_the_limit_is_accepted(tmp_path, right):
    function(tmp_path, **right)


def test_a_folder_or_an_interpreter_that_does_not_exist_is_refused_with_all_else(tmp_path):
    with pytest.raises(ValueError, match=r"memory_mb 1 .*code_dir .*python "):
        function(tmp_path / "none", python=tmp_path / "python", memory_mb=1)


def test_the_values_of_variables_do_not_show_where_a_function_is_printed(tmp_path):
    assert "hush" not in repr(function(tmp_path, environment={"PASSWORD": "hush"}))


def test_a_change_of_the_variables_after_the_fact_changes_nothing(tmp_path):
    variables = {"A": "1"}
    made = function(tmp_path, environment=variables)
    variables["A"] = "2"
    assert made.environment == {"A": "1"}


def test_the_dead_letter_queue_is_named_with_its_kind(tmp_path):
    assert function(tmp_path, dead_letter=DeadLetterQueue("lost")).dead_letter == DeadLetterQueue("lost", "CMQ-QUEUE")


def test_the_platforms_variables_win_over_the_functions(tmp_path):
    made = function(tmp_path, environment={"PATH": "/elsewhere", "HOME": "/elsewhere"})
    given = environment(made, Account("ap-guangzhou", "1250000000", "100000000001"))
    assert "/elsewhere" not in given.values()


# The clock


def test_a_real_clock_cannot_leap():
    with pytest.raises(RuntimeError, match="compressed=True"):
        Clock().leap_to(0)


def test_a_compressed_clock_leaps_forward_and_never_back():
    clock = Clock(compressed=True)
    there = clock.now_s() + 21600
    clock.leap_to(there)
    clock.leap_to(there - 3600)
    assert clock.now_s() >= there


# Role keys


def test_keys_are_kept_while_they_last_and_renewed_before_they_end(issuer):
    keys = RoleKeys(issuer, 3600)
    first = keys.keys_for("role", until_s=0)
    assert keys.keys_for("role", until_s=first.expires_at) is first
    assert keys.keys_for("role", until_s=first.expires_at + 1) is not first
    assert issuer.asked == [("role", 3600)] * 2


def test_each_role_has_keys_of_its_own(issuer):
    keys = RoleKeys(issuer, 3600)
    assert keys.keys_for("one", until_s=0).secret_id != keys.keys_for("another", until_s=0).secret_id


@pytest.mark.parametrize("lifetime_s", [0, 6 * 3600 + 1])
def test_role_keys_last_six_hours_at_most(issuer, lifetime_s):
    with pytest.raises(ValueError, match="21600"):
        RoleKeys(issuer, lifetime_s)
