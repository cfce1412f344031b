"""What a customer is entitled to on a day: pure."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.support.entitlement import claim

DAY = "2026-06-15"
PHONE, ON_SITE = {"key": "phone", "response_minutes": 240}, {"key": "on_site", "response_minutes": 60}
MOWER = {"_id": "ast_1", "install_date": "2026-01-01", "warranty_until": "2026-12-31"}
BLADE = {"_id": "ast_2", "parent_id": "ast_1"}


def contract(id: str = "svc_1", **fields: Any) -> dict[str, Any]:
    return {"_id": id, "name": "Gold", "start_date": "2026-01-01", "entitlements": [PHONE]} | fields


@pytest.mark.parametrize(
    ("contracts", "assets", "expected"),
    [
        ([], [], {"ground": "NONE"}),
        ([contract()], [], {"ground": "CONTRACT", "contract_id": "svc_1"}),
        ([contract(end_date=DAY)], [], {"ground": "CONTRACT", "end_date": DAY}),
        ([contract(end_date="2026-06-14")], [], {"ground": "NONE"}),
        ([contract(start_date="2026-06-16")], [], {"ground": "NONE"}),
        ([contract(asset_ids=["ast_1"])], [], {"ground": "NONE"}),
        ([contract(asset_ids=["ast_1"])], [MOWER], {"ground": "CONTRACT"}),
        ([contract(asset_ids=["ast_1"])], [BLADE, MOWER], {"ground": "CONTRACT"}),
        ([contract(asset_ids=["ast_2"])], [MOWER], {"ground": "WARRANTY", "end_date": "2026-12-31"}),
        ([], [BLADE, MOWER], {"ground": "WARRANTY"}),
        ([], [MOWER | {"warranty_until": "2026-06-14"}], {"ground": "NONE"}),
        ([], [MOWER | {"install_date": "2026-06-16"}], {"ground": "NONE"}),
        ([], [BLADE | {"warranty_until": "2026-01-31"}, MOWER], {"ground": "NONE"}),
    ],
)
def test_a_contract_comes_before_a_warranty_and_both_on_their_days(
    contracts: list[Any], assets: list[Any], expected: dict[str, str]
) -> None:
    found = claim(contracts, assets, DAY)
    assert {name: found.get(name) for name in expected} == expected


@given(st.permutations([
    contract("svc_1"), contract("svc_2", entitlements=[PHONE, ON_SITE]), contract("svc_3", entitlements=[]),
    contract("svc_4", entitlements=[ON_SITE]), contract("svc_5", end_date="2026-01-31", entitlements=[ON_SITE]),
]))  # fmt: skip
def test_the_soonest_answer_is_claimed_in_whatever_order_contracts_are_known(contracts: list[Any]) -> None:
    assert claim(contracts, [], DAY)["contract_id"] == "svc_2"
