"""Who may be the client of a guard that listens, and who cannot keep the client out."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.needs import require

TOKEN = "2f6ab1f6c9c34d51"
QUESTION = b"$qC#b4"
NOBODY = 65534


@contextmanager
def listening(
    binary: Path, address: str, *options: str | Path
) -> Generator[tuple[subprocess.Popen[str], Callable[[], socket.socket]]]:
    """A listening guard, and a function that connects to it."""
    command = [binary, "--listen", address, *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as guard:
        assert guard.stderr is not None
        where = guard.stderr.readline().rsplit("listening on ", 1)[1].strip()

        def connect() -> socket.socket:
            if where.startswith("unix:"):
                connection = socket.socket(socket.AF_UNIX)
                connection.connect(where.removeprefix("unix:"))
            else:
                connection = socket.create_connection(("127.0.0.1", int(where.rsplit(":", 1)[1])))
            connection.settimeout(20)
            return connection

        try:
            yield guard, connect
        finally:
            guard.kill()


@pytest.fixture(params=["unix", "tcp"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"unix:{tmp_path}/guard.sock" if request.param == "unix" else "127.0.0.1:0"


def assert_is_served(connection: socket.socket, greeting: bytes = b"") -> None:
    connection.sendall(greeting + QUESTION)
    assert connection.recv(1) == b"+"


def assert_is_closed(connection: socket.socket) -> None:
    with contextlib.suppress(ConnectionResetError):  # closed with bytes unread
        assert connection.recv(1) == b""


def token_file(tmp_path: Path, text: str = TOKEN, mode: int = 0o600) -> Path:
    path = tmp_path / "token"
    path.write_text(text + "\n")
    path.chmod(mode)
    return path


def refusal(binary: Path, *options: str | Path) -> str:
    done = subprocess.run(
        [binary, "--listen", *options], capture_output=True, text=True, check=False, timeout=20
    )
    assert done.returncode == 1
    return done.stderr


def test_other_machines_need_a_token(guard_binary: Path) -> None:
    assert "--token-file" in refusal(guard_binary, "0.0.0.0:0")
    assert "--token-file" in refusal(guard_binary, "[::]:0")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644])
def test_a_token_that_others_can_touch_is_refused(
    guard_binary: Path, tmp_path: Path, mode: int
) -> None:
    path = token_file(tmp_path, mode=mode)
    assert "chmod 600" in refusal(guard_binary, "127.0.0.1:0", "--token-file", path)


@pytest.mark.parametrize("text", ["", "secret", "0123456789abcde"])
def test_a_token_that_can_be_guessed_is_refused(
    guard_binary: Path, tmp_path: Path, text: str
) -> None:
    path = token_file(tmp_path, text)
    assert "holds" in refusal(guard_binary, "127.0.0.1:0", "--token-file", path)


def test_a_token_file_is_a_file(guard_binary: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo, 0o600)
    for path in (fifo, tmp_path, tmp_path / "absent"):
        assert str(path) in refusal(guard_binary, "127.0.0.1:0", "--token-file", path)


def test_the_token_is_what_counts(guard_binary: Path, tmp_path: Path) -> None:
    path = token_file(tmp_path)
    with listening(guard_binary, "127.0.0.1:0", "--token-file", path) as (_, connect):
        wrong = [b"\n", b"guess\n", TOKEN.encode()[:-1] + b"x\n", TOKEN.encode() + b"x\n", QUESTION]
        for line in wrong:
            with connect() as peer:
                peer.sendall(line + QUESTION * 4)
                assert_is_closed(peer)
        with connect() as right:
            assert_is_served(right, TOKEN.encode() + b"\n")


def test_the_token_may_come_in_pieces(guard_binary: Path, tmp_path: Path) -> None:
    path = token_file(tmp_path)
    with (
        listening(guard_binary, "127.0.0.1:0", "--token-file", path) as (_, connect),
        connect() as slow,
        connect() as wrong,
    ):
        slow.sendall(TOKEN[:5].encode())
        wrong.sendall(b"guess\n")
        assert_is_closed(wrong)  # by now the pieces are apart
        assert_is_served(slow, TOKEN[5:].encode() + b"\n")


def test_silent_peers_keep_nobody_out(guard_binary: Path, address: str) -> None:
    with listening(guard_binary, address) as (_, connect):
        silent = [connect() for _ in range(100)]
        with connect() as client:
            assert_is_served(client)
        for peer in silent:
            peer.close()


def test_peers_with_half_a_token_keep_nobody_out(guard_binary: Path, tmp_path: Path) -> None:
    path = token_file(tmp_path)
    with listening(guard_binary, "127.0.0.1:0", "--token-file", path) as (_, connect):
        silent = [connect() for _ in range(100)]
        for peer in silent[-20:]:
            peer.sendall(TOKEN[:8].encode())
        with connect() as client:
            assert_is_served(client, TOKEN.encode() + b"\n")
        for peer in silent:
            peer.close()


BROWSERS = {
    "get": b"GET / HTTP/1.1\r\nHost: localhost:4711\r\n\r\n",
    "post": b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://evil.example\r\n"
    b"Content-Type: text/plain\r\nContent-Length: 20\r\n\r\n$vRun;2f62696e2f6c73#99",
    "rebound": b"POST / HTTP/1.1\r\nHost: evil.example:4711\r\nContent-Length: 6\r\n\r\n"
    + QUESTION,
    "web socket": b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n" + QUESTION,
    "two at a time": b"GET / HTTP/1.1\r\n\r\n" + QUESTION + b"POST / HTTP/1.1\r\n\r\n",
    "claims much": b"POST / HTTP/1.1\r\nContent-Length: 1000000000000\r\n\r\n",
    "tls": bytes.fromhex("1603010200010001fc0303"),
    "debug adapter": b'Content-Length: 20\r\n\r\n{"command":"launch"}',
}


@pytest.mark.parametrize("what", BROWSERS)
def test_a_browser_is_no_client_and_ends_nothing(
    guard_binary: Path, address: str, what: str
) -> None:
    with listening(guard_binary, address, "--", "/bin/true") as (guard, connect):
        for _ in range(3):
            with connect() as browser:
                browser.sendall(BROWSERS[what])
                assert_is_closed(browser)
        assert guard.poll() is None
        with connect() as client:
            assert_is_served(client)


def test_a_flood_of_peers_keeps_nobody_out(guard_binary: Path, address: str) -> None:
    with listening(guard_binary, address) as (guard, connect):
        for _ in range(1000):
            with contextlib.suppress(ConnectionError), connect() as peer:
                peer.sendall(b"G")
        assert guard.poll() is None
        with connect() as client:
            assert_is_served(client)


def test_peers_that_drip_keep_nobody_out(guard_binary: Path, tmp_path: Path) -> None:
    path = token_file(tmp_path)
    with listening(guard_binary, "127.0.0.1:0", "--token-file", path) as (_, connect):
        dripping = [connect() for _ in range(80)]
        for letter in TOKEN[:-1]:
            for peer in dripping[-60:]:
                peer.sendall(letter.encode())
        with connect() as client:
            assert_is_served(client, TOKEN.encode() + b"\n")
        for peer in dripping:
            peer.close()


MUCH = b"e8d4a51000"  # 10**12
CLAIMS = {
    "read": b"m400000," + MUCH,
    "write": b"X400000," + MUCH + b":",
    "file": b"vFile:pread:0," + MUCH + b",0",
    "document": b"qXfer:features:read:target.xml:0," + MUCH,
    "offset": b"qXfer:threads:read::" + MUCH + b"," + MUCH,
    "condition": b"Z0,400000,1;X" + MUCH + b",22",
    "search": b"qSearch:memory:400000;" + MUCH + b";aa",
    "sum": b"qCRC:400000," + MUCH,
}


@pytest.mark.parametrize("what", CLAIMS)
def test_a_number_is_not_believed(guard_binary: Path, address: str, what: str) -> None:
    with listening(guard_binary, address, "--", "/bin/true") as (guard, connect):
        with connect() as client:
            payload = CLAIMS[what]
            client.sendall(b"$%b#%02x" % (payload, sum(payload) & 0xFF))
            assert client.recv(2)[:1] == b"+"  # and an answer, of what length it can have
            assert resident(guard.pid) < MOST_RESIDENT
        assert guard.wait(20) is not None


def test_a_packet_without_an_end_is_not_kept(guard_binary: Path, address: str) -> None:
    with listening(guard_binary, address) as (guard, connect):
        with connect() as client:
            assert_is_served(client)
            with contextlib.suppress(ConnectionError, TimeoutError):
                client.sendall(b"$")
                for _ in range(64):
                    client.sendall(b"a" * (1 << 20))
            if guard.poll() is None:
                assert resident(guard.pid) < MOST_RESIDENT
        assert guard.wait(20) is not None


MOST_RESIDENT = 64 << 20


def resident(pid: int) -> int:
    """Bytes of memory that a process has, 0 once it has ended."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
    return 0


