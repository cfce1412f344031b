"""The door of contacts: load, one verb, answer."""

from typing import Any

from crm.contacts.v1 import (
    annotation_pb2,
    attachment_pb2,
    document_pb2,
    list_pb2,
    service_pb2_grpc,
    share_link_pb2,
    territory_pb2,
)

from chassis import batch, bytes_of, disclosure_rpc, file_rpcs, job_verbs, standard, today
from services.contacts import duplicate, reassignment
from services.contacts.account import Account
from services.contacts.annotation import Annotation
from services.contacts.association import Association, AssociationLabel
from services.contacts.attachment import Attachment, record_of
from services.contacts.contact import Contact
from services.contacts.conversion import convert
from services.contacts.disclosure import Disclosure, known
from services.contacts.document import Document
from services.contacts.document_revision import DocumentRevision
from services.contacts.duplicate_rule import DuplicateRule
from services.contacts.erasure import Erasure
from services.contacts.exports import Export
from services.contacts.file import File
from services.contacts.finding import Need, Preference
from services.contacts.imports import Import
from services.contacts.installed import Asset, ServiceContract
from services.contacts.interaction import Interaction
from services.contacts.lead import Lead
from services.contacts.list import List
from services.contacts.merge import Merge
from services.contacts.object_definition import ObjectDefinition
from services.contacts.purchase import Purchase
from services.contacts.record import Record, keyed
from services.contacts.share_link import FETCHED, DocumentView, ShareLink, let_in
from services.contacts.territory import Territory
from services.contacts.view import View

_DOCUMENTS = (Document, DocumentRevision, Annotation, ShareLink, DocumentView)
_NOUNS = (
    Account, Contact, Lead, Interaction, AssociationLabel, Association, Territory, DuplicateRule, Merge, Purchase,
    Need, Preference, Asset, ServiceContract, View, List, ObjectDefinition, Erasure, Disclosure,
    File, Import, Export, Attachment, *_DOCUMENTS,
)  # fmt: skip
_DISCLOSING = disclosure_rpc("Contacts", known)
_RPCS = (keyed(standard(Record)), standard(*_NOUNS), file_rpcs(File), job_verbs(Import, Export), _DISCLOSING)


