"""`python -m deploy.local up|down|status|logs|settings`: the suite on one machine."""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from chassis.config import ConfigFault, load
from chassis.embedded import Fault
from deploy.local import claim, report, sample
from deploy.local.settings import LocalSettings, documented
from deploy.local.suite import StopAsked, Suite

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def up(settings: LocalSettings) -> int:
    """Start everything, stay until somebody asks to stop, stop everything."""
    began = time.monotonic()
    state = _state(settings)
    with claim.claimed(state):
        suite = Suite(settings, tell=_tell)
        for each in STOPS:
            signal.signal(each, lambda *_: suite.asked_to_stop.set())
        try:
            suite.start()
            _first_company(suite)
            _tell(report.banner(suite, time.monotonic() - began))
            suite.asked_to_stop.wait()
        except StopAsked:
            pass
        finally:
            _tell("Stopping ...")
            suite.stop()
            _tell("Stopped.")
    return 0


def _state(settings: LocalSettings) -> Path:
    try:
        settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        (settings.state_dir / ".writable").touch()
        (settings.state_dir / ".writable").unlink()
    except OSError as fault:
        raise Fault(
            f"{settings.state_dir.absolute()} cannot be written to ({fault.strerror}): set KITH_STATE_DIR"
        ) from fault
    return settings.state_dir


def _first_company(suite: Suite) -> None:
    """Bring the sample company in, once: whoever deletes it does not get it back."""
    done = suite.state / "sample-loaded"
    if not suite.settings.sample or done.exists():
        return
    try:
        counts = sample.load(suite.url, suite.secrets.api_key.read_text())
    except sample.SampleRefused as refusal:
        _tell(f"The sample company could not be brought in; the next start tries again. {refusal}")
        return
    done.touch()
    _tell(f"The sample company is in: {counts}.")


def down(settings: LocalSettings) -> int:
    """Stop the suite that runs in this state folder."""
    stopped = claim.end_holder(settings.state_dir)
    _tell("Stopped." if stopped else f"No suite runs in {settings.state_dir}.")
    return 0


def status(settings: LocalSettings) -> int:
    """Show what runs; fails when something does not."""
    text, healthy = report.status(settings.state_dir)
    _tell(text)
    return 0 if healthy else 1


def logs(settings: LocalSettings) -> int:
    """Follow all logs until Ctrl-C."""
    files = sorted((settings.state_dir / "logs").glob("*.log"))
    if not files:
        raise Fault(
            f"there are no logs in {settings.state_dir / 'logs'}: `make up` writes them, KITH_STATE_DIR names it"
        )
    os.execvp("tail", ["tail", "-n", "20", "-F", *map(str, files)])  # noqa: S606, S607 - we become tail


def settings_table(_settings: LocalSettings) -> int:
    """Print every setting for the manual."""
    _tell("| setting | default | what it is |\n|---|---|---|")
    for name, default, doc in documented():
        _tell(f"| `{name}` | {f'`{default}`' if default else ''} | {doc} |")
    return 0


def _tell(sentence: str) -> None:
    print(sentence, flush=True)


COMMANDS = {"up": up, "down": down, "status": status, "logs": logs, "settings": settings_table}


def main() -> int:
    """Run one command; faults are told in words."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description="The whole suite on one machine.")
    parser.add_argument("command", choices=COMMANDS)
    command = COMMANDS[parser.parse_args().command]
    try:
        return command(load(LocalSettings))
    except (Fault, ConfigFault, OSError) as fault:
        print(f"Kith cannot {command.__name__}:\n{fault}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