def served_as_nobody(connect: Callable[[], socket.socket]) -> bool:
    """Whether a process of another user gets an answer."""
    child = os.fork()
    if child == 0:
        code = 2
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            with connect() as connection:
                connection.sendall(QUESTION)
                code = 0 if connection.recv(1) == b"+" else 1
        except (ConnectionResetError, BrokenPipeError):
            code = 1
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 1)
    return code == 0


def test_other_users_are_no_clients(guard_binary: Path) -> None:
    require("root")
    with listening(guard_binary, "127.0.0.1:0") as (guard, connect):
        assert not served_as_nobody(connect)
        assert guard.poll() is None
        with connect() as client:
            assert_is_served(client)


def test_other_users_of_a_unix_socket_are_no_clients(guard_binary: Path) -> None:
    require("root")
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        path = Path(directory, "guard.sock")
        with listening(guard_binary, f"unix:{path}") as (_, connect):
            assert path.stat().st_mode & 0o777 == 0o600
            path.chmod(0o666)  # even where the file lets them in
            assert not served_as_nobody(connect)
            with connect() as client:
                assert_is_served(client)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("has_silent_peer", [False, True])
def test_a_listening_guard_obeys_signals(
    guard_binary: Path, tmp_path: Path, number: signal.Signals, has_silent_peer: bool
) -> None:
    path = tmp_path / "guard.sock"
    with listening(guard_binary, f"unix:{path}") as (guard, connect):
        peers = [connect()] if has_silent_peer else []
        guard.send_signal(number)
        assert guard.wait(20) == 0
        assert not path.exists()
        for peer in peers:
            peer.close()
