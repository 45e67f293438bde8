"""PostgreSQL."""

import contextlib
import os
import pathlib
import pwd
import subprocess

from ports import free_port
from servers import PATIENCE, Backend, Conversation, Process, until


def is_served(client):
    """Whether a client that has said who it is gets to where it may ask, and no error."""
    while True:
        kind, length = client.reader.read(1), int.from_bytes(client.reader.read(4), "big")
        client.reader.read(length - 4)
        if kind in (b"Z", b"E"):
            return kind == b"Z"


class Postgres(Backend):
    name = "postgres"

    def __init__(self, *options):
        super().__init__()
        self.programs = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
        data, port = f"{self.folder.name}/data", free_port()
        user = None
        if os.geteuid() == 0:
            # PostgreSQL does not run as root.
            user = pwd.getpwnam("nobody").pw_uid
            os.chown(self.folder.name, user, -1)
        initialise = [self.programs / "initdb", "--no-sync", "--auth=trust", "--username=postgres", "-D", data]
        subprocess.run(initialise, check=True, stdout=subprocess.DEVNULL, user=user, cwd="/")
        command = [str(self.programs / "postgres"), "-D", data, "-p", str(port), "-k", data, "-c", "max_connections=20"]
        self.processes.append(Process([*command, *options], port, user))
        until("PostgreSQL serves", self.serves)
        self.ask("CREATE ROLE siftd LOGIN; CREATE ROLE crowd LOGIN", database="postgres")
        self.ask("CREATE DATABASE siftd OWNER siftd", database="postgres")
        self.url = f"postgres://siftd@127.0.0.1:{port}/siftd"

    def serves(self):
        ready = [self.programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.processes[0].port)]
        return subprocess.run(ready).returncode == 0

    def psql(self, database="siftd"):
        return [self.programs / "psql", "-X", "-q", "-h", "127.0.0.1", "-p", str(self.processes[0].port), "-U", "postgres",
                "-d", database, "-v", "ON_ERROR_STOP=1"]

    def ask(self, sql, database="siftd"):
        subprocess.run([*self.psql(database), "-c", sql], check=True, stdout=subprocess.DEVNULL, timeout=PATIENCE)

    @contextlib.contextmanager
    def all_places_taken(self):
        """siftd is kept out while others take all places, which alone keeps it out from then on."""
        self.ask("ALTER ROLE siftd CONNECTION LIMIT 0")
        self.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'siftd'")
        startup = b"\0\3\0\0user\0crowd\0database\0postgres\0\0"
        with contextlib.ExitStack() as crowd:
            for _ in range(20):
                client = crowd.enter_context(Conversation(self.processes[0].port))
                client.send((len(startup) + 4).to_bytes(4, "big") + startup)
                if not is_served(client):
                    break
            else:
                raise SystemExit("PostgreSQL takes any number of clients")
            self.ask("ALTER ROLE siftd CONNECTION LIMIT -1")
            yield

    def fill(self):
        self.set_read_only("on")

    def make_room(self):
        self.set_read_only("off")

    def set_read_only(self, on):
        self.ask(f"ALTER SYSTEM SET default_transaction_read_only = {on}")
        self.ask("SELECT pg_reload_conf()")

    @contextlib.contextmanager
    def spoiler(self, generator):
        # One client for all, as each costs PostgreSQL a process.
        client = subprocess.Popen(self.psql(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)

        def spoil(number):
            client.stdin.write(SPOIL_POSTGRES.format(number=number, seed=generator.random()))
            client.stdin.flush()

        yield spoil
        client.stdin.close()
        if client.wait():
            raise SystemExit("psql failed")


SPOIL_POSTGRES = """
SELECT setseed({seed});
WITH chosen AS (SELECT name, hashtext(name || '{seed}') & 3 AS way FROM siftd_entries ORDER BY random() LIMIT {number}),
     gone AS (DELETE FROM siftd_entries USING chosen WHERE siftd_entries.name = chosen.name AND way = 3)
UPDATE siftd_entries SET value = CASE way
    WHEN 0 THEN overlay(value PLACING 'flipped' FROM 21)
    WHEN 1 THEN substr(value, 1, 50)
    ELSE coalesce((SELECT value FROM siftd_entries AS other WHERE other.name > chosen.name LIMIT 1), 'another''s') END
FROM chosen WHERE siftd_entries.name = chosen.name AND way < 3;
"""
