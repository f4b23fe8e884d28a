"""What `make bench` runs.

snapshot   the emulator's snapshots beside the ffmpeg program's: speed, memory, threads
chart      panels of bars -> one picture

Each writes its figures and its picture into results/.
"""
