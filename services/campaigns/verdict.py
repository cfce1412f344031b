"""Who followed a link: a person, or a scanner that opens every link of a mail before the person sees it.

A verdict names its reasons. One hit says little, so hits that come together are looked at again: three different links within
two seconds are no reading, and the earlier ones are taken back.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

HUMAN, BOT = "HUMAN", "BOT"
AT_ONCE, BURST, BURST_LINKS = timedelta(seconds=2), timedelta(seconds=2), 3
# Programs that say what they are: crawlers, libraries, and the link checkers of mail gateways.
_PROGRAM = re.compile(
    r"bot\b|crawl|spider|slurp|preview|scanner|urlscan|linkcheck|monitor|curl/|wget/|python-|go-http-client|okhttp|java/|libwww"
    r"|headless|phantomjs|barracuda|proofpoint|mimecast|symantec|fortiguard|safelinks|trustwave|bitdefender|ggpht",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Hit:
    """One time that a link was followed."""

    link: int
    time: datetime
    method: str = "GET"
    user_agent: str = ""
    purpose: str = ""


def verdict(hit: Hit, sent: datetime | None, before: Iterable[Hit] = ()) -> tuple[str, list[str]]:
    """HUMAN or BOT, and why. `sent` is when the mail was handed over, `before` the earlier hits of the same mail."""
    reasons = []
    if hit.method == "HEAD":
        reasons.append("head_request")
    if "prefetch" in hit.purpose.lower() or "preview" in hit.purpose.lower():
        reasons.append("prefetch")
    if not hit.user_agent or _PROGRAM.search(hit.user_agent):
        reasons.append("program")
    if sent is not None and hit.time - sent < AT_ONCE:
        reasons.append("at_once")
    if len({each.link for each in burst(hit, before)} | {hit.link}) >= BURST_LINKS:
        reasons.append("burst")
    return (BOT if reasons else HUMAN), reasons


def burst(hit: Hit, before: Iterable[Hit]) -> list[Hit]:
    """The earlier hits that came together with this one."""
    return [each for each in before if timedelta(0) <= hit.time - each.time <= BURST]
