"""The columns of address books: where those of Outlook and Google go in a contact, and why others are left out."""

from collections.abc import Iterator


def _outlook() -> Iterator[tuple[str, str]]:
    yield from {
        "Title": "honorific", "First Name": "given_name", "Middle Name": "middle_name", "Last Name": "family_name",
        "Suffix": "suffix", "Gender": "gender", "Company": "account.name", "Department": "department",
        "Job Title": "job_title", "Birthday": "birth_date", "Categories": "tags", "Language": "language_code",
        "Notes": "description", "E-mail Address": "emails[1].address", "E-mail 2 Address": "emails[2].address",
        "E-mail 3 Address": "emails[3].address", "Business Phone": "phones[work].number",
        "Business Phone 2": "phones[work 2].number", "Home Phone": "phones[home].number",
        "Home Phone 2": "phones[home 2].number", "Mobile Phone": "phones[mobile].number", "Other Phone": "phones[other].number",
        "Car Phone": "phones[car].number", "Company Main Phone": "phones[main].number", "Pager": "phones[pager].number",
        "Business Fax": "phones[work fax].number", "Home Fax": "phones[home fax].number", "Other Fax": "phones[other fax].number",
        "Web Page": "websites[1].url",
    }.items()  # fmt: skip
    for place, label in (("Business", "work"), ("Home", "home"), ("Other", "other")):
        parts = {
            "Street": "lines", "Street 2": "lines", "Street 3": "lines", "Address PO Box": "lines", "City": "locality",
            "State": "region", "Postal Code": "postal_code", "Country/Region": "country_code",
        }  # fmt: skip
        for part, field in parts.items():
            yield f"{place} {part}", f"addresses[{label}].{field}"


OUTLOOK = dict(_outlook())
GOOGLE = {
    "Given Name": "given_name", "Additional Name": "middle_name", "Family Name": "family_name",
    "Given Name Yomi": "phonetic_given_name", "Family Name Yomi": "phonetic_family_name", "Name Prefix": "honorific",
    "Name Suffix": "suffix", "Nickname": "nickname", "Gender": "gender", "Birthday": "birth_date", "Occupation": "job_title",
    "Notes": "description", "Group Membership": "tags", "E-mail 1 - Type": "emails[1].type",
    "E-mail 1 - Value": "emails[1].address", "Phone 1 - Type": "phones[1].type", "Phone 1 - Value": "phones[1].number",
    "Phone 2 - Type": "phones[2].type", "Phone 2 - Value": "phones[2].number", "Address 1 - Type": "addresses[1].type",
    "Address 1 - Street": "addresses[1].lines", "Address 1 - PO Box": "addresses[1].lines",
    "Address 1 - Extended Address": "addresses[1].lines", "Address 1 - City": "addresses[1].locality",
    "Address 1 - Region": "addresses[1].region", "Address 1 - Postal Code": "addresses[1].postal_code",
    "Address 1 - Country": "addresses[1].country_code", "Website 1 - Type": "websites[1].type",
    "Website 1 - Value": "websites[1].url",
}  # fmt: skip

_REASONS = {
    "a contact has no such field: it comes in where the tenant makes one of this name": (
        "Account", "Anniversary", "Billing Information", "Children", "Government ID Number", "Hobby", "Initials", "Keywords",
        "Location", "Maiden Name", "Office Location", "Organizational ID Number", "Profession", "Referred By", "Short Name",
        "Spouse", "User 1", "User 2", "User 3", "User 4", "Yomi Name",
        "Additional Name Yomi",
    ),
    "it is about somebody else": ("Assistant's Name", "Assistant's Phone", "Manager's Name"),
    "no telephone of a kind that reaches a person, or one that stands in another column": (
        "Callback", "ISDN", "Primary Phone", "Radio Phone", "TTY/TDD Phone", "Telex",
    ),
    "it says how the program sends and shows mail": tuple(
        f"E-mail{number} {part}" for number in ("", " 2", " 3") for part in ("Type", "Display Name")
    ),
    "it is of the program's own": (
        "Directory Server", "Internet Free Busy", "Mileage", "Priority", "Private", "Sensitivity", "Subject",
    ),
    "its parts stand in columns of their own": ("Name", "Address 1 - Formatted"),
}  # fmt: skip
LEFT_OUT = {header: reason for reason, headers in _REASONS.items() for header in headers}
