"""The first start: the operator's tenant with its administrator and, where one is given, its API key.

It happens once, whoever starts how often: the tenant's id is fixed, so of racing processes one makes it and the others find it.
"""

from dataclasses import dataclass

from crm.identity.v1 import tenant_pb2

from chassis import acting_as, config, of_service, transaction
from services.gateway.identity import api_key, password, session, tenant, throttle
from services.gateway.identity.api_key import ApiKey
from services.gateway.identity.secret import Key
from services.gateway.identity.tenant import HOME, Tenant
from services.gateway.identity.user import User, normalised


@dataclass(frozen=True)
class IdentitySettings(config.ServiceSettings):
    """What the identity process reads beside what every service does."""

    bootstrap_email: str = config.setting(
        "KITH_BOOTSTRAP_EMAIL", "address of the first administrator, taken at the first start", default=""
    )
    bootstrap_password: str = config.setting(
        "KITH_BOOTSTRAP_PASSWORD", "password of the first administrator, 12 to 200 characters", default=""
    )
    bootstrap_api_key: Key | None = config.setting(
        "KITH_BOOTSTRAP_API_KEY", "API key of the first administrator, `kith_…`", default=None, parse=Key.read
    )
    bootstrap_company: str = config.setting("KITH_BOOTSTRAP_COMPANY", "name of the first tenant", default="Home")

    def __post_init__(self) -> None:
        if self.bootstrap_email and not 12 <= len(self.bootstrap_password) <= 200:
            raise config.ConfigFault(
                ["KITH_BOOTSTRAP_PASSWORD has not 12 to 200 characters, and KITH_BOOTSTRAP_EMAIL is set"]
            )


def prepare(settings: IdentitySettings) -> None:
    """Make what the process needs before it serves."""
    for room in (tenant, session, api_key, password, throttle):
        room.prepare()
    if settings.bootstrap_email:
        transaction.run(lambda: _open_home(settings))


def _open_home(settings: IdentitySettings) -> None:
    with acting_as(of_service("identity", HOME)):
        if Tenant.objects(id=HOME).first():
            return
        home = tenant_pb2.Tenant(
            name=settings.bootstrap_company, key="home", administrator_email=settings.bootstrap_email
        )
        Tenant.open(home, settings.bootstrap_password)
        if settings.bootstrap_api_key:
            administrator = User.objects(email=normalised(settings.bootstrap_email)).first()
            api_key = ApiKey.fresh(name="First key", user_id=administrator.id)
            api_key.hold(settings.bootstrap_api_key)
            api_key.enter()
