"""Every setting is in the manual, with its default."""

from pathlib import Path

import pytest

from deploy.local.settings import documented


@pytest.mark.parametrize(("name", "default", "doc"), documented())
def test_every_setting_of_the_runner_is_in_the_manual(name, default, doc):
    row = f"| `{name}` | {f'`{default}`' if default else ''} | {doc} |"
    assert row in Path("docs/settings.md").read_text(), "`python -m deploy.local settings` prints the table"
