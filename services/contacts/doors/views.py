"""How people look at records: views that they save and share, and lists that they keep."""

from typing import Any

from crm.contacts.v1 import list_pb2, service_pb2_grpc

from chassis import standard
from services.contacts.list import List
from services.contacts.view import View


class ViewsDoor(
    standard(View, List),  # type: ignore[misc]
    service_pb2_grpc.ViewsServiceServicer,
):
    """Answers ViewsService."""

    def AddListMembers(self, request: Any, context: Any) -> Any:
        """On the list."""
        with List.change(request) as members:
            changed = members.add(list(request.member_ids))
        return list_pb2.ListMembersResponse(changed_count=changed)

    def RemoveListMembers(self, request: Any, context: Any) -> Any:
        """Off the list."""
        with List.change(request) as members:
            changed = members.take_off(list(request.member_ids))
        return list_pb2.ListMembersResponse(changed_count=changed)

    def SearchListMembers(self, request: Any, context: Any) -> Any:
        """Those on the list whom the caller may see."""
        return List.find(request.id).members(request)