class Contacts(
    *_RPCS,  # type: ignore[misc]
    service_pb2_grpc.ContactsServiceServicer,
    service_pb2_grpc.AssociationsServiceServicer,
    service_pb2_grpc.TerritoriesServiceServicer,
    service_pb2_grpc.DuplicatesServiceServicer,
    service_pb2_grpc.ObjectsServiceServicer,
    service_pb2_grpc.ViewsServiceServicer,
    service_pb2_grpc.CustomersServiceServicer,
    service_pb2_grpc.FilesServiceServicer,
    service_pb2_grpc.InstalledBaseServiceServicer,
    service_pb2_grpc.PrivacyServiceServicer,
    service_pb2_grpc.DocumentsServiceServicer,
):
    """Who our customers are, what happened between us, how users see it, and how it comes in and goes out."""

    nouns = (*_NOUNS, Record)

    def WorkLead(self, request: Any, context: Any) -> Any:
        """Somebody is in touch."""
        with Lead.change(request) as lead:
            lead.work()
        return lead.message()

    def QualifyLead(self, request: Any, context: Any) -> Any:
        """Fit for a sale."""
        with Lead.change(request) as lead:
            lead.qualify()
        return lead.message()

    def DisqualifyLead(self, request: Any, context: Any) -> Any:
        """Not fit for a sale."""
        with Lead.change(request) as lead:
            lead.disqualify(request.reason)
        return lead.message()

    def ReopenLead(self, request: Any, context: Any) -> Any:
        """Taken up again."""
        with Lead.change(request) as lead:
            lead.reopen()
        return lead.message()

    def ConvertLead(self, request: Any, context: Any) -> Any:
        """Become an account, a contact and an opportunity; what has become so stays so."""
        with Lead.change(request) as lead:
            if not lead.converted:
                convert(lead, request)
        return lead.message()

    def ValidateImport(self, request: Any, context: Any) -> Any:
        """Try it."""
        with Import.change(request) as import_:
            import_.try_out()
        return import_.message()

    def StartImport(self, request: Any, context: Any) -> Any:
        """Do it."""
        with Import.change(request) as import_:
            import_.start()
        return import_.message()

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

    def ListAccountTimeline(self, request: Any, context: Any) -> Any:
        """What happened with an account that the caller may see."""
        Account.demand(request.id)
        return Interaction.timeline("account_ids", request)

    def ListContactTimeline(self, request: Any, context: Any) -> Any:
        """What happened with a contact that the caller may see."""
        Contact.demand(request.id)
        return Interaction.timeline("contact_ids", request)

    def EndAssociation(self, request: Any, context: Any) -> Any:
        """No more from a day on."""
        with Association.change(request) as association:
            association.end(request.until_date or today())
        return association.message()

    def ListTerritoryMembers(self, request: Any, context: Any) -> Any:
        """Who works there on a day."""
        members = Territory.find(request.id).members_on(request.on_date or today())
        return territory_pb2.ListTerritoryMembersResponse(members=members)

    def ExplainTerritory(self, request: Any, context: Any) -> Any:
        """Which rule wins."""
        return reassignment.explain(request.record_id)

    def AssignTerritories(self, request: Any, context: Any) -> Any:
        """To whom the rules say."""
        answer = territory_pb2.AssignTerritoriesResponse()
        return batch(answer, request.items, reassignment.assign, rpc="AssignTerritories")

    def PreviewReassignment(self, request: Any, context: Any) -> Any:
        """What it would be."""
        return reassignment.preview(request)

    def ReassignRecords(self, request: Any, context: Any) -> Any:
        """A step of it."""
        return reassignment.reassign(request)

    def FindAccountDuplicates(self, request: Any, context: Any) -> Any:
        """Accounts that may be the same."""
        return duplicate.find(Account, request)

    def FindContactDuplicates(self, request: Any, context: Any) -> Any:
        """Contacts that may be the same."""
        return duplicate.find(Contact, request)

    def FindLeadDuplicates(self, request: Any, context: Any) -> Any:
        """Leads that may be the same."""
        return duplicate.find(Lead, request)

    def MergeAccounts(self, request: Any, context: Any) -> Any:
        """Become one."""
        return Account.merge(request).message()

    def UnmergeAccounts(self, request: Any, context: Any) -> Any:
        """Parted again."""
        return Account.unmerge(request).message()

    def MergeContacts(self, request: Any, context: Any) -> Any:
        """Become one."""
        return Contact.merge(request).message()

    def UnmergeContacts(self, request: Any, context: Any) -> Any:
        """Parted again."""
        return Contact.unmerge(request).message()

    def MergeLeads(self, request: Any, context: Any) -> Any:
        """Become one."""
        return Lead.merge(request).message()

    def UnmergeLeads(self, request: Any, context: Any) -> Any:
        """Parted again."""
        return Lead.unmerge(request).message()
        return Interaction.timeline("contact_ids", Contact.find(request.id).id, request)

    def ListAccountPurchases(self, request: Any, context: Any) -> Any:
        """What an account that the caller may see has bought."""
        return Purchase.of("account_id", Account.find(request.id).id, request)

    def ListContactPurchases(self, request: Any, context: Any) -> Any:
        """What a contact that the caller may see has bought."""
        return Purchase.of("contact_ids", Contact.find(request.id).id, request)

    def CreateErasure(self, request: Any, context: Any) -> Any:
        """A person is to be forgotten."""
        return Erasure.asked(request.erasure).message()

    def CreateDisclosure(self, request: Any, context: Any) -> Any:
        """Somebody asks what we know."""
        return Disclosure.asked(request.disclosure).message()

    def DescribeSubject(self, request: Any, context: Any) -> Any:
        """Of whom."""
        return Disclosure.find(request.id).subject()

    def ListAttachments(self, request: Any, context: Any) -> Any:
        """The files on a record that the caller may see."""
        record = record_of(request.record_id, "read")
        return Attachment.page_of("record_id", record.id, request, attachment_pb2.ListAttachmentsResponse)

    def DownloadAttachment(self, request: Any, context: Any) -> Any:
        """The bytes of a file on a record that the caller may see."""
        attachment = Attachment.find(request.id)
        return bytes_of(attachment.file(), context, attachment.name)

    def ReviseDocument(self, request: Any, context: Any) -> Any:
        """A new revision, as long as nobody wrote another one meanwhile."""
        with Document.change(request) as document:
            revision = DocumentRevision.written(document, request)
            document.take(revision)
            revision.enter()
        return revision.message()

    def SubmitDocument(self, request: Any, context: Any) -> Any:
        """To be read."""
        with Document.change(request) as document:
            document.submit(request.reason)
        return document.message()

    def ApproveDocument(self, request: Any, context: Any) -> Any:
        """May go out."""
        with Document.change(request) as document:
            document.approve(request.reason)
        return document.message()

    def RejectDocument(self, request: Any, context: Any) -> Any:
        """To be written again."""
        with Document.change(request) as document:
            document.reject(request.reason)
        return document.message()

    def SendDocument(self, request: Any, context: Any) -> Any:
        """Went out."""
        with Document.change(request) as document:
            document.send(request.reason)
        return document.message()

    def SignDocument(self, request: Any, context: Any) -> Any:
        """Is signed."""
        with Document.change(request) as document:
            document.sign(request)
        return document.message()

    def ReopenDocument(self, request: Any, context: Any) -> Any:
        """A draft again."""
        with Document.change(request) as document:
            document.reopen(request.reason)
        return document.message()

    def CompareDocument(self, request: Any, context: Any) -> Any:
        """What two revisions have different."""
        document = Document.find(request.id)
        base = DocumentRevision.numbered(document, request.base_revision)
        return DocumentRevision.numbered(document, request.revision).compared_with(base)

    def ListDocumentRevisions(self, request: Any, context: Any) -> Any:
        """The revisions of a document, newest first."""
        answer = document_pb2.ListDocumentRevisionsResponse
        return DocumentRevision.page_of("document_id", Document.find(request.id).id, request, answer)

    def DownloadDocumentRevision(self, request: Any, context: Any) -> Any:
        """The bytes of a revision."""
        revision = DocumentRevision.find(request.id)
        return bytes_of(revision.file(), context, revision.file_name)

    def ListAnnotations(self, request: Any, context: Any) -> Any:
        """What was said about a document, oldest first."""
        answer = annotation_pb2.ListAnnotationsResponse
        return Annotation.page_of("document_id", Document.find(request.id).id, request, answer, order="id")

    def ReplyAnnotation(self, request: Any, context: Any) -> Any:
        """An answer."""
        with Annotation.change(request) as annotation:
            annotation.reply(request.text)
        return annotation.message()

    def ResolveAnnotation(self, request: Any, context: Any) -> Any:
        """Dealt with."""
        with Annotation.change(request) as annotation:
            annotation.resolve()
        return annotation.message()

    def ReopenAnnotation(self, request: Any, context: Any) -> Any:
        """Not dealt with."""
        with Annotation.change(request) as annotation:
            annotation.reopen()
        return annotation.message()

    def ListShareLinks(self, request: Any, context: Any) -> Any:
        """The share links of a document, newest first."""
        answer = share_link_pb2.ListShareLinksResponse
        return ShareLink.page_of("document_id", Document.find(request.id).id, request, answer)

    def CreateShareLink(self, request: Any, context: Any) -> Any:
        """An address, answered once."""
        given = request.share_link
        return ShareLink.create(given, has_password=bool(given.password)).handed_out(given.password)

    def RevokeShareLink(self, request: Any, context: Any) -> Any:
        """Nobody comes in any more."""
        with ShareLink.change(request) as link:
            link.revoke()
        return link.message()

    def ListDocumentViews(self, request: Any, context: Any) -> Any:
        """Who came by a share link, newest first."""
        answer = share_link_pb2.ListDocumentViewsResponse
        return DocumentView.page_of("share_link_id", ShareLink.find(request.id).id, request, answer)

    def OpenShare(self, request: Any, context: Any) -> Any:
        """What a visitor learns before anything is asked."""
        with let_in(request.token) as link:
            return link.opened(request.visit)

    def FetchShare(self, request: Any, context: Any) -> Any:
        """The file, for a visitor."""
        with let_in(request.token, request.password) as link:
            revision = link.view(FETCHED, request.visit)
            return bytes_of(revision.file(), context, revision.file_name)
