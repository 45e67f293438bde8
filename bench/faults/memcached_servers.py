"""Three memcached."""

import contextlib
import time
from urllib.parse import unquote_to_bytes

from ports import free_port
from servers import Backend, Conversation, Process


class MemcachedClient(Conversation):
    """Reads and changes items."""

    last = None

    def names(self):
        """Of all items; none while the server is looking through them already."""
        self.send(b"lru_crawler metadump all\r\n")
        names = []
        while (line := self.line()).startswith(b"key="):
            names.append(unquote_to_bytes(line.split()[0].removeprefix(b"key=")))
        return names

    def item(self, name):
        """Its bytes; none if it is gone."""
        self.send(b"mg %s v\r\n" % name)
        words = self.line().split()
        if words[0] != b"VA":
            return None
        return self.reader.read(int(words[1]) + 2)[:-2]

    def put(self, name, value):
        self.send(b"ms %s %d\r\n%s\r\n" % (name, len(value), value))
        self.line()

    def spoil(self, name, generator):
        value, way = self.item(name), generator.randrange(4)
        if value is None:
            return
        if way == 0:
            self.put(name, value[:20] + b"flipped" + value[27:])
        elif way == 1:
            self.put(name, value[:50])
        elif way == 2:
            self.put(name, self.last or b"another's")
        else:
            self.send(b"md %s\r\n" % name)
            self.line()
        self.last = value


class Memcached(Backend):
    name = "memcached"

    # Clients at a time.
    PLACES = 60

    def __init__(self, *options):
        super().__init__()
        for _ in range(3):
            port = free_port()
            command = ["memcached", "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-u", "nobody", "-m", "256",
                       "-c", str(self.PLACES)]
            self.processes.append(Process([*command, *options], port))
        self.url = "memcached://" + ",".join(f"127.0.0.1:{process.port}" for process in self.processes)

    @contextlib.contextmanager
    def all_places_taken(self):
        """One server is started again, and a crowd is there before siftd, whose probe comes every 2 s by then."""
        server = self.processes[0]
        server.kill()
        time.sleep(2)
        server.start()
        with contextlib.ExitStack() as crowd:
            for _ in range(self.PLACES):
                client = crowd.enter_context(Conversation(server.port))
                client.send(b"mn\r\n")
                if not client.line().startswith(b"MN"):
                    break
            else:
                raise SystemExit("memcached takes any number of clients")
            yield

    def tell(self, command, reply):
        for process in self.processes:
            with Conversation(process.port) as server:
                server.send(command + b"\r\n")
                answer = server.line()
                if answer != reply + b"\r\n":
                    raise SystemExit(f"memcached answers {answer} to {command}")

    def shrink(self):
        self.tell(b"cache_memlimit 8", b"OK")

    def make_room(self):
        self.tell(b"cache_memlimit 256", b"OK")

    def evictions(self):
        return sum(self.statistic(process, b"evictions") for process in self.processes)

    def statistic(self, process, name):
        with Conversation(process.port) as server:
            server.send(b"stats\r\n")
            lines = iter(server.line, b"END\r\n")
            return next(int(words[2]) for words in map(bytes.split, list(lines)) if words[1] == name)

    @contextlib.contextmanager
    def spoiler(self, generator):
        with contextlib.ExitStack() as open_ones:
            servers = [open_ones.enter_context(MemcachedClient(process.port)) for process in self.processes]
            waiting = {server: [] for server in servers}

            def spoil(number):
                for server in servers:
                    names = waiting[server]
                    if len(names) < number:
                        names[:] = server.names()
                        generator.shuffle(names)
                    for _ in range(min(number // len(servers), len(names))):
                        server.spoil(names.pop(), generator)

            yield spoil


class FullMemcached(Memcached):
    """`-M`: without room it refuses, and evicts nothing."""

    def __init__(self):
        super().__init__("-M")

    fill = Memcached.shrink
