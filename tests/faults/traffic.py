"""All that a suite does on a busy day: customers, writers of mails, visitors of forms, and always a campaign."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from tests.campaigns.sink import Sink
from tests.faults import laws
from tests.faults.correspondence import Correspondence
from tests.faults.crowd import at_work
from tests.faults.diary import Diary
from tests.faults.findings import Findings
from tests.faults.forms import Forms
from tests.faults.mailing import Mailing
from tests.faults.oracle import eventually, looking
from tests.faults.posts import Posts
from tests.faults.storm import let_lapse
from tests.faults.trade import Trade
from tests.rest import Client
from tests.suite import Suite


class Traffic:
    """The load, and the judgement of what it left."""

    def __init__(self, suite: Suite, sink: Sink, *, people: int, patience: float = 30.0) -> None:
        self.diary = Diary(patience)
        self._suite, self._sink = suite, sink
        self._trade, self._forms = Trade(self.diary), Forms(self.diary)
        self._correspondence, self._mailing = Correspondence(suite, self.diary), Mailing(sink, self.diary, people)

    def prepare(self) -> None:
        """Make what the stories need: a mailbox, a form, an audience."""
        with Client(self._suite.url, self._suite.api_key) as api:
            for part in (self._correspondence, self._forms, self._mailing):
                part.prepare(api)

    @contextmanager
    def flowing(self, customers: int = 4, writers: int = 2, visitors: int = 1) -> Iterator[None]:
        """Traffic for the length of the block, with one campaign after the other."""
        stories = [self._trade.tell] * customers + [self._correspondence.tell] * writers + [self._forms.tell] * visitors
        with at_work(self._suite, [*stories, self._mailing.tell], self.diary.faults):
            yield

    def wait_drained(self, deaths: Mapping[str, datetime], seconds: float = 60.0) -> float:
        """Wait until nothing is under way; how many seconds that took. Raises AssertionError with what still is."""
        began = time.monotonic()
        let_lapse(self._suite, deaths)
        with looking(self._suite) as oracle:

            def nothing_is_under_way() -> None:
                self._correspondence.under_way(oracle)
                self._trade.under_way(oracle)
                self._mailing.under_way(oracle)
                laws.under_way(oracle)

            eventually(nothing_is_under_way, seconds)
        return time.monotonic() - began

    def findings(self) -> Findings:
        """Compare everything that was acknowledged with everything that is there."""
        findings, posts = Findings(), Posts(self._sink)
        with looking(self._suite) as oracle:
            self._trade.judge(oracle, posts, findings)
            self._correspondence.judge(oracle, findings)
            self._forms.judge(oracle, findings)
            self._mailing.judge(oracle, posts, findings)
            laws.judge(oracle, findings)
        posts.judge_strays(findings)
        return findings
