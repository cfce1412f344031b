"""The door of identity: the standard methods of its nouns, their verbs, and the gateway's questions who somebody is."""

from typing import Any

from crm.identity.v1 import role_pb2, service_pb2_grpc, session_pb2

from chassis import Invalid, NotFound, acting_as, new_id, of_service, principal, standard, verbs
from services.gateway.identity import password, session, throttle
from services.gateway.identity.api_key import ApiKey
from services.gateway.identity.caller import caller
from services.gateway.identity.credential import Credential
from services.gateway.identity.refusals import PasswordWrong
from services.gateway.identity.role import ROLES, told
from services.gateway.identity.sign_in import sign_in
from services.gateway.identity.team import Team
from services.gateway.identity.tenant import HOME, Tenant
from services.gateway.identity.user import User

_PAGE = 50  # roles, where nothing is said


class Identity(
    standard(Tenant, User, Team, ApiKey),  # type: ignore[misc]
    verbs(User, "disable", "enable"),  # type: ignore[misc]
    service_pb2_grpc.IdentityServiceServicer,
):
    """Who works with the suite, in which tenant and team, and what they may do."""

    # ---------------------------------------------------------------- tenants

    def CreateTenant(self, request: Any, context: Any) -> Any:
        """A company with its first administrator."""
        if not request.tenant.administrator_password:
            raise Invalid.field("tenant.administrator_password", "is required")
        with acting_as(of_service("identity", new_id("ten"))):
            return Tenant.open(request.tenant, request.tenant.administrator_password).message()

    def UpdateTenant(self, request: Any, context: Any) -> Any:
        """What happens to a tenant is told to that tenant, not to the operator's."""
        with acting_as(of_service("identity", request.tenant.id)):
            return super().UpdateTenant(request, context)

    # ---------------------------------------------------------------- users

    def SetUserPassword(self, request: Any, context: Any) -> Any:
        """A new one, which ends every session and key of the user."""
        with User.change(request) as user:
            if user.id == principal().user_id:
                _prove(user, request.current_password)
            user.change_password()
        password.keep(user.tenant_id, user.id, request.password)
        user.end_credentials()
        return user.message()

    # ---------------------------------------------------------------- roles

    def GetRole(self, request: Any, context: Any) -> Any:
        """One role, with what it permits in the caller's tenant."""
        if request.id not in ROLES:
            raise NotFound(noun="role", id=request.id)
        return _told(request.id)

    def ListRoles(self, request: Any, context: Any) -> Any:
        """The roles, in the order of their table."""
        ids = list(ROLES)
        if request.page_token and request.page_token not in ids:
            raise Invalid.field("page_token", "is not from this list: take it from the page before")
        start = ids.index(request.page_token) if request.page_token else 0
        end = start + (request.page_size or _PAGE)
        return role_pb2.ListRolesResponse(roles=map(_told, ids[start:end]), next_page_token="".join(ids[end : end + 1]))

    # ---------------------------------------------------------------- keys

    def CreateApiKey(self, request: Any, context: Any) -> Any:
        """A key, answered once."""
        if request.api_key.user_id:
            User.find(request.api_key.user_id)
        return ApiKey.create(request.api_key).shown()

    # ---------------------------------------------------------------- who is it

    def GetMe(self, request: Any, context: Any) -> Any:
        """Who the caller is."""
        whom = principal()
        return caller(Credential(id="", tenant_id=whom.tenant_id, user_id=whom.user_id, via=whom.via))

    def Authenticate(self, request: Any, context: Any) -> Any:
        """Who a key or a session speaks for."""
        if request.api_key:
            return caller(ApiKey.recognise(request.api_key))
        return caller(session.recognise(request.session_token))

    def SignIn(self, request: Any, context: Any) -> Any:
        """A session, for the right password."""
        token, credential, ends = sign_in(request.email, request.password, request.tenant_key)
        return session_pb2.SignInResponse(session_token=token, principal=caller(credential), expire_time=ends)

    def SignOut(self, request: Any, context: Any) -> Any:
        """No session any more."""
        session.end(request.session_token)
        return session_pb2.SignOutResponse()


def _told(id: str) -> role_pb2.Role:
    return told(id, of_operator=principal().tenant_id == HOME)


def _prove(user: User, present: str) -> None:
    """Have users who set their own password show the present one: an open session alone must not take an account over."""
    throttle.admit(user.id)
    if not password.proves(user.tenant_id, user.id, present):
        raise PasswordWrong
    throttle.forgive(user.id)
