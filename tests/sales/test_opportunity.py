"""The noun: what an opportunity does by itself, without any connection."""

from collections.abc import Iterator

import pytest

from chassis.principal import acting_as
from chassis.refusals import Invalid
from chassis.testing import somebody
from services.sales.refusals import (
    OpportunityAlreadyClosed,
    OpportunityAlreadyOrdered,
    OpportunityNotClosed,
    OpportunityNotWon,
    StageNotOpen,
)
from tests.builders.sales import MORNING, STAGES, an_opportunity, euros

WHOM = somebody("ten_1")


@pytest.fixture(autouse=True)
def _acting() -> Iterator[None]:
    with acting_as(WHOM):
        yield


def told(opportunity: object) -> list[str]:
    return [event.DESCRIPTOR.name for event in opportunity._recorded()]


def test_a_won_opportunity_tells_of_it_with_its_new_state() -> None:
    opportunity = an_opportunity(amount=euros(4821))
    opportunity.win(STAGES["won"], on="2026-03-12", at=MORNING)
    [event] = opportunity._recorded()
    assert event.DESCRIPTOR.name == "OpportunityWon"
    assert (event.opportunity.stage, event.opportunity.close_date) == ("won", "2026-03-12")
    assert event.opportunity.days_to_close == 10
    assert event.opportunity.probability == 100


def test_a_won_opportunity_cannot_be_lost() -> None:
    opportunity = an_opportunity("won", close_date="2026-03-02")
    with pytest.raises(OpportunityAlreadyClosed) as refusal:
        opportunity.lose(STAGES["lost"], on="2026-03-12", at=MORNING)
    assert refusal.value.keywords == {"opportunity": opportunity.id, "stage": "won"}
    assert opportunity.status == "WON"
    assert told(opportunity) == []


def test_a_lost_opportunity_neither_moves_nor_wins() -> None:
    opportunity = an_opportunity("lost")
    with pytest.raises(OpportunityAlreadyClosed):
        opportunity.win(STAGES["won"], on="2026-03-12", at=MORNING)
    with pytest.raises(OpportunityAlreadyClosed):
        opportunity.move(STAGES["negotiation"], at=MORNING)


def test_an_assigned_opportunity_belongs_to_the_new_owners_team() -> None:
    opportunity = an_opportunity(owner_id="usr_1", team_id="team_1")
    opportunity.assign("usr_2", "team_2")
    opportunity.assign("usr_2", "team_2")
    assert (opportunity.owner_id, opportunity.team_id) == ("usr_2", "team_2")
    assert told(opportunity) == ["OpportunityUpdated"]


def test_moving_keeps_the_history_of_stages_and_who_moved_it() -> None:
    opportunity = an_opportunity()
    opportunity.move(STAGES["negotiation"], at=MORNING)
    left, entered = opportunity.stage_history
    assert (left["stage"], left["leave_time"]) == ("prospecting", MORNING)
    assert entered == {"stage": "negotiation", "enter_time": MORNING, "moved_by": WHOM.user_id}
    assert opportunity.forecast_category == "COMMIT"


def test_moving_to_where_it_stands_changes_nothing() -> None:
    opportunity = an_opportunity()
    opportunity.move(STAGES["prospecting"], at=MORNING)
    assert told(opportunity) == []
    assert len(opportunity.stage_history) == 1


def test_a_move_does_not_close() -> None:
    with pytest.raises(StageNotOpen):
        an_opportunity().move(STAGES["won"], at=MORNING)


def test_a_reopened_opportunity_forgets_its_close() -> None:
    opportunity = an_opportunity()
    opportunity.lose(STAGES["lost"], on="2026-03-12", at=MORNING, reason="too dear")
    assert opportunity.last_open_stage() == "prospecting"
    opportunity.reopen(STAGES["prospecting"], at=MORNING)
    assert (opportunity.close_date, opportunity.days_to_close, opportunity.loss_reason) == (None, None, None)
    assert told(opportunity) == ["OpportunityLost", "OpportunityReopened"]


def test_an_open_opportunity_cannot_be_reopened() -> None:
    with pytest.raises(OpportunityNotClosed):
        an_opportunity().reopen(STAGES["prospecting"], at=MORNING)


def test_an_ordered_opportunity_stays_won() -> None:
    opportunity = an_opportunity("won")
    opportunity.order("ord_1")
    with pytest.raises(OpportunityAlreadyOrdered):
        opportunity.reopen(STAGES["prospecting"], at=MORNING)
    with pytest.raises(OpportunityAlreadyOrdered):
        opportunity.order("ord_2")


def test_nothing_is_ordered_from_what_is_not_won() -> None:
    with pytest.raises(OpportunityNotWon):
        an_opportunity().order("ord_1")


def test_a_close_before_the_open_date_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        an_opportunity().win(STAGES["won"], on="2026-03-01", at=MORNING)
    assert [each.field for each in refusal.value.violations] == ["close_date"]
