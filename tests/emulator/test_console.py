"""A served cloud ends at the first signal, whenever it comes."""

import subprocess
import sys

# Sends itself SIGTERM at the n-th line of Python that runs while it waits, for each n that there is; at the end a
# thread sends it, when no line is left.
PROGRAM = """
import os, signal, sys, threading
from emulator.console import StopSignal

def send():
    os.kill(os.getpid(), signal.SIGTERM)

def trace(frame, event, _):
    global lines
    if event == "line":
        lines += 1
        if lines == last:
            send()
    return trace

for last in range(1, 1000):
    stop, lines = StopSignal(), 0
    threading.Timer(0.2, send).start()
    sys.settrace(trace)
    stop.wait()
    sys.settrace(None)
    assert stop.has_come
    if lines < last:
        break
    while threading.active_count() > 1:
        pass
print("every line was tried")
"""


def test_signal_at_any_line():
    """A signal that comes at any line of waiting ends the wait."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "every line was tried\n")


# The main thread takes no signal, so that the system gives it to the other one.
ANOTHER_THREAD = """
import os, signal, threading, time
from emulator.console import StopSignal

stop = StopSignal()
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()
stop.wait()
print("stopped")
"""


def test_signal_to_another_thread():
    """A signal that the system gives to another thread ends the wait too."""
    command = [sys.executable, "-c", ANOTHER_THREAD]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "stopped\n")
