"""Proxies before a platform's API, with the configuration that stands in deploy/, and the platform behind them."""

from __future__ import annotations

import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from tests.parts.gate import TOKEN
from tests.parts.require import CHECKOUT, envoy_path

PROXIES = CHECKOUT / "deploy" / "proxies"


class Platform(ThreadingHTTPServer):
    """The platform's API: whatever gets here is posted."""

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Posting)
        self.posted = 0


class _Posting(BaseHTTPRequestHandler):
    server: Platform

    def do_POST(self) -> None:
        self.server.posted += 1
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def platform(port: int) -> Iterator[Platform]:
    """The platform at a port of this machine."""
    with Platform(port) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def nginx(folder: Path, port: int, gate: int, behind: int) -> Iterator[str]:
    """Debian's nginx with the configuration of deploy/, on spare ports; the address it listens at."""
    (folder / "token.conf").write_text(f'set $firebreak_token "{TOKEN}";')
    site = (PROXIES / "nginx.conf").read_text()
    for of, mine in {"8090": port, "8081": gate, "8091": behind}.items():
        site = site.replace(of, str(mine))
    site = site.replace("/etc/nginx/firebreak-token.conf", str(folder / "token.conf"))
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; "
        f"fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;\n{site}\n}}"
    )
    with _running(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], folder / "nginx.log"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def envoy(folder: Path, port: int, gate: int, behind: int) -> Iterator[str]:
    """Envoy with the filter of deploy/ before the platform, and nothing else; the address it listens at."""
    filter_ = (PROXIES / "envoy.yaml").read_text().replace("PUT-THE-TOKEN-HERE", TOKEN)
    (folder / "envoy.yaml").write_text(yaml.safe_dump(_envoy(yaml.safe_load(filter_), port, gate, behind)))
    program = [str(envoy_path()), "-c", str(folder / "envoy.yaml"), "--log-level", "warn", "--concurrency", "1"]
    with _running([*program, "--use-dynamic-base-id"], folder / "envoy.log"):
        yield f"http://127.0.0.1:{port}"


def post(url: str, **headers: str) -> int:
    """What a program that posts through a proxy gets; it waits until the proxy is there."""
    request = urllib.request.Request(f"{url}/2/tweets", data=b'{"text": "Buy"}', headers=headers, method="POST")
    for _ in range(100):
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return int(response.status)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code
        except urllib.error.URLError:
            time.sleep(0.1)
    raise AssertionError("the proxy does not answer")


@contextmanager
def _running(program: list[str], log: Path) -> Iterator[None]:
    with log.open("wb") as out:
        child = subprocess.Popen(program, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
    try:
        yield
    finally:
        child.terminate()
        child.wait()


def _envoy(filter_: dict[str, Any], port: int, gate: int, behind: int) -> dict[str, Any]:
    types = "type.googleapis.com/envoy.extensions.filters"
    router = {"name": "router", "typed_config": {"@type": f"{types}.http.router.v3.Router"}}
    manager = {
        "@type": f"{types}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "in",
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "platform"}}],
                }
            ]
        },
        "http_filters": [filter_, router],
    }
    listener = {
        "address": _address(port),
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }
    clusters = [_cluster("platform", behind), _cluster("firebreak-gate", gate)]
    return {"static_resources": {"listeners": [listener], "clusters": clusters}}


def _cluster(name: str, port: int) -> dict[str, Any]:
    there = {"endpoint": {"address": _address(port)}}
    assigned = {"cluster_name": name, "endpoints": [{"lb_endpoints": [there]}]}
    return {"name": name, "type": "STATIC", "connect_timeout": "1s", "load_assignment": assigned}


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
