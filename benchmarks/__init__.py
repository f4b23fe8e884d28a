"""The benchmarks that `make bench` runs.

emulator   the emulator's snapshots beside the ffmpeg program's: speed, memory, threads
function/  the function from outside: latency, alternatives, cold start, memory, paid calls, growth
svg        bars with words -> a chart
page       figures -> docs/benchmarks.md

Each writes its figures and its picture into results/.
"""
