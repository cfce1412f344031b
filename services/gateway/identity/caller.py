"""Whom a credential speaks for, as the gateway signs it: the user, the teams in reach, and the grants of the roles."""

from crm.identity.v1 import session_pb2

from chassis import acting_as, of_service
from services.gateway.identity.credential import Credential
from services.gateway.identity.refusals import CredentialUnknown
from services.gateway.identity.role import grants
from services.gateway.identity.team import Team, reach
from services.gateway.identity.tenant import HOME
from services.gateway.identity.user import User


def caller(credential: Credential) -> session_pb2.Principal:
    """The principal of a credential. Refused with CredentialUnknown when its user is shut out or gone."""
    with acting_as(of_service("identity", credential.tenant_id)):
        user = User.objects(id=credential.user_id, disabled__ne=True, deleted_time=None).first()
        if user is None:
            raise CredentialUnknown
        team_ids = reach(user.team_ids, Team.parents()) if user.team_ids else []
    return session_pb2.Principal(
        tenant_id=credential.tenant_id,
        user_id=user.id,
        display_name=user.display_name,
        email=user.email,
        roles=user.roles,
        team_ids=team_ids,
        grants=grants(user.roles, of_operator=credential.tenant_id == HOME),
        via=credential.via,
        credential_id=credential.id,
        csrf_token=credential.csrf_token,
    )
