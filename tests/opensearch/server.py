"""A real OpenSearch for tests: fetched once, started when one needs it, killed when one wants."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final

VERSION: Final = "3.8.0"
HERE: Final = Path(__file__).parent
CACHE: Final = HERE.parent.parent / ".cache" / "opensearch"

_FETCH_S: Final = 300
_START_S: Final = 100
_UNPRIVILEGED: Final = 65534
_SETTINGS: Final = """
cluster.name: taskledger-tests
node.name: node
path.data: {run}/data
path.logs: {run}/logs
network.host: 127.0.0.1
http.port: {port}
transport.port: 0
discovery.type: single-node
cluster.routing.allocation.disk.threshold_enabled: false
action.auto_create_index: false
"""


class Unavailable(Exception):
    """Why there is no server on this machine."""


def java_home() -> Path:
    """Raises Unavailable."""
    script = ["sh", str(HERE / "find_java.sh")]
    found = subprocess.run(script, capture_output=True, text=True, check=False)
    if found.returncode:
        raise Unavailable("there is no Java runtime of version 21 or newer")
    return Path(found.stdout.strip())


def distribution() -> Path:
    """The unpacked server, fetched where it is not there yet. Raises Unavailable."""
    home = CACHE / f"opensearch-{VERSION}"
    if home.exists():
        return home
    maven = shutil.which("mvn")
    if maven is None:
        raise Unavailable("the server is not fetched yet, and there is no Maven to fetch it")
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as made:
        command = [maven, "--quiet", "--batch-mode", "--file", str(HERE / "pom.xml")]
        command += ["generate-resources", f"-Dopensearch.version={VERSION}", f"-Ddist.dir={made}"]
        try:
            fetched = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=_FETCH_S
            )
        except subprocess.TimeoutExpired as late:
            raise Unavailable(f"the server was not fetched within {_FETCH_S} s") from late
        if fetched.returncode:
            raise Unavailable(f"Maven could not fetch the server: {fetched.stdout[-500:]}")
        unpacked = Path(made) / home.name
        for empty in ("plugins", "logs"):
            # Which some versions of what unpacks it leave out, and the server cannot make.
            (unpacked / empty).mkdir(exist_ok=True)
        # Its folder of settings is for its owner alone, and it runs as somebody else.
        subprocess.run(["chmod", "-R", "a+rX", str(unpacked)], check=True)
        try:
            unpacked.rename(home)
        except OSError:  # another run was quicker
            if not home.exists():
                raise
    return home


class OpenSearchServer:
    """One node on a port of its own. Killed and started again it has the same indexes. For a test
    it is to start soon; `measured`: it is to be as quick as it can be once it runs."""

    def __init__(self, *, measured: bool = False) -> None:
        self._measured = measured
        self._java = java_home()
        self._home = distribution()
        self._run = Path(tempfile.mkdtemp(prefix="taskledger-opensearch-"))
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("conf", "data", "logs", "tmp"):
            (self._run / name).mkdir()
        settings = _SETTINGS.format(run=self._run, port=self.port)
        (self._run / "conf" / "opensearch.yml").write_text(settings)
        shutil.copy(self._home / "config" / "log4j2.properties", self._run / "conf")
        if os.getuid() == 0:
            for path in (self._run, *self._run.rglob("*")):
                os.chown(path, _UNPRIVILEGED, _UNPRIVILEGED)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def folder(self) -> Path:
        """All that it writes is in it."""
        return self._run

    def start(self) -> None:
        """Until it can be used. Raises Unavailable."""
        with (self._run / "output.log").open("ab") as output:
            self._process = subprocess.Popen(
                self._command(), cwd=self._home, stdout=output, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + _START_S
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = (self._run / "output.log").read_text(errors="replace")[-800:]
                raise Unavailable(f"the server did not start: {said}")
            time.sleep(0.1)

    def kill(self) -> None:
        """As a power failure would end it."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """For good, with all that it has."""
        self._end(signal.SIGKILL)
        shutil.rmtree(self._run, ignore_errors=True)

    def ask(self, method: str, path: str, body: object = None) -> object:
        """What the server itself answers."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, data, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait()

    def _is_ready(self) -> bool:
        try:
            self.ask("GET", "/_cluster/health?wait_for_status=yellow&timeout=1s")
        except (OSError, urllib.error.URLError):
            return False
        return True

    def _command(self) -> list[str]:
        """The server's own main class: its script would run several helpers before it. Compiled
        in one tier, which halves the work of the start, unless it is measured."""
        run, home = self._run, self._home
        heap = ("-Xms2g", "-Xmx2g") if self._measured else ("-Xms512m", "-Xmx512m")
        compiled = () if self._measured else ("-XX:TieredStopAtLevel=1",)
        way = ["setpriv", "--pdeathsig", "KILL"]
        if os.getuid() == 0:
            way += [f"--reuid={_UNPRIVILEGED}", f"--regid={_UNPRIVILEGED}", "--clear-groups"]
        return [
            *way,
            str(self._java / "bin" / "java"),
            *(*heap, "-Xss1m", "-XX:+UseSerialGC", *compiled),
            *("-XX:+ExitOnOutOfMemoryError", "-XX:-UsePerfData"),
            f"-Djava.io.tmpdir={run}/tmp",
            *("-Djava.awt.headless=true", "-Dfile.encoding=UTF-8", "-Djna.nosys=true"),
            *("-Djava.locale.providers=SPI,CLDR", "-Dio.netty.noUnsafe=true"),
            *("-Dlog4j.shutdownHookEnabled=false", "-Dlog4j2.disable.jmx=true"),
            "-Dorg.apache.lucene.store.MMapDirectory.sharedArenaMaxPermits=1",
            "--add-modules=jdk.incubator.vector",
            "--add-opens=java.base/java.nio=ALL-UNNAMED",
            "--enable-native-access=ALL-UNNAMED",
            f"-javaagent:{home}/agent/opensearch-agent.jar",
            f"-Dopensearch.path.home={home}",
            f"-Dopensearch.path.conf={run}/conf",
            *("-Dopensearch.distribution.type=zip", "-Dopensearch.bundled_jdk=false"),
            *("-cp", f"{home}/lib/*", "org.opensearch.bootstrap.OpenSearch"),
        ]
