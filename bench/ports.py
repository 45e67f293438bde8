"""Ports for servers, each given once by a process."""

import random
import socket

# Below those that the system gives to outgoing connections by itself, which may come before a server does. The tests in Rust
# (crates/cache/tests/shared/servers/ports.rs) have the same.
RANGE = range(22_000, 32_000)

_ports = iter(random.sample(RANGE, len(RANGE)))


def free_port():
    """A port that nobody listens on."""
    return next(port for port in _ports if _is_free(port))


def _is_free(port):
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
