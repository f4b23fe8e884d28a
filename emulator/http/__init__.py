"""HTTP on a loopback port: the server and its messages."""
