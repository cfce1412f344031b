"""What the runner says on the terminal, and the credentials that it leaves in a file."""

import json
import shlex
from pathlib import Path

from chassis.embedded import place
from deploy.local import claim
from deploy.local.suite import Suite


def credentials(suite: Suite) -> dict[str, str]:
    """Where the suite is and the first sign-in, also written to `<state>/credentials.json`, and for shells to
    `<state>/credentials.sh`; only their owner may read them. What is not there is empty.
    """
    entries = {
        "url": suite.url,
        "email": suite.settings.email,
        "password": suite.secrets.password.read_text(),
        "api_key": suite.secrets.api_key.read_text(),
        "mail_in": suite.mail_in,
        "mail_out": suite.mail_out,
    }
    place.write_private(suite.state / "credentials.json", json.dumps(entries, indent=2) + "\n")
    lines = [f"{name.upper()}={shlex.quote(value)}\n" for name, value in entries.items()]
    place.write_private(suite.state / "credentials.sh", "".join(lines))
    return entries


def banner(suite: Suite, seconds: float) -> str:
    """What a person needs to begin with."""
    entries = credentials(suite)
    return f"""
Kith is ready after {seconds:.1f} s.

  Address   {entries["url"]}
  Sign in   {entries["email"]}  {entries["password"]}
  API key   {entries["api_key"]}

{_of_mail(entries)}
  curl -H "Authorization: Bearer {entries["api_key"]}" {entries["url"]}/v1/opportunities

The same stands in {suite.settings.state_dir / "credentials.json"}. Ctrl-C stops everything."""


def _of_mail(entries: dict[str, str]) -> str:
    told = (("Mail in", entries["mail_in"]), ("Mail out", entries["mail_out"]))
    return "".join(f"  {name:10}{address}\n" for name, address in told if address)


def status(state: Path) -> tuple[str, bool]:
    """A table of the running processes, and whether all of them run."""
    pid = claim.holder(state)
    if not pid or not (state / "suite.json").exists():
        return f"No suite runs in {state}.", False
    noted = json.loads((state / "suite.json").read_text())
    lines, healthy = [f"{'process':14}{'pid':>8}{'restarts':>10}{'memory':>10}"], True
    for row in noted["processes"]:
        memory = _memory(row["pid"])
        healthy = healthy and memory is not None
        shown = "gone" if memory is None else f"{memory} MB"
        lines.append(f"{row['name']:14}{row['pid']:>8}{row['restarts']:>10}{shown:>10}")
    return "\n".join([f"{noted['url']}, runner {pid}, state in {state}", *lines]), healthy


def _memory(pid: int) -> int | None:
    """Resident memory of a process and its children in MB; None when it is gone. 0 where /proc does not tell."""
    if not Path("/proc/self/status").exists():
        return 0
    try:
        fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return None
    own = int(fields["VmRSS"].split()[0]) // 1024 if "VmRSS" in fields else 0
    return own + sum(_memory(int(child)) or 0 for child in children)
