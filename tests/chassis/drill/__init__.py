"""A service for tests of the chassis, with a contract of its own that is generated when this package is first imported."""

import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

_HERE = Path(__file__).parent


def _generate() -> None:
    made = tempfile.mkdtemp(prefix="kith-drill-")
    site = Path(protoc.__file__).parents[1]
    includes = [_HERE / "protos", _HERE.parents[2] / "protos", site, site / "grpc_tools" / "_proto"]
    files = ["crm/drill/v1/service.proto", "crm/drill/v1/events.proto"]
    options = ["protoc", *(f"-I{path}" for path in includes), f"--python_out={made}", f"--grpc_python_out={made}"]
    assert protoc.main([*options, *files]) == 0
    sys.path.append(made)


_generate()
