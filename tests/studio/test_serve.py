import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from urllib.parse import urljoin
from urllib.request import Request, urlopen

import pytest

from studio.__main__ import main
from tests.studio.conftest import BUCKET


@pytest.fixture
def start(root):
    """Starts `python -m studio serve` on a free port and returns the process and the page's address."""
    processes = []

    def run(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-m", "studio", "serve", "--port", "0", *arguments],
            cwd=root,
            env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        processes.append(process)
        return process, re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())[0]

    yield run
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "term"])
def test_stops(number, start):
    """The page is up until Ctrl-C, which ends everything, the function too, without a complaint."""
    process, address = start()
    assert "Drop videos here" in urlopen(address, timeout=30).read().decode()
    os.killpg(process.pid, number)
    out, complaint = process.communicate(timeout=60)
    assert (process.returncode, complaint) == (0, "")
    assert out.endswith("Stopping.\n")


def test_wrong_settings(start):
    """Wrong settings are said on the page and in the terminal before anything is uploaded."""
    process, address = start("--set", "SNAPSHOT_TIMES=banana")
    line = process.stderr.readline()
    assert re.match("serve: the function does not start, its settings are wrong: .*SNAPSHOT_TIMES", line)
    page = urlopen(address, timeout=30).read().decode()
    assert "The function does not start" in page
    assert "SNAPSHOT_TIMES=banana" in page


def test_taken_port(root):
    """A taken port is named, with the way to ask for another."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        serve = [sys.executable, "-m", "studio", "serve", "--port", str(port)]
        run = subprocess.run(serve, cwd=root, capture_output=True, text=True, timeout=60, check=False)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == f"serve: port {port} is taken; name another: make serve PORT={min(port + 1, 65535)}\n"


@pytest.mark.parametrize("port", ["-1", "65536", "eight"])
def test_no_port(port, capsys):
    """A value that is no port is named."""
    with pytest.raises(SystemExit) as ended:
        main(["serve", f"--port={port}"], {})
    assert ended.value.code == 2
    assert f"'{port}' is no port; a port is a number from 0 to 65535" in capsys.readouterr().err


def test_wrong_bucket(capsys, monkeypatch):
    """A bucket that cannot be is named with its setting."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert main(["serve", "--port", "0", "--set", "SNAPSHOT_OUTPUT_BUCKET=foo"], {}) == 2
    assert "serve: SNAPSHOT_OUTPUT_BUCKET is 'foo'" in capsys.readouterr().err


def test_upload_and_removal(start, films):
    """An upload gets its pictures, and a removed video takes them with it."""
    _, address = start()
    send(address, "PUT", (films / "film.mp4").read_bytes())
    wait_for(address, "Poster of film.mp4")
    send(address, "DELETE")
    wait_for(address, "No video yet")


def send(address, method, body=None):
    """Send one signed request for videos/film.mp4, as the page's script does."""
    order = {"method": method, "bucket": BUCKET, "key": "videos/film.mp4", "params": {}, "lifetime_s": 60}
    headers = {"Content-Type": "application/json"}
    sign = Request(urljoin(address, "/_studio/sign"), json.dumps(order).encode(), headers, method="POST")
    signed = json.load(urlopen(sign, timeout=30))["address"]
    urlopen(Request(urljoin(address, signed), body, method=method), timeout=30).close()


def wait_for(address, text):
    """Return once the page says this, as its script would see it."""
    deadline = time.monotonic() + 60
    while text not in (page := urlopen(address, timeout=30).read().decode()):
        assert time.monotonic() < deadline, page
        time.sleep(0.1)
