"""Numbers on the command line: what is refused is named with its option and with what is accepted."""

import pytest

from ops.__main__ import main

WHOLE = {"prune --limit": "1 to 1,000,000", "backfill --limit": "1 to 1,000,000"}
ANY = {
    "prune --older-than": "0 to 87,600",
    "backfill --per-minute": "0.1 to 6,000",
    "try --wait": "1 to 86,400",
}
NO_NUMBER = ["x", "", "nan", "inf", "-5", "-1", "-0.5", "1e30", "9" * 5000]


@pytest.mark.parametrize("text", [*NO_NUMBER, "0", "0.5", "2.0", "1000001"])
@pytest.mark.parametrize("option", WHOLE)
def test_refused_whole_number(option, text, capsys):
    """A value that is not whole, or outside the range, ends the command before its first call."""
    check_refusal(option, text, f"{text!r} is not a whole number from {WHOLE[option]}", capsys)


@pytest.mark.parametrize("text", [*NO_NUMBER, "-1e3", "100000"])
@pytest.mark.parametrize("option", ANY)
def test_refused_number(option, text, capsys):
    """A value that is not finite, or outside the range, ends the command before its first call."""
    check_refusal(option, text, f"{text!r} is not a number from {ANY[option]}", capsys)


@pytest.mark.parametrize("option", ["backfill --per-minute", "try --wait"])
def test_refused_zero(option, capsys):
    """Zero is no pace, and no time to wait."""
    check_refusal(option, "0", f"'0' is not a number from {ANY[option]}", capsys)


def check_refusal(option, text, message, capsys):
    command, name = option.split()
    with pytest.raises(SystemExit) as raised:
        main([command, *(["film.mp4"] if command == "try" else []), f"{name}={text}"])
    assert raised.value.code == 2
    assert f"argument {name}: {message}" in capsys.readouterr().err
