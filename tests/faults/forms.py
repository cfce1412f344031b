"""The story of visitors of a web form: it is shown to some, they fill it in, and each becomes a lead, once."""

import time
from urllib.parse import urlencode

from tests.faults.diary import Diary
from tests.faults.findings import Findings, once
from tests.faults.oracle import Oracle
from tests.rest import Client

_VISITORS, _SECONDS = 4, 1.1  # who fill the form in side by side; a little longer than the form's minimum


class Forms:
    """Tells the story, and knows what it must have left in campaigns and contacts."""

    def __init__(self, diary: Diary) -> None:
        self._diary = diary
        self._sent: list[str] = []  # addresses of visitors who were thanked

    def prepare(self, api: Client) -> None:
        """Publish the form."""
        fields = [{"key": "given_name"}, {"key": "email", "kind": "EMAIL", "required": True}]
        form = {"name": "Ask us", "fields": [{**each, "label": each["key"]} for each in fields], "minimum_seconds": 1}
        self._form = self._diary.write(api, "/v1/web-forms", form)["id"]

    def tell(self, api: Client, name: str) -> None:
        """A few visitors, one of them with an impatient finger."""
        tokens = [self._insist(api, "GET", f"/f/{self._form}/token").body["token"] for _ in range(_VISITORS)]
        time.sleep(_SECONDS)
        for number, token in enumerate(tokens):
            address = f"{name}-{number}@forms.{self._diary.mark}.example"
            body = urlencode({"given_name": name, "email": address, "_token": token}).encode()
            for _ in range(2 if number == 0 else 1):
                self._insist(api, "POST", f"/f/{self._form}", body, Content_Type="application/x-www-form-urlencoded")
            self._sent.append(address)

    def _insist(self, api: Client, method: str, path: str, body: bytes | None = None, **headers: str):
        answer = api.insist(method, path, body, seconds=self._diary.patience, **headers)
        assert answer.acknowledged, f"{method} {path}: {answer.status} {answer.content[-300:]!r}"
        return answer

    def judge(self, oracle: Oracle, findings: Findings) -> None:
        """One submission and one lead for each visitor."""
        of_forms = {"$regex": f"@forms\\.{self._diary.mark}\\."}
        submissions = oracle.counts("campaigns", "submissions", "answers.email", form_id=self._form)
        findings.compare("forms", once(self._sent), submissions)
        findings.compare(
            "leads of forms", once(self._sent), oracle.counts("contacts", "leads", "email", email=of_forms)
        )
