"""Builders of identity: Acorn, a company with Ada as its administrator, and the colleagues whom a test adds."""

from dataclasses import dataclass
from typing import Any

from crm.identity.v1 import api_key_pb2, session_pb2, team_pb2, tenant_pb2, user_pb2

from chassis.ids import new_id
from chassis.principal import Principal
from chassis.testing import Caller
from services.gateway.identity.user import User

PASSWORD = "correct horse battery staple"


def a_user(**fields: Any) -> User:
    """A user who was not kept anywhere."""
    given = {
        "email": "ada@acorn.example",
        "display_name": "Ada",
        "roles": ["administrator"],
        "disabled": False,
    } | fields
    return User(id=new_id("usr"), tenant_id=new_id("ten"), **given)


@dataclass
class Company:
    """A tenant that a test made, and what is done in it most."""

    door: Any
    gateway: Caller
    tenant: tenant_pb2.Tenant

    @property
    def ada(self) -> Caller:
        """The administrator, signed in."""
        return self.signed_in(self.tenant.administrator_email)

    def sign_in(self, email: str, password: str = PASSWORD, tenant_key: str = "") -> session_pb2.SignInResponse:
        """Begin a session of the user with this address."""
        request = session_pb2.SignInRequest(email=email, password=password, tenant_key=tenant_key)
        return self.gateway.SignIn(request)

    def signed_in(self, email: str) -> Caller:
        """The user with this address, calling as the gateway would sign for."""
        return self.calling(self.sign_in(email).principal)

    def calling(self, found: session_pb2.Principal) -> Caller:
        """Whoever was found, calling."""
        whom = Principal(found.tenant_id, found.user_id, tuple(found.team_ids), dict(found.grants), via=found.via)
        return self.door(whom)

    def authenticate(self, **credential: str) -> session_pb2.Principal:
        """Whom an `api_key` or a `session_token` speaks for."""
        return self.gateway.Authenticate(session_pb2.AuthenticateRequest(**credential))

    def address(self, name: str) -> str:
        """An address at the company."""
        return f"{name}@{self.tenant.key}.example"

    def hire(self, name: str, *roles: str, **fields: Any) -> user_pb2.User:
        """A new user with a password; a sales rep unless roles are named."""
        given = {"email": self.address(name), "display_name": name.title(), "roles": roles or ("sales_rep",)} | fields
        user = self.ada.CreateUser(user_pb2.CreateUserRequest(user=user_pb2.User(**given)))
        return self.ada.SetUserPassword(user_pb2.SetUserPasswordRequest(id=user.id, password=PASSWORD))

    def team(self, name: str, **fields: Any) -> team_pb2.Team:
        """A new team."""
        return self.ada.CreateTeam(team_pb2.CreateTeamRequest(team=team_pb2.Team(name=name, **fields)))

    def key(self, caller: Caller | None = None, **fields: Any) -> api_key_pb2.ApiKey:
        """A new API key, of Ada unless somebody else makes it."""
        given = api_key_pb2.ApiKey(**({"name": "Sync"} | fields))
        return (caller or self.ada).CreateApiKey(api_key_pb2.CreateApiKeyRequest(api_key=given))
